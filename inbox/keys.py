"""The keys: which there are, and what each does. Buttons, the list of keys and the palette all take them from here.

Pages name an act (`{% key "resolve" %}`), never a letter. static/js/keys.js presses whatever carries the letter, so a new
key is one line here and the tag in its template.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class KeyReach(StrEnum):
    """Name where a key works, in the order in which the keys are listed."""

    EVERYWHERE = "Everywhere"
    VIEWS = "Go to a view or a page"
    LIST = "In a list of cases"
    CASE = "In a case"
    SELECTION = "With cases selected"
    WRITING = "While you write"


@dataclass(frozen=True, slots=True)
class Key:
    """One key or sequence of keys.

    `strokes` are as in "e", "g n" (one after the other) or "ctrl+enter" (together). `lone`: no button carries it, so the
    palette offers it by these words. Words with a full stop inside explain more than a name would.
    """

    name: str
    strokes: str
    words: str
    reach: KeyReach
    lone: bool = False

    @property
    def is_letter(self) -> bool:
        """Tell whether it is one character, and so in the way of somebody who dictates or mistypes."""
        return len(self.strokes) == 1 or " " in self.strokes

    @property
    def caps(self) -> list[str]:
        """The caps of the keys to press, as they are shown."""
        return [_CAPS.get(stroke, stroke.upper()) for stroke in self.strokes.replace("+", " ").split()]

    @property
    def last(self) -> str:
        """The last key of a sequence."""
        return self.strokes.rpartition(" ")[2]


_CAPS = {"ctrl": "Ctrl", "enter": "↵", "shift": "Shift", "esc": "Esc", "1-9": "1–9"}

KEYS = (
    Key("palette", "ctrl+k", "Find anything: acts, lists, pages, cases, customers", KeyReach.EVERYWHERE),
    Key("search", "/", "Search", KeyReach.EVERYWHERE),
    Key("undo", "z", "Undo, while it is offered", KeyReach.EVERYWHERE),
    Key("leave", "esc", "Leave a field, close a form", KeyReach.EVERYWHERE),
    Key("keys", "?", "Show the keys", KeyReach.EVERYWHERE, lone=True),
    Key("go_notices", "g n", "Notices", KeyReach.VIEWS),
    Key("go_open", "g o", "All open", KeyReach.VIEWS),
    Key("go_unassigned", "g u", "Unassigned", KeyReach.VIEWS),
    Key("go_mine", "g m", "Mine", KeyReach.VIEWS),
    Key("go_watching", "g w", "Watching", KeyReach.VIEWS),
    Key("go_snoozed", "g z", "Snoozed", KeyReach.VIEWS),
    Key("go_unsent", "g s", "Not sent", KeyReach.VIEWS),
    Key("go_approvals", "g p", "To approve", KeyReach.VIEWS),
    Key("go_resolved", "g r", "Resolved", KeyReach.VIEWS),
    Key("go_views", "g v", "All views", KeyReach.VIEWS),
    Key("go_saved_view", "g 1-9", "One of your saved views", KeyReach.VIEWS),
    Key("next", "j", "Open the next case", KeyReach.LIST, lone=True),
    Key("previous", "k", "Open the previous case", KeyReach.LIST, lone=True),
    Key("newer", ".", "Show the newer cases", KeyReach.LIST),
    Key("filter", "f", "Add a filter to the list", KeyReach.LIST),
    Key("save_view", "v", "Save the list with its filters as a view", KeyReach.LIST),
    Key("take_next", "t", "Take the next case: the most urgent that nobody has", KeyReach.LIST),
    Key("select", "x", "Select the case", KeyReach.LIST, lone=True),
    Key("select_down", "shift+j", "Select on down the list", KeyReach.LIST),
    Key("select_up", "shift+k", "Select on up the list", KeyReach.LIST),
    Key("take", "a", "Take it; an answer that waits: approve it", KeyReach.CASE),
    Key("answer", "r", "Answer", KeyReach.CASE),
    Key("canned", ";", "Canned answers; while you write, ; and a word finds one", KeyReach.CASE),
    Key("macro", "m", "Run a macro: several acts in one go", KeyReach.CASE),
    Key("note", "n", "Note for colleagues", KeyReach.CASE),
    Key("hand_over", "h", "Hand over", KeyReach.CASE),
    Key("accept", "y", "We have it: accept what was handed over", KeyReach.CASE),
    Key("bounce", "b", "Bounce back to where it came from", KeyReach.CASE),
    Key("wrong_department", "w", "Wrong department: choose the right one by its digit", KeyReach.CASE),
    Key("digits", "1-9", "Answer the playbook’s question; choose a department or a time", KeyReach.CASE),
    Key("learning_item", "i", "Link the case to a learning item", KeyReach.CASE),
    Key("snooze", "s", "Snooze; a snoozed case: put it back", KeyReach.CASE),
    Key("remind", "c", "Remind me: come back to the case; an answer that waits: ask for changes", KeyReach.CASE),
    Key("resolve", "e", "Resolve; with notices: mark all as read", KeyReach.CASE),
    Key("dismiss", "d", "Dismiss without an answer, split, merge or link; an answer that waits: decline it", KeyReach.CASE),
    Key("select_all", "ctrl+a", "Select all that match", KeyReach.SELECTION),
    Key("assign", "l", "Assign all of them", KeyReach.SELECTION),
    Key("tag", "#", "Tag all of them", KeyReach.SELECTION),
    Key("priority", "p", "Set the priority of all of them", KeyReach.SELECTION),
    Key("send", "ctrl+enter", "Send the answer, save the note or the form that you are in", KeyReach.WRITING),
)  # fmt: skip
#: The keys of a case that, with cases selected, are for all of them.
FOR_ALL = ("resolve", "dismiss", "take", "hand_over", "snooze", "macro")


@cache
def _by_name() -> dict[str, Key]:
    return {key.name: key for key in KEYS}


def find_key(name: str) -> Key:
    """Return the key of an act. Raises `KeyError` for a name that is not in the table."""
    return _by_name()[name]


def list_keys() -> Iterator[tuple[KeyReach, list[Key]]]:
    """Yield where keys work, and which."""
    for reach in KeyReach:
        yield reach, [key for key in KEYS if key.reach == reach]
