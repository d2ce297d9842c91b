"""Which brand accounts a condition can hold for. Sound, not complete: an answer is certain, None means that it could not
be shown. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from routing.conditions.wording import quoted, summary

Tree = dict[str, Any]
#: What is said of how to keep a rule to brand accounts.
_REMEDY = "Put “all of these hold” around it, with a row “Brand account is” that names your own."


def accounts_of(tree: Tree) -> frozenset[str] | None:
    """The brand accounts ("network:remote id") whose messages can meet a valid condition; None for any."""
    if "field" in tree:
        return frozenset(tree["is"]) if tree["field"] == "brand_account" else None
    if "all" in tree:
        parts = [found for part in tree["all"] if (found := accounts_of(part)) is not None]
        return frozenset.intersection(*parts) if parts else None
    if "any" in tree:
        parts = [found for part in tree["any"] if (found := accounts_of(part)) is not None]
        return frozenset().union(*parts) if len(parts) == len(tree["any"]) else None
    return None


def keeps_to(tree: Tree, accounts: Collection[str]) -> bool:
    """Whether a valid condition can hold for messages of these brand accounts alone."""
    found = accounts_of(tree)
    return found is not None and found <= frozenset(accounts)


def too_wide(tree: Tree, accounts: Collection[str], names: Mapping[str, str]) -> str:
    """What lets a condition hold for messages of other brand accounts than these, and what to do, as sentences; "" when
    nothing does. `names` as `routing.conditions.wording.leaf_words` takes them."""
    if keeps_to(tree, accounts):
        return ""
    found = accounts_of(tree)
    if found is not None:
        others, own = (_named(some, names) for some in (found - frozenset(accounts), accounts))
        return (
            f"It would take messages of {quoted(others, 'and')}, not yours. "
            f"Leave in “Brand account is” only {quoted(own, 'or')}."
        )
    free = _free_part(tree)
    if free is not None:
        said = summary(free, names=names)
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


def _named(accounts: Collection[str], names: Mapping[str, str]) -> list[str]:
    return sorted(names.get(f"brand_account {one}", one) for one in accounts)


def _free_part(tree: Tree) -> Tree | None:
    """Of alternatives the first that holds for any brand account, where another does not; None where there is none."""
    while "all" in tree and len(tree["all"]) == 1:
        tree = tree["all"][0]
    parts: list[Tree] = tree.get("any", []) if "field" not in tree else []
    free = [part for part in parts if accounts_of(part) is None]
    return free[0] if 0 < len(free) < len(parts) else None
