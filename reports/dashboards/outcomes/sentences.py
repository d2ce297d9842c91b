"""Sentences under the board of outcomes, each with its number and a link; none without enough exchanges."""

from __future__ import annotations

from reports.dashboards.insights.sentences import Sentence, differs
from reports.dashboards.outcomes.board import KNOWN, TURNED, UNHAPPY, OutcomeBoard
from wording.numbers import FEWEST, format_count, format_share

#: Two shares are worth a sentence when they are so many points apart.
_POINTS = 5


def outcome_sentences(board: OutcomeBoard) -> list[Sentence]:
    """Return the sentences that have evidence, the most useful first."""
    sentences = (_speed(board), _hanging(board), _escalations(board))
    return [sentence for sentence in sentences if sentence is not None]


def _speed(board: OutcomeBoard) -> Sentence | None:
    """Compare soon and late answers by whom they turned."""
    soon, late = ("0", "1"), ("2", "3")
    asked = [sum(board.count(band=band, **KNOWN, **UNHAPPY) for band in bands) for bands in (soon, late)]
    turned = [sum(board.count(band=band, **KNOWN, **TURNED) for band in bands) for bands in (soon, late)]
    if min(asked) < 2 * FEWEST or abs(turned[0] / asked[0] - turned[1] / asked[1]) * 100 < _POINTS:
        return None
    return Sentence(
        f"Answers within an hour turned {format_share(turned[0], asked[0])} of unhappy customers; "
        f"later ones {format_share(turned[1], asked[1])}.",
        f"n = {asked[0]:,} and {asked[1]:,} with a next message.",
        f"Open the {sum(turned):,}",
        board.href(**TURNED),
    )


def _hanging(board: OutcomeBoard) -> Sentence | None:
    hanging, closed = board.closed(0, "hanging"), board.closed(0, "hanging", "settled")
    if not hanging:
        return None
    verb = "hangs" if hanging == 1 else "hang"
    share = f"{format_share(hanging, closed)} of" if closed >= FEWEST else f"{hanging:,} of"
    rate = f"{share} {closed:,}"
    return Sentence(
        f"{format_count(hanging, 'closed case')} {verb}:",
        f"closed, although the customer’s last public message needs an answer. That is {rate}.",
        f"Open the {hanging:,}",
        board.links.list_href("closing", end="hanging"),
    )


def _escalations(board: OutcomeBoard) -> Sentence | None:
    now, before = board.count(deed="escalated"), board.count_before(deed="escalated")
    counted, counted_before = board.count(**KNOWN), board.count_before(**KNOWN)
    if board.before is None or not differs((now, counted), (before, counted_before)):
        # More answers bring more escalations: neither better nor worse.
        return None
    rose = now * counted_before > before * counted
    return Sentence(
        f"Escalations {'rose' if rose else 'fell'} from {format_share(before, counted_before)} of what was answered to "
        f"{format_share(now, counted)}:",
        f"{now:,} of {counted:,}, before {before:,} of {counted_before:,}.",
        f"Open the {now:,}",
        board.href(deed="escalated"),
    )
