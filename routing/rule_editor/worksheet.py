"""The rules as one person has them before them: their draft while there is one, else what is live."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from accounts.models import Department, User
from routing.models import Rule, RuleDraft
from routing.rules.drafts import find_rule_draft
from routing.rules.findings import Finding, Vocabulary, check_rules
from routing.rules.names import load_display_names
from routing.rules.scope import RuleScope as Scope
from routing.rules.scope import rule_scope_of
from routing.rules.store import build_rules, build_rules_snapshot
from routing.rules.vocabulary import load_vocabulary

JsonDict = dict[str, Any]


@dataclass
class Worksheet:
    """`scope` says which of the rules the person may change."""

    user: User
    scope: Scope
    draft: RuleDraft | None

    @property
    def may_edit(self) -> bool:
        """Whether the person may change any rule at all."""
        return not self.scope.is_empty

    def may_edit_rule(self, rule: Rule) -> bool:
        """Whether the person may change the rule."""
        return self.scope.covers_rule({"department": rule.department.slug, "condition": rule.condition})

    @property
    def may_edit_default(self) -> bool:
        """Whether the person may say where messages go when no rule holds."""
        default = self.content["default"]
        return (
            self.may_edit
            and not self.scope.is_by_account
            and (default is None or self.scope.covers(default["department"]))
        )

    @cached_property
    def content(self) -> JsonDict:
        """The snapshot that is worked on."""
        return self.draft.content if self.draft else build_rules_snapshot()

    @cached_property
    def rules(self) -> list[Rule]:
        """In order, with their departments; not to be saved."""
        return build_rules(self.content)

    def find_editable_rule(self, key: str) -> Rule | None:
        """The rule with this key, None when it is gone or not the person's to change."""
        for rule in self.rules:
            if str(rule.key) == key and self.may_edit_rule(rule):
                return rule
        return None

    @cached_property
    def names(self) -> dict[str, str]:
        """What rules name, as `routing.conditions.wording` asks for it."""
        return load_display_names()

    def department_slug(self, department_id: str) -> str:
        """The slug of the department with this primary key, "" when there is none."""
        if not department_id.isdecimal() or len(department_id) > 9:
            return ""
        slugs = Department.objects.filter(pk=int(department_id)).values_list("slug", flat=True)
        return slugs.first() or ""

    def findings(self) -> list[Finding]:
        """What is wrong or odd about the rules; worked out once as long as nothing changes."""
        return list(_cached_findings(json.dumps(self.content), _vocabulary_to_json(load_vocabulary())))


def load_worksheet(user: User) -> Worksheet:
    """What the person works on."""
    scope = rule_scope_of(user)
    desk = Worksheet(user, scope, None)
    if desk.may_edit:
        desk.draft = find_rule_draft(user)
    return desk


def rule_fingerprint(rule: JsonDict) -> str:
    """A short sign of a rule's content: another one when it was changed."""
    return hashlib.sha256(json.dumps(rule, sort_keys=True).encode()).hexdigest()[:16]


def _vocabulary_to_json(said: Vocabulary) -> str:
    return json.dumps(
        [
            dict(said.departments),
            {name: sorted(slugs) for name, slugs in (said.people or {}).items()},
            *(
                None if names is None else sorted(names)
                for names in (said.skills, said.branches, said.calendars)
            ),
            dict(said.names),
        ]
    )


@lru_cache(maxsize=8)
def _cached_findings(content: str, names: str) -> tuple[Finding, ...]:
    departments, people, skills, branches, calendars, called = json.loads(names)
    return tuple(
        check_rules(
            json.loads(content),
            Vocabulary(
                {slug: (name, is_open) for slug, (name, is_open) in departments.items()},
                people, skills, branches, calendars, called,
            ),
        )
    )  # fmt: skip
