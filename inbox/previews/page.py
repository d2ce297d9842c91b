"""The results of a preview, prepared for its page. Examples are read again for each viewer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import Department, User
from inbox.models import Case, Message, RulePreview
from routing.rules.references import rules_using_list
from routing.word_lists.usage import list_words

#: Words shown of each list.
WORDS_SHOWN = 30
#: Examples shown of each move, moves shown, characters of an example.
EXAMPLES_SHOWN, MOVES_SHOWN, EXAMPLE_LENGTH = 3, 30, 280


@dataclass(frozen=True, slots=True)
class PreviewExample:
    """A message that would move; `case` is 0 for a row of a file."""

    text: str
    case: int


@dataclass(frozen=True, slots=True)
class PreviewMove:
    """The messages that would move from one department to another.

    `count`: how many; `opening`: how many of them opened a case; `examples`: some of them.
    """

    origin: str
    target: str
    count: int
    opening: int
    share: int
    examples: tuple[PreviewExample, ...]


@dataclass(frozen=True, slots=True)
class MoveTable:
    """A table of moves: a row for each present department, a column for each new one. A cell is "" if nothing moves."""

    targets: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...], str], ...]


@dataclass(frozen=True, slots=True)
class ListWords:
    """The words of a list that were found: the commonest ones with the number of messages that had them.

    `found` of the `total` words were found at all.
    """

    name: str
    shown: Sequence[tuple[str, int]]
    found: int
    total: int


def list_preview_moves(preview: RulePreview, user: User) -> list[PreviewMove]:
    """List the moves of messages between departments, the largest first.

    The examples are rows of the file, or only messages that `user` may read.
    """
    result, names = preview.result, _department_names()
    counts = Counter(result.get("moves", {})).most_common(MOVES_SHOWN)
    examples = result.get("examples", {})
    shown = {move: examples.get(move, [])[: 4 * EXAMPLES_SHOWN] for move, _ in counts}
    texts = _readable_examples(shown.values(), user) if not preview.file_name else None
    top = counts[0][1] if counts else 1
    return [
        PreviewMove(
            names.get(move.partition(">")[0], move.partition(">")[0]),
            names.get(move.partition(">")[2], move.partition(">")[2]),
            count,
            result["opening"].get(move, 0),
            max(1, count * 100 // top),
            tuple(_examples(shown[move], texts))[:EXAMPLES_SHOWN],
        )
        for move, count in counts
    ]


def _examples(examples: list[Any], texts: dict[int, PreviewExample] | None) -> Iterable[PreviewExample]:
    if texts is None:
        return (PreviewExample(_shorten(text), 0) for text in examples)
    return (texts[message_id] for message_id in examples if message_id in texts)


def _readable_examples(examples: Iterable[list[int]], user: User) -> dict[int, PreviewExample]:
    message_ids = [message_id for ids in examples for message_id in ids]
    rows = Message.objects.filter(pk__in=message_ids, case__in=Case.objects.visible_to(user))
    return {
        pk: PreviewExample(_shorten(text), case)
        for pk, text, case in rows.values_list("pk", "text", "case_id")
    }


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXAMPLE_LENGTH else f"{line[:EXAMPLE_LENGTH]}…"


def build_move_table(preview: RulePreview) -> MoveTable:
    """Build the table of moves, from each department to each other."""
    counts, names = preview.result.get("moves", {}), _department_names()
    pairs = {tuple(move.split(">", 1)): count for move, count in counts.items()}
    origins = list(dict.fromkeys(origin for origin, _ in pairs))
    targets = list(dict.fromkeys(target for _, target in pairs))
    rows = []
    for origin in origins:
        cells = [pairs.get((origin, target), 0) for target in targets]
        shown = tuple(f"{cell:,}" if cell else "" for cell in cells)
        rows.append((names.get(origin, origin), shown, f"{sum(cells):,}"))
    return MoveTable(tuple(names.get(target, target) for target in targets), tuple(rows))


def unfired_rules(preview: RulePreview) -> list[dict[str, Any]]:
    """Return the enabled rules that decided nothing, in order."""
    fired = preview.result.get("fired", {})
    return [
        rule for rule in preview.content["rules"] if rule.get("enabled", True) and not fired.get(rule["key"])
    ]


def list_found_words(preview: RulePreview) -> list[ListWords]:
    """List how often the words of each list were found.

    In messages that a rule with this list took. By the names of the lists; those that no rule uses are left out. Empty
    for a preview of the time when words were not counted. No statement.
    """
    counts_by_rule = preview.result.get("words")
    if counts_by_rule is None:
        return []
    lists = []
    for key, word_list in preview.content.get("word_lists", {}).items():
        rules = [rule for _, rule in rules_using_list(preview.content, key) if rule.get("enabled", True)]
        counts = Counter[str]()
        for rule in rules:
            counts.update(counts_by_rule.get(rule["key"], {}))
        words = list_words(word_list)
        list_counts = Counter({word: counts[word] for word in words if word in counts})
        if rules and words:
            lists.append(
                ListWords(
                    word_list["name"], list_counts.most_common(WORDS_SHOWN), len(list_counts), len(words)
                )
            )
    return sorted(lists, key=lambda each: each.name.casefold())


def _department_names() -> dict[str, str]:
    return dict(Department.objects.values_list("slug", "name"))
