"""Publish versions of the rules, cache the live one, replay old ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from accounts.audit.recording import compare_values, record_change
from accounts.models import AuditVerb, Department, User
from postgres.locks import AdvisoryLock, take_lock
from routing.facts import Decision, Facts
from routing.live_version import CompiledVersions, LiveVersion
from routing.models import RuleSetVersion
from routing.refusals import RuleSetError
from routing.rules.engine import CompiledRules, compile_rules, decide
from routing.rules.findings import blocking_findings
from routing.rules.starter import starter_rules, starter_word_lists
from routing.rules.store import build_rules_snapshot, read_word_lists, replace_rules
from routing.rules.vocabulary import load_vocabulary

#: Most versions cached in compiled form: the live one and those that are replayed.
MAX_COMPILED_VERSIONS = 5

#: Called in the publishing transaction, with the version and the snapshot that was live before (None for the first).
rules_published_callbacks: list[Callable[[RuleSetVersion, dict[str, Any] | None], None]] = []


def lock_rule_editing() -> None:
    """Wait for other editors and lock them out until the transaction ends."""
    take_lock(AdvisoryLock.RULES)


@contextmanager
def publishing_rules(by: User | None, note: str, now: dt.datetime) -> Iterator[None]:
    """Publish the rules changed inside as one version, or change nothing.

    Other editors have to wait meanwhile, so read the rules inside. Raises the errors of `publish_rules`.
    """
    with transaction.atomic():
        lock_rule_editing()
        yield
        publish_rules(by, note, now)


def publish_rules(by: User | None, note: str, now: dt.datetime) -> RuleSetVersion | None:
    """Publish the current rules as a new version, live at once.

    Returns None when nothing has changed. Raises `RuleSetError` when something is wrong with the rules
    (`routing.rules.findings`): no default, a bad condition, or a rule that is switched on and leads to a closed
    department.
    """
    with transaction.atomic():
        lock_rule_editing()
        content = build_rules_snapshot()
        latest = RuleSetVersion.objects.first()
        if latest is not None and latest.snapshot == content:
            return None
        require_valid_rules(content)
        number = latest.number + 1 if latest else 1
        compile_rules({**content, "version": number})
        version = RuleSetVersion.objects.create(
            number=number, snapshot=content, note=note[:200], created_at=now, created_by=by
        )
        record_change(
            AuditVerb.RULES_PUBLISHED,
            version.note or "no note",
            compare_values({"Version": latest and latest.number}, {"Version": version.number}),
            by=by,
        )
        for callback in rules_published_callbacks:
            callback(version, latest.snapshot if latest else None)
    clear_rules_cache()
    return version


def require_valid_rules(content: Mapping[str, Any]) -> None:
    """Check a snapshot for problems that block publishing.

    Raises `RuleSetError` with the first problem and the name of its rule.
    """
    names = {rule["key"]: rule["name"] for rule in content["rules"]}
    for error in blocking_findings(content, load_vocabulary()):
        raise RuleSetError(f"Rule “{names[error.rule]}”: {error.text}" if error.rule else error.text)


def publish_if_calendars_changed(by: User | None, note: str, now: dt.datetime) -> RuleSetVersion | None:
    """Publish a version if business hours that the rules use changed.

    Call it in the transaction that changed them.
    """
    latest = RuleSetVersion.objects.first()
    return publish_rules(by, note, now) if latest is not None and latest.snapshot.get("calendars") else None


def live_rules() -> CompiledRules:
    """Return the rules that decide now; at most one small statement.

    They are at most `LIVE_VERSION_MAX_AGE` seconds old. Raises `RuleSetError` when no version was ever published.
    """
    return _live_rules.get()


def clear_rules_cache() -> None:
    """Make this process read the live version again at its next use."""
    _live_rules.clear()
    _compiled_rules.clear()


def _read_live_rules() -> CompiledRules:
    newest = RuleSetVersion.objects.order_by("-number").values_list("pk", flat=True).first()
    if newest is None:
        raise RuleSetError("There are no rules yet: install the starter rules or publish rules of your own.")
    return _compiled_rules.get(newest)


def _compile_version(pk: int) -> CompiledRules:
    version = RuleSetVersion.objects.get(pk=pk)
    return compile_rules({**version.snapshot, "version": version.number})


_compiled_rules = CompiledVersions(_compile_version, MAX_COMPILED_VERSIONS)
_live_rules = LiveVersion(_read_live_rules)


def compiled_version(number: int) -> CompiledRules:
    """Return version `number` compiled, for replay. Raises `RuleSetVersion.DoesNotExist`."""
    return _compiled_rules.get(RuleSetVersion.objects.values_list("pk", flat=True).get(number=number))


def replay_decision(facts: Facts, number: int) -> Decision:
    """Decide about these facts by version `number` of the rules.

    Raises `RuleSetVersion.DoesNotExist`.
    """
    return decide(facts, compiled_version(number))


def install_starter_rules(
    departments_by_slug: Mapping[str, Department], default_slug: str, now: dt.datetime, by: User | None = None
) -> RuleSetVersion | None:
    """Replace all rules by the starter rules and publish them.

    Rules whose department is not in `departments_by_slug` are left out, and rules of closed departments are switched
    off. `default_slug` is the department of messages that no rule matches. Raises `KeyError` when it is not among the
    departments.
    """
    default = departments_by_slug[default_slug]
    rules = [
        rule | {"enabled": rule.get("enabled", True) and departments_by_slug[rule["department"]].is_open}
        for rule in starter_rules()
        if rule["department"] in departments_by_slug
    ]
    with publishing_rules(by, "Starter rules", now):
        replace_rules(
            {
                "default": {"department": default.slug},
                "rules": rules,
                "word_lists": read_word_lists() | starter_word_lists(),
            }
        )
    return RuleSetVersion.objects.first()


def restorable_content(number: int) -> dict[str, Any]:
    """Return the content of version `number`, adapted to be restored now.

    Rules that lead to a closed department are switched off. A version from before there were word lists has none of them;
    the present ones then stay. Raises `RuleSetVersion.DoesNotExist`, and `RuleSetError`
    when a department of that version is gone.
    """
    old = RuleSetVersion.objects.get(number=number).snapshot
    departments = {department.slug: department for department in Department.objects.all()}
    gone = {each["department"] for each in (*old["rules"], old["default"])} - departments.keys()
    if gone:
        raise RuleSetError(f"Version {number} uses the department “{min(gone)}”, which is gone.")
    rules = [
        rule | {"enabled": rule.get("enabled", True) and departments[rule["department"]].is_open}
        for rule in old["rules"]
    ]
    word_lists = {"word_lists": old["word_lists"]} if "word_lists" in old else {}
    return {"default": old["default"], "rules": rules, **word_lists}
