"""The sunset of a brand account, one step after another. Each can be taken back until access is revoked.

The steps work on what there is: `answers_until` closes the composer, paused streams stop fetching, and disconnecting
ends it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime

from accounts.access import viewer
from accounts.audit.recording import record_change
from accounts.brand_accounts.connecting import disconnect_brand_account
from accounts.models import (
    AuditVerb,
    BrandAccount,
    Lifecycle,
    Sunset,
    SunsetAct,
    SunsetEvent,
    SunsetStep,
    User,
)
from wording.times import short_date_with_year, to_display_zone

#: How long an account listens before it is archived.
LISTEN_FOR = dt.timedelta(days=30)
#: Each returns how many cases of an account are open. Other apps add theirs in `AppConfig.ready`.
OpenCasesHook = Callable[[BrandAccount], int]
open_cases_hooks: list[OpenCasesHook] = []


class SunsetRefused(Exception):
    """The step was not taken; nothing was changed. The message is for a person."""


def count_open_cases(brand_account: BrandAccount) -> int:
    """Return how many cases of a brand account are open.

    Whoever may read them.
    """
    return sum(count(brand_account) for count in open_cases_hooks)


@transaction.atomic
def begin_sunset(brand_account: BrandAccount, *, by: User, now: dt.datetime) -> Sunset:
    """Begin the sunset of a brand account; return the one under way if there is one.

    Raises `SunsetRefused` for an account that is not connected.
    """
    account = BrandAccount.objects.select_for_update(no_key=True).get(pk=brand_account.pk)
    if (current := find_sunset(account)) is not None:
        return current
    if account.lifecycle == Lifecycle.CLOSED:
        raise SunsetRefused(f"{account} is no longer connected: there is nothing to sunset.")
    before = {"lifecycle": account.lifecycle}
    BrandAccount.objects.filter(pk=account.pk).update(lifecycle=Lifecycle.SUNSETTING)
    sunset = Sunset.objects.create(brand_account=account, begun_at=now)
    _record(sunset, SunsetAct.BEGUN, AuditVerb.SUNSET_BEGUN, by=by, now=now, before=before)
    return sunset


def find_sunset(brand_account: BrandAccount) -> Sunset | None:
    """Return the sunset under way, None if there is none. One statement."""
    return Sunset.objects.filter(brand_account=brand_account, ended_at__isnull=True).first()


@transaction.atomic
def complete_step(
    sunset: Sunset, step: SunsetStep, *, note: str = "", moved_to: str = "", by: User, now: dt.datetime
) -> Sunset:
    """Complete the step that is next.

    Raises `SunsetRefused` when it is not next, or when something has to be done before.
    """
    sunset = _lock(sunset, step)
    account = sunset.brand_account
    if step == SunsetStep.REVOKE:
        raise SunsetRefused("Access is revoked with two signatures.")
    changed: dict[str, Any] = {}
    if step == SunsetStep.REDIRECT:
        changed = _redirect(account, moved_to)
    elif step == SunsetStep.DRAIN:
        changed = _drain(account)
    elif step == SunsetStep.LISTEN:
        changed = _listen(account, now)
    elif step == SunsetStep.ARCHIVE:
        changed = _archive(sunset, note, now)
    sunset.step = SunsetStep(step + 1)
    sunset.save(update_fields=["step"])
    note = moved_to if step == SunsetStep.REDIRECT else note
    _record(
        sunset, SunsetAct.DONE, AuditVerb.SUNSET_STEP_DONE,
        step=step, note=note, before=changed, by=by, now=now,
    )  # fmt: skip
    return sunset


def _redirect(account: BrandAccount, moved_to: str) -> dict[str, Any]:
    before = {"moved_to": account.moved_to}
    BrandAccount.objects.filter(pk=account.pk).update(moved_to=moved_to)
    return before


def _drain(account: BrandAccount) -> dict[str, Any]:
    if open_cases := count_open_cases(account):
        noun = "case is" if open_cases == 1 else "cases are"
        raise SunsetRefused(
            f"{open_cases:,} {noun} still open. Answer, hand over or dismiss each first; then come back here."
        )
    return {}


def _listen(account: BrandAccount, now: dt.datetime) -> dict[str, Any]:
    _drain(account)
    until = account.answers_until
    BrandAccount.objects.filter(pk=account.pk).update(answers_until=now)
    return {"answers_until": until.isoformat() if until else None}


def _archive(sunset: Sunset, note: str, now: dt.datetime) -> dict[str, Any]:
    account = sunset.brand_account
    _drain(account)
    earliest = archive_from(sunset)
    if earliest is not None and now < earliest and not note.strip():
        day = short_date_with_year(to_display_zone(earliest).date())
        raise SunsetRefused(f"It listens until {day}. To stop fetching before, say why.")
    enabled = list(account.streams.filter(enabled=True).order_by("kind").values_list("kind", flat=True))
    account.streams.update(enabled=False)
    return {"streams": enabled}


def archive_from(sunset: Sunset) -> dt.datetime | None:
    """Return when listening has lasted long enough; None before it began. One statement."""
    listens = sunset.events.filter(act=SunsetAct.DONE, step=SunsetStep.LISTEN).order_by("-at").first()
    if listens is None or sunset.step <= SunsetStep.LISTEN:
        return None
    return listens.at + LISTEN_FOR


@transaction.atomic
def take_step_back(sunset: Sunset, step: SunsetStep, *, by: User, now: dt.datetime) -> Sunset:
    """Take back the last step, with what it changed.

    Raises `SunsetRefused` when another step was the last.
    """
    if step == SunsetStep.REVOKE:
        raise SunsetRefused("Access that was revoked can’t be taken back: connect the account again.")
    sunset = _lock(sunset, SunsetStep(step + 1))
    _put_back(sunset, step, now)
    sunset.step = step
    sunset.first_signer_id, sunset.first_signer_name, sunset.first_signed_at = None, "", None
    sunset.save(update_fields=["step", "first_signer_id", "first_signer_name", "first_signed_at"])
    _record(sunset, SunsetAct.UNDONE, AuditVerb.SUNSET_STEP_UNDONE, step=step, by=by, now=now)
    return sunset


def _put_back(sunset: Sunset, step: SunsetStep, now: dt.datetime) -> None:
    """Restore the values from before the latest completion of a step."""
    event = sunset.events.filter(act=SunsetAct.DONE, step=step).order_by("-at", "-pk").first()
    before = event.before if event is not None else {}
    account = sunset.brand_account
    changed: dict[str, Any] = {}
    if "moved_to" in before:
        changed["moved_to"] = before["moved_to"]
    if "answers_until" in before:
        text = before["answers_until"]
        changed["answers_until"] = parse_datetime(text) if text else None
    if changed:
        BrandAccount.objects.filter(pk=account.pk).update(**changed)
    if before.get("streams"):
        account.streams.filter(kind__in=before["streams"]).update(enabled=True, next_poll_at=now, failures=0)


@transaction.atomic
def stop_sunset(sunset: Sunset, *, note: str = "", by: User, now: dt.datetime) -> None:
    """Stop a sunset; put everything back as it was before."""
    sunset = _lock(sunset, None)
    account = sunset.brand_account
    for step in reversed([step for step in SunsetStep if step < sunset.step]):
        _put_back(sunset, step, now)
    begun = sunset.events.filter(act=SunsetAct.BEGUN).first()
    if account.lifecycle == Lifecycle.SUNSETTING:
        lifecycle = begun.before.get("lifecycle", Lifecycle.ACTIVE) if begun else Lifecycle.ACTIVE
        BrandAccount.objects.filter(pk=account.pk).update(lifecycle=lifecycle)
    sunset.ended_at = now
    sunset.save(update_fields=["ended_at"])
    _record(sunset, SunsetAct.STOPPED, AuditVerb.SUNSET_STOPPED, note=note, by=by, now=now)


@transaction.atomic
def sign_revocation(sunset: Sunset, *, by: User, now: dt.datetime) -> str:
    """Sign that access is revoked; the second signature revokes it.

    The second must be another person's, and an administrator's. Returns a sentence about what happened. Raises
    `SunsetRefused`.
    """
    sunset = _lock(sunset, SunsetStep.REVOKE)
    account = sunset.brand_account
    _drain(account)
    if sunset.first_signer_id is None:
        sunset.first_signer_id, sunset.first_signer_name, sunset.first_signed_at = by.pk, str(by), now
        sunset.save(update_fields=["first_signer_id", "first_signer_name", "first_signed_at"])
        _record(sunset, SunsetAct.SIGNED, AuditVerb.SUNSET_STEP_DONE, note="First signature", by=by, now=now)
        return "You signed first. An administrator other than you has to sign as well; until then nothing changes."
    if sunset.first_signer_id == by.pk:
        raise SunsetRefused("You signed already. The second signature has to be another person’s.")
    if not viewer(by).may("connect"):
        raise SunsetRefused("The second signature has to be an administrator’s.")
    returned = ""
    if account.lifecycle != Lifecycle.CLOSED:
        returned = disconnect_brand_account(account, by=by, now=now)
    sunset.ended_at = now
    sunset.save(update_fields=["ended_at"])
    _record(sunset, SunsetAct.DONE, AuditVerb.SUNSET_STEP_DONE, note="Second signature", by=by, now=now)
    return (
        f"Access is revoked: {account} is disconnected. Its messages and cases are kept. {returned}".strip()
    )


@transaction.atomic
def withdraw_signature(sunset: Sunset, *, by: User, now: dt.datetime) -> None:
    """Take the first signature for revoking back."""
    sunset = _lock(sunset, SunsetStep.REVOKE)
    if sunset.first_signer_id is None:
        return
    sunset.first_signer_id, sunset.first_signer_name, sunset.first_signed_at = None, "", None
    sunset.save(update_fields=["first_signer_id", "first_signer_name", "first_signed_at"])
    _record(sunset, SunsetAct.WITHDRAWN, AuditVerb.SUNSET_STEP_UNDONE, by=by, now=now)


def _lock(sunset: Sunset, step: SunsetStep | None) -> Sunset:
    """Lock a sunset and its account.

    Raises `SunsetRefused` when it has ended, or when `step` is not next.
    """
    account = BrandAccount.objects.select_for_update(no_key=True).get(pk=sunset.brand_account_id)
    sunset = Sunset.objects.select_for_update(no_key=True).get(pk=sunset.pk)
    sunset.brand_account = account
    if sunset.ended_at is not None:
        raise SunsetRefused("This sunset has ended already.")
    if step is not None and sunset.step != step:
        raise SunsetRefused(f"The step has changed: “{sunset.get_step_display()}” is next. Look again.")
    return sunset


def _record(
    sunset: Sunset,
    act: SunsetAct,
    verb: AuditVerb,
    *,
    by: User,
    now: dt.datetime,
    step: SunsetStep | None = None,
    note: str = "",
    before: dict[str, Any] | None = None,
) -> None:
    """Write an act into the sunset's history and into the audit log."""
    done = step or SunsetStep(sunset.step)
    SunsetEvent.objects.create(
        sunset=sunset,
        at=now,
        person_id=by.pk,
        person_name=str(by),
        step=done,
        act=act,
        note=note,
        before=before or {},
    )
    account = sunset.brand_account
    changes = [{"name": done.label, "from": "", "to": note or act.label}]
    record_change(verb, account, changes, by=by, department_ids=[account.owner_department_id])
