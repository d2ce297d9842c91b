"""The sentences under the register of brand accounts: what customers meet where something is missing."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from reports.dashboards.insights.sentences import Insight, Sentence, choose_sentences
from reports.presence.counting import WEEKS
from reports.presence.register import ONLY, Entry
from wording.numbers import format_count

#: Fewer messages than these in the weeks that are counted are no evidence that customers miss anything.
_FEWEST_MESSAGES = 10
#: What is missing at some accounts: of one account, of several.
_MISSING = {
    "no-owner": ("has no owner", "have no owner"),
    "no-roster": ("has nobody on the roster", "have nobody on the roster"),
    "cut-off": ("is no longer read: access was refused", "are no longer read: access was refused"),
}


def presence_sentences(entries: Sequence[Entry]) -> list[Sentence]:
    """Return what is worth saying about the accounts of a register. No statement."""
    return choose_sentences(*(_missing(entries, name) for name in _MISSING))


def _missing(entries: Sequence[Entry], name: str) -> Insight | None:
    concerned = [entry for entry in entries if ONLY[name][1](entry)]
    messages = sum(entry.evidence.messages for entry in concerned)
    if messages < _FEWEST_MESSAGES:
        return None
    singular, plural = _MISSING[name]
    everything = sum(entry.evidence.messages for entry in entries)
    return Insight(
        messages,
        Sentence(
            f"{format_count(len(concerned), 'account')} {singular if len(concerned) == 1 else plural}.",
            f"Customers wrote {messages:,} of all {format_count(everything, 'message')} of the last {WEEKS} weeks there.",
            format_count(len(concerned), "account"),
            f"{reverse('reports:presence')}?only={name}",
        ),
    )
