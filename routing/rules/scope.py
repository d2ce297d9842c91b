"""Rules that a person may change.

Administrators may change all rules, managers those of their departments, community managers those that only match
messages of their brand accounts (docs/permissions.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.access import viewer
from accounts.models import BrandAccount, Role, User
from routing.conditions.brand_accounts import explain_too_wide_condition, is_limited_to_accounts
from routing.refusals import EditNotPermitted, RuleSetError
from routing.rules import precedence
from routing.rules.edits import get_rule_by_key, without_department_names
from routing.rules.names import brand_account_names
from routing.rules.references import rules_using_list
from routing.scope import EditScope, edit_scope_of

JsonDict = dict[str, Any]


class MayNotOvertake(RuleSetError):
    """The edit puts a rule above those of other departments.

    Only an administrator may do that; nothing was changed.
    """


class ConditionTooWide(RuleSetError):
    """A rule in the edit could match messages of others' brand accounts.

    Nothing was changed.
    """


@dataclass(frozen=True, slots=True)
class RuleScope(EditScope):
    """The rules that one person may change.

    These are the rules of their departments or, for a community manager, the rules limited to their `brand_accounts`
    ("network:remote id"); `names` then holds the display names of all brand accounts.
    """

    brand_accounts: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def is_empty(self) -> bool:
        """True when the person may change nothing."""
        return self.departments is not None and not self.departments and not self.brand_accounts

    @property
    def is_by_account(self) -> bool:
        """True when brand accounts determine which rules the person may change."""
        return bool(self.brand_accounts)

    def covers_rule(self, rule: JsonDict) -> bool:
        """Return whether the person may change a rule of a snapshot.

        The rule must lead to one of their departments, or match only messages of their brand accounts.
        """
        if self.covers(rule["department"]):
            return True
        return self.is_by_account and is_limited_to_accounts(rule["condition"], self.brand_accounts)

    def explain_too_wide(self, condition: JsonDict) -> str:
        """Explain why a valid condition is too wide for this scope.

        Returns sentences that also say what to do; "" when the condition is not too wide.
        """
        if not self.is_by_account:
            return ""
        return explain_too_wide_condition(condition, self.brand_accounts, self.names)

    def require_rule(self, rule: JsonDict) -> None:
        """Check that the person may change the rule. Raises `EditNotPermitted`."""
        if not self.covers_rule(rule):
            raise self._not_permitted(rule)

    def _not_permitted(self, rule: JsonDict) -> EditNotPermitted:
        owner = "brand accounts" if self.is_by_account else "a department"
        are = "are" if self.is_by_account else "is"
        return EditNotPermitted(f"“{rule['name']}” is a rule of {owner} that {are} not yours.")

    def require_change(self, before: JsonDict, after: JsonDict, live: JsonDict | None = None) -> None:
        """Check that the person may change one snapshot into another.

        `live` is the live snapshot when the change is to a draft: a rule may precede every rule that it precedes
        there. Raises `EditNotPermitted`, `ConditionTooWide` or `MayNotOvertake`.
        """
        if (error := self._find_refusal(before, after, live)) is not None:
            raise error

    def may_change(self, before: JsonDict, after: JsonDict) -> bool:
        """Return whether `require_change` accepts the change."""
        return self._find_refusal(before, after) is None

    def _find_refusal(
        self, before: JsonDict, after: JsonDict, live: JsonDict | None = None
    ) -> RuleSetError | None:
        """Return the error that forbids the change, None when nothing does.

        A person may change a rule that is in their scope before and after the change; the order of the other rules
        among themselves must stay. A rule limited to brand accounts may be placed anywhere, because it matches only
        messages of these accounts (docs/decisions/0019).
        """
        if self.departments is None:
            return None
        return (
            self._check_changed_rules(before, after)
            or self._check_changed_lists(before, after)
            or self._check_others_rules(before, after)
            or self._check_precedence(before, after, live)
        )

    def _check_changed_rules(self, before: JsonDict, after: JsonDict) -> RuleSetError | None:
        """Check the changed, new and deleted rules."""
        old, new = (
            {rule["key"]: rule for rule in without_department_names(content)["rules"]}
            for content in (before, after)
        )
        for key in dict.fromkeys([*old, *new]):
            was, now = old.get(key), new.get(key)
            if was == now:
                continue
            if was is not None and not self.covers_rule(was):
                return self._not_permitted(was)
            if now is not None and not self.covers_rule(now):
                if explanation := self.explain_too_wide(now["condition"]):
                    return ConditionTooWide(
                        f"“{now['name']}” is not limited to your brand accounts. {explanation}"
                    )
                return self._not_permitted(now)
        return None

    def list_refusal(self, content: JsonDict, key: str) -> str:
        """Explain why the person may not change a word list.

        Returns "" when they may, which is when they may change every rule of the snapshot that uses it.
        """
        others = [rule for _, rule in rules_using_list(content, key) if not self.covers_rule(rule)]
        if self.departments is None or not others:
            return ""
        return f"The rule “{others[0]['name']}” uses it, which is not yours to change."

    def _check_changed_lists(self, before: JsonDict, after: JsonDict) -> EditNotPermitted | None:
        """Check the changed, new and deleted word lists. A snapshot without any leaves them as they are."""
        was: dict[str, JsonDict] = before.get("word_lists", {})
        now: dict[str, JsonDict] = after.get("word_lists", was)
        for key in [*was, *(key for key in now if key not in was)]:
            if was.get(key) == now.get(key):
                continue
            for content in (before, after):
                if refusal := self.list_refusal(content, key):
                    name = (now.get(key) or was[key])["name"]
                    return EditNotPermitted(f"The word list “{name}” is not yours to change. {refusal}")
        return None

    def _check_others_rules(self, before: JsonDict, after: JsonDict) -> EditNotPermitted | None:
        """Check the default and the order of others' rules."""
        slugs = [content["default"] and content["default"]["department"] for content in (before, after)]
        if slugs[0] != slugs[1] and not all(slug is None or self.covers(slug) for slug in slugs):
            return EditNotPermitted(
                "You cannot change the default: it leads to a department that is not yours."
            )
        others = [
            [rule["key"] for rule in content["rules"] if not self.covers_rule(rule)]
            for content in (before, after)
        ]
        return (
            None
            if others[0] == others[1]
            else EditNotPermitted("You cannot change the order of other departments’ rules.")
        )

    def _check_precedence(
        self, before: JsonDict, after: JsonDict, live: JsonDict | None
    ) -> MayNotOvertake | None:
        overtaken = precedence.find_overtaken_pair(before, after, self.covers, live)
        if overtaken is not None:
            own, other = (get_rule_by_key(after, key) for key in overtaken)
            return MayNotOvertake(
                f"“{own['name']}” may not come before “{other['name']}”, a rule of "
                f"{other.get('department_name') or other['department']}: it would take its messages. Ask an administrator "
                "to move it up."
            )
        vague = precedence.find_vague_pair(before, after, self.covers)
        if vague is not None:
            own, other = (get_rule_by_key(after, key) for key in vague)
            return MayNotOvertake(
                f"“{own['name']}” comes before “{other['name']}”, a rule of "
                f"{other.get('department_name') or other['department']}, because it names words or brand "
                "accounts. Keep one of them in it, or move it down first."
            )
        widened = precedence.find_widened_pair(before, after, self.covers)
        if widened is None:
            return None
        own, other = (get_rule_by_key(after, key) for key in widened)
        return MayNotOvertake(
            f"“{own['name']}” comes before “{other['name']}”, a rule of "
            f"{other.get('department_name') or other['department']}, because it is limited to some brand accounts. Keep "
            "it limited to them, or move it down first."
        )


def rule_scope_of(user: User | None) -> RuleScope:
    """Return the scope of the rules that a user may change.

    For community managers it is by brand account, for all others by department (`edit_scope_of`).
    """
    if user is None or user.role != Role.COMMUNITY or not viewer(user).may("edit_rules"):
        return RuleScope(edit_scope_of(user).departments)
    granted = BrandAccount.objects.filter(pk__in=viewer(user).brand_account_ids)
    own = frozenset(
        f"{network}:{remote_id}" for network, remote_id in granted.values_list("network", "remote_id")
    )
    return RuleScope(frozenset(), own, brand_account_names())
