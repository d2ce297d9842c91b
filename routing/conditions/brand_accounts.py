"""Find the brand accounts whose messages a condition can match. Pure.

Sound, not complete: a result is certain, None means that no limit could be proved.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from routing.conditions.wording import join_quoted, summarize_condition

ConditionTree = dict[str, Any]
#: Tells the author how to limit a rule to brand accounts.
_REMEDY = "Put “all of these match” around it, with a row “Brand account is” that names your own."


def brand_accounts_of_condition(tree: ConditionTree) -> frozenset[str] | None:
    """Return the brand accounts whose messages can match a valid condition.

    Each as "network:remote id"; None for any brand account.
    """
    if "field" in tree:
        return frozenset(tree["is"]) if tree["field"] == "brand_account" else None
    if "all" in tree:
        limits = [
            accounts for part in tree["all"] if (accounts := brand_accounts_of_condition(part)) is not None
        ]
        return frozenset.intersection(*limits) if limits else None
    if "any" in tree:
        limits = [
            accounts for part in tree["any"] if (accounts := brand_accounts_of_condition(part)) is not None
        ]
        return frozenset().union(*limits) if len(limits) == len(tree["any"]) else None
    return None


def is_limited_to_accounts(tree: ConditionTree, accounts: Collection[str]) -> bool:
    """Return True when a valid condition matches messages of these accounts only."""
    limit = brand_accounts_of_condition(tree)
    return limit is not None and limit <= frozenset(accounts)


def explain_too_wide_condition(
    tree: ConditionTree, accounts: Collection[str], names: Mapping[str, str]
) -> str:
    """Explain why a condition is too wide, and what to do.

    Returns sentences, or "" for a condition that is not too wide. A condition is too wide when it can match messages
    of other brand accounts than these. `names` as `routing.conditions.wording.describe_leaf` takes them.
    """
    if is_limited_to_accounts(tree, accounts):
        return ""
    limit = brand_accounts_of_condition(tree)
    if limit is not None:
        others, own = _sorted_names(limit - frozenset(accounts), names), _sorted_names(accounts, names)
        return (
            f"It would take messages of {join_quoted(others, 'and')}, not yours. "
            f"Leave in “Brand account is” only {join_quoted(own, 'or')}."
        )
    free = _unlimited_alternative(tree)
    if free is not None:
        summary = summarize_condition(free, names=names)
        return (
            f"{summary[:1].upper()}{summary[1:]} would be enough alone, whatever the brand account. Choose “all of these match”, or "
            "put that into such a group of its own, with a row “Brand account is” that names your own."
        )
    if "none" in tree:
        return f"A condition that only excludes things matches messages of every brand account. {_REMEDY}"
    return (
        "Nothing in it limits it to your brand accounts. Add a row “Brand account is” with your own, in the outermost group "
        "“all of these match”."
        if "all" in tree
        else f"It matches messages of every brand account. {_REMEDY}"
    )


def _sorted_names(accounts: Collection[str], names: Mapping[str, str]) -> list[str]:
    return sorted(names.get(f"brand_account {account}", account) for account in accounts)


def _unlimited_alternative(tree: ConditionTree) -> ConditionTree | None:
    """Return the first alternative that matches every brand account, else None.

    None, too, when no other alternative is limited to brand accounts.
    """
    while "all" in tree and len(tree["all"]) == 1:
        tree = tree["all"][0]
    parts: list[ConditionTree] = tree.get("any", []) if "field" not in tree else []
    free = [part for part in parts if brand_accounts_of_condition(part) is None]
    return free[0] if 0 < len(free) < len(parts) else None
