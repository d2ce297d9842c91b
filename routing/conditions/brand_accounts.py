"""Which brand accounts a condition can hold for. Sound, not complete: an answer is certain, None means that it could not
be shown. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from routing.conditions.wording import join_quoted, summarize_condition

ConditionTree = dict[str, Any]
#: What is said of how to keep a rule to brand accounts.
_REMEDY = "Put “all of these hold” around it, with a row “Brand account is” that names your own."


def brand_accounts_of_condition(tree: ConditionTree) -> frozenset[str] | None:
    """The brand accounts ("network:remote id") whose messages can meet a valid condition; None for any."""
    if "field" in tree:
        return frozenset(tree["is"]) if tree["field"] == "brand_account" else None
    if "all" in tree:
        parts = [found for part in tree["all"] if (found := brand_accounts_of_condition(part)) is not None]
        return frozenset.intersection(*parts) if parts else None
    if "any" in tree:
        parts = [found for part in tree["any"] if (found := brand_accounts_of_condition(part)) is not None]
        return frozenset().union(*parts) if len(parts) == len(tree["any"]) else None
    return None


def is_limited_to_accounts(tree: ConditionTree, accounts: Collection[str]) -> bool:
    """Whether a valid condition can hold for messages of these brand accounts alone."""
    found = brand_accounts_of_condition(tree)
    return found is not None and found <= frozenset(accounts)


def explain_too_wide_condition(
    tree: ConditionTree, accounts: Collection[str], names: Mapping[str, str]
) -> str:
    """What lets a condition hold for messages of other brand accounts than these, and what to do, as sentences; "" when
    nothing does. `names` as `routing.conditions.wording.describe_leaf` takes them."""
    if is_limited_to_accounts(tree, accounts):
        return ""
    found = brand_accounts_of_condition(tree)
    if found is not None:
        others, own = (_sorted_names(some, names) for some in (found - frozenset(accounts), accounts))
        return (
            f"It would take messages of {join_quoted(others, 'and')}, not yours. "
            f"Leave in “Brand account is” only {join_quoted(own, 'or')}."
        )
    free = _unlimited_alternative(tree)
    if free is not None:
        said = summarize_condition(free, names=names)
        return (
            f"{said[:1].upper()}{said[1:]} would be enough alone, whatever the brand account. Choose “all of these hold”, or "
            "put that into such a group of its own, with a row “Brand account is” that names your own."
        )
    if "none" in tree:
        return f"A condition that only bars things holds for messages of every brand account. {_REMEDY}"
    return (
        "Nothing in it keeps it to your brand accounts. Add a row “Brand account is” with your own, in the outermost group "
        "“all of these hold”."
        if "all" in tree
        else f"It holds for messages of every brand account. {_REMEDY}"
    )


def _sorted_names(accounts: Collection[str], names: Mapping[str, str]) -> list[str]:
    return sorted(names.get(f"brand_account {one}", one) for one in accounts)


def _unlimited_alternative(tree: ConditionTree) -> ConditionTree | None:
    """Of alternatives the first that holds for any brand account, where another does not; None where there is none."""
    while "all" in tree and len(tree["all"]) == 1:
        tree = tree["all"][0]
    parts: list[ConditionTree] = tree.get("any", []) if "field" not in tree else []
    free = [part for part in parts if brand_accounts_of_condition(part) is None]
    return free[0] if 0 < len(free) < len(parts) else None
