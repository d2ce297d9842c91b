"""Whose rules a person may change: administrators all, managers those of their departments, community managers those that
can hold for messages of their brand accounts alone (docs/permissions.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from accounts.access import viewer
from accounts.models import BrandAccount, Role, User
from routing.conditions import brand_accounts as reach
from routing.refusals import NotYours, RuleSetError
from routing.rules import precedence
from routing.rules.edits import rule_in, without_names
from routing.rules.names import account_names
from routing.scope import Scope, scope_of

Plain = dict[str, Any]


class NotAbove(RuleSetError):
    """The edit puts a rule above those of other departments, which only an administrator may; nothing was changed."""


class TooWide(RuleSetError):
    """A rule of the edit could take messages of brand accounts that are not the person's; nothing was changed."""


@dataclass(frozen=True, slots=True)
class RuleScope(Scope):
    """Which rules one person may change: those of their departments, or, for a community manager, those kept to their
    `brand_accounts` ("network:remote id"). `names` are those of all brand accounts then."""

    brand_accounts: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing that the person may change."""
        return self.departments is not None and not self.departments and not self.brand_accounts

    @property
    def is_by_account(self) -> bool:
        """Whether it is the brand accounts that say which rules the person may change."""
        return bool(self.brand_accounts)

    def covers_rule(self, rule: Plain) -> bool:
        """Whether a rule of a snapshot may be changed: where it leads to, or whose messages it takes, is the person's."""
        if self.covers(rule["department"]):
            return True
        return self.is_by_account and reach.keeps_to(rule["condition"], self.brand_accounts)

    def width(self, condition: Plain) -> str:
        """Why a valid condition is too wide for the person's rules, and what to do, as sentences; "" when it is not."""
        if not self.is_by_account:
            return ""
        return reach.too_wide(condition, self.brand_accounts, self.names)

    def require_rule(self, rule: Plain) -> None:
        """Raises `NotYours` where `covers_rule` says no."""
        if not self.covers_rule(rule):
            raise self._not_mine(rule)

    def _not_mine(self, rule: Plain) -> NotYours:
        whose = "brand accounts" if self.is_by_account else "a department"
        are = "are" if self.is_by_account else "is"
        return NotYours(f"“{rule['name']}” is a rule of {whose} that {are} not yours.")

    def refuse(self, before: Plain, after: Plain, live: Plain | None = None) -> None:
        """Raises `NotYours`, `TooWide` or `NotAbove` when the change from one snapshot to another is not the person's.

        `live` is what decides now, where the change is one of a draft: what is first there may be first again.
        """
        if (error := self._refusal(before, after, live)) is not None:
            raise error

    def may_change(self, before: Plain, after: Plain) -> bool:
        """Whether `refuse` lets the change pass."""
        return self._refusal(before, after) is None

    def _refusal(self, before: Plain, after: Plain, live: Plain | None = None) -> RuleSetError | None:
        """A rule may be changed by those whose it is before and after, and the order of the others among themselves must
        stay. Kept to brand accounts it may stand anywhere: it takes their messages only (docs/decisions/0019)."""
        if self.departments is None:
            return None
        return (
            self._changed(before, after)
            or self._others(before, after)
            or self._not_above(before, after, live)
        )

    def _changed(self, before: Plain, after: Plain) -> RuleSetError | None:
        """What is wrong with a rule that is changed, new or gone."""
        old, new = (
            {rule["key"]: rule for rule in without_names(content)["rules"]} for content in (before, after)
        )
        for key in dict.fromkeys([*old, *new]):
            was, now = old.get(key), new.get(key)
            if was == now:
                continue
            if was is not None and not self.covers_rule(was):
                return self._not_mine(was)
            if now is not None and not self.covers_rule(now):
                if said := self.width(now["condition"]):
                    return TooWide(f"“{now['name']}” is not kept to your brand accounts. {said}")
                return self._not_mine(now)
        return None

    def _others(self, before: Plain, after: Plain) -> NotYours | None:
        """What is wrong with the default, or with the order of others' rules."""
        slugs = [content["default"] and content["default"]["department"] for content in (before, after)]
        if slugs[0] != slugs[1] and not all(slug is None or self.covers(slug) for slug in slugs):
            return NotYours("The default is not yours to change: it leads to a department that is not yours.")
        others = [
            [rule["key"] for rule in content["rules"] if not self.covers_rule(rule)]
            for content in (before, after)
        ]
        return (
            None if others[0] == others[1] else NotYours("The order of others’ rules is not yours to change.")
        )

    def _not_above(self, before: Plain, after: Plain, live: Plain | None) -> NotAbove | None:
        passed = precedence.overtaken(before, after, self.covers, live)
        if passed is not None:
            mine, other = (rule_in(after, key) for key in passed)
            return NotAbove(
                f"“{mine['name']}” may not come before “{other['name']}”, a rule of "
                f"{other.get('department_name') or other['department']}: it would take its messages. Ask an administrator "
                "to move it up."
            )
        widened = precedence.widened(before, after, self.covers)
        if widened is None:
            return None
        mine, other = (rule_in(after, key) for key in widened)
        return NotAbove(
            f"“{mine['name']}” comes before “{other['name']}”, a rule of "
            f"{other.get('department_name') or other['department']}, because it is kept to some brand accounts. Leave it "
            "kept to them, or move it down first."
        )


def rule_scope_of(user: User | None) -> RuleScope:
    """Which rules the user may change: as `scope_of`, and for community managers those of their brand accounts."""
    if user is None or user.role != Role.COMMUNITY or not viewer(user).may("edit_rules"):
        return RuleScope(scope_of(user).departments)
    granted = BrandAccount.objects.filter(pk__in=viewer(user).brand_account_ids)
    own = frozenset(
        f"{network}:{remote_id}" for network, remote_id in granted.values_list("network", "remote_id")
    )
    return RuleScope(frozenset(), own, account_names())
