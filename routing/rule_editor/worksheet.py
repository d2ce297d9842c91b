"""The rules that one user works on, in a draft or live."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from accounts.models import Department, User
from routing.conditions.word_lists import word_list_names
from routing.models import Rule, RuleDraft, RuleSetVersion
from routing.rules.drafts import find_rule_draft
from routing.rules.edits import get_rule_by_key
from routing.rules.findings import Finding, Vocabulary, check_rules
from routing.rules.names import load_display_names
from routing.rules.scope import RuleScope, rule_scope_of
from routing.rules.store import build_rules, build_rules_snapshot
from routing.rules.vocabulary import load_vocabulary

JsonDict = dict[str, Any]


@dataclass
class Worksheet:
    """The rules that `user` works on: their draft or the live rules.

    `scope` says which of them the user may change.
    """

    user: User
    scope: RuleScope
    draft: RuleDraft | None

    @property
    def may_edit(self) -> bool:
        """True when the user may change any rule at all."""
        return not self.scope.is_empty

    def may_edit_rule(self, rule: Rule) -> bool:
        """Return True when the user may change the rule."""
        return self.scope.covers_rule({"department": rule.department.slug, "condition": rule.condition})

    @property
    def may_edit_default(self) -> bool:
        """True when the user may change the default department."""
        default = self.content["default"]
        return (
            self.may_edit
            and not self.scope.is_by_account
            and (default is None or self.scope.covers(default["department"]))
        )

    @cached_property
    def content(self) -> JsonDict:
        """Snapshot of the draft, or of the live rules."""
        return self.draft.content if self.draft else build_rules_snapshot()

    @cached_property
    def rules(self) -> list[Rule]:
        """The rules as model instances, in order, with departments. Do not save them."""
        return build_rules(self.content)

    def find_editable_rule(self, key: str) -> Rule | None:
        """Return the rule, None when it is gone or out of scope."""
        for rule in self.rules:
            if str(rule.key) == key and self.may_edit_rule(rule):
                return rule
        return None

    def rule_fingerprint(self, rule: Rule) -> str:
        """Return 16 characters that change with the content of the rule."""
        content = json.dumps(get_rule_by_key(self.content, str(rule.key)), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    @cached_property
    def names(self) -> dict[str, str]:
        """Display names of what rules refer to, keyed for `routing.conditions.wording`."""
        return load_display_names() | word_list_names(self.word_lists)

    @property
    def word_lists(self) -> dict[str, JsonDict]:
        """The word lists of the draft, or the live ones, by key."""
        lists: dict[str, JsonDict] = self.content.get("word_lists", {})
        return lists

    def department_slug(self, department_id: str) -> str:
        """Return the slug of the department, "" when there is none."""
        if not department_id.isdecimal() or len(department_id) > 9:
            return ""
        slugs = Department.objects.filter(pk=int(department_id)).values_list("slug", flat=True)
        return slugs.first() or ""

    def findings(self) -> list[Finding]:
        """Return the problems and oddities of the rules.

        They are computed only once while nothing changes.
        """
        return list(_cached_findings(json.dumps(self.content), _vocabulary_to_json(load_vocabulary())))


def load_worksheet(user: User) -> Worksheet:
    """Return the worksheet of a user: their draft, else the live rules.

    Users who may not edit rules get the live ones, with an empty scope.
    """
    worksheet = Worksheet(user, rule_scope_of(user), None)
    if worksheet.may_edit:
        worksheet.draft = find_rule_draft(user)
    return worksheet


def live_version_number() -> int:
    """Return the number of the live version, 0 before the first. One statement."""
    return RuleSetVersion.objects.values_list("number", flat=True).first() or 0


def _vocabulary_to_json(vocabulary: Vocabulary) -> str:
    return json.dumps(
        [
            dict(vocabulary.departments),
            {name: sorted(slugs) for name, slugs in (vocabulary.people or {}).items()},
            *(
                None if names is None else sorted(names)
                for names in (vocabulary.skills, vocabulary.branches, vocabulary.calendars)
            ),
            dict(vocabulary.names),
        ]
    )


@lru_cache(maxsize=8)
def _cached_findings(content: str, vocabulary: str) -> tuple[Finding, ...]:
    departments, people, skills, branches, calendars, names = json.loads(vocabulary)
    return tuple(
        check_rules(
            json.loads(content),
            Vocabulary(
                {slug: (name, is_open) for slug, (name, is_open) in departments.items()},
                people, skills, branches, calendars, names,
            ),
        )
    )  # fmt: skip
