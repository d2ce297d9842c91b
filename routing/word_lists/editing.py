"""Edits of word lists, by people.

An edit changes the person's draft while they have one; otherwise it publishes one version of the rules. Every edit
raises `routing.refusals.RuleSetError` when the changed list or the rules are not valid, and
`routing.refusals.EditNotPermitted` (a `RuleSetError`, too) when the person may not change every rule that uses the
list. `now` is the time of the change, UTC.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import User
from routing.conditions.word_lists import find_word_list_problems
from routing.conditions.wording import join_quoted
from routing.models import RuleDraft, RuleSetVersion
from routing.refusals import RuleSetError
from routing.rules import edits
from routing.rules.editing import apply_rule_edit
from routing.rules.extraction import new_list_key
from routing.rules.references import rules_using_list
from routing.rules.word_list_changes import describe_list_changes

JsonDict = dict[str, Any]


class WordListGone(RuleSetError):
    """Somebody has deleted the list; nothing was changed."""


class WordListInUse(RuleSetError):
    """Rules use the list; nothing was deleted. The text names them."""


def add_word_list(word_list: JsonDict, by: User, note: str, now: dt.datetime) -> str:
    """Add a word list and return its key."""
    keys: list[str] = []

    def change(content: JsonDict) -> JsonDict:
        keys.append(new_list_key(word_list["name"], content.get("word_lists", {})))
        _require_sound(content, keys[0], word_list)
        return edits.with_word_list(content, keys[0], word_list)

    apply_rule_edit(by, note or f"New word list “{word_list['name']}”", now, change)
    return keys[0]


def change_word_list(key: str, word_list: JsonDict, by: User, note: str, now: dt.datetime) -> None:
    """Replace the content of a word list. Raises `WordListGone`."""

    def change(content: JsonDict) -> JsonDict:
        _find_list(content, key)
        _require_sound(content, key, word_list)
        return edits.with_word_list(content, key, word_list)

    apply_rule_edit(by, note or (lambda content: _note(_find_list(content, key), word_list)), now, change)


def delete_word_list(key: str, by: User, now: dt.datetime) -> str:
    """Delete a word list and return its name. Raises `WordListInUse` and `WordListGone`.

    Older versions keep the list.
    """
    names: list[str] = []

    def change(content: JsonDict) -> JsonDict:
        names.append(_find_list(content, key)["name"])
        using = [rule["name"] for _, rule in rules_using_list(content, key)] + _drafts_using(key, by)
        if using:
            raise WordListInUse(
                f"“{names[0]}” is used by {join_quoted(using, 'and', 8)}. Nothing was deleted."
            )
        return edits.without_word_list(content, key)

    apply_rule_edit(
        by, lambda content: f"Deleted the word list “{_find_list(content, key)['name']}”", now, change
    )
    return names[0]


def restore_word_list(key: str, number: int, by: User, now: dt.datetime) -> str:
    """Bring a word list back as it was in version `number`.

    Returns its name. Raises `WordListGone` when that version does not have it.
    """
    version = RuleSetVersion.objects.filter(number=number).first()
    word_list = version and version.snapshot.get("word_lists", {}).get(key)
    if not word_list:
        raise WordListGone(f"Version {number} does not have this word list.")
    note = f"Word list “{word_list['name']}” as in version {number}"
    apply_rule_edit(by, note, now, lambda content: edits.with_word_list(content, key, word_list))
    return str(word_list["name"])


def _find_list(content: JsonDict, key: str) -> JsonDict:
    word_list: JsonDict | None = content.get("word_lists", {}).get(key)
    if word_list is None:
        raise WordListGone("Somebody has deleted this word list in the meantime.")
    return word_list


def _require_sound(content: JsonDict, key: str, word_list: JsonDict) -> None:
    if problems := find_word_list_problems(word_list):
        raise RuleSetError(problems[0])
    same_name = (
        each["name"].casefold() == word_list["name"].casefold()
        for other, each in content.get("word_lists", {}).items()
        if other != key
    )
    if any(same_name):
        raise RuleSetError(f"There is a word list “{word_list['name']}” already. Choose another name.")


def _note(was: JsonDict, now: JsonDict) -> str:
    return f"Word list “{now['name']}”: {'; '.join(describe_list_changes(was, now)) or 'no change'}"


def _drafts_using(key: str, by: User) -> list[str]:
    """Return the rules of others' drafts that use a list, in words."""
    return [
        f"{rule['name']} (draft of {draft.by})"
        for draft in RuleDraft.objects.exclude(by=by).select_related("by")
        for _, rule in rules_using_list(draft.content, key)
    ]
