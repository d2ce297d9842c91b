"""Evaluate rules as if their authors had not read the messages. Pure.

Rules do better on messages that their authors have read than on others, because a word may have been added
for a single message. So each message is decided without the words and patterns that occur in no other message
(leave one out). This also drops general words that happen to occur only once, so the result is rather too low
than too high.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from routing.facts import Facts
from routing.rules.engine import CompiledRules, first_matching_rule


def held_out_hits(facts: Sequence[Facts], rules: CompiledRules) -> list[set[int]]:
    """Return the hits of each message, without those of no other message.

    Hits are numbers of the words and patterns that rules look for (`routing.conditions.index`).
    """
    hits = [rules.index.find_seen_numbers(message_facts) for message_facts in facts]
    counts = Counter(number for numbers in hits for number in numbers)
    alone = {number for number, count in counts.items() if count == 1} - rules.index.common_numbers
    return [numbers - alone for numbers in hits]


def held_out_departments(facts: Sequence[Facts], rules: CompiledRules) -> list[str]:
    """Return the department of each message, decided by held-out hits."""
    first = (first_matching_rule(numbers, rules) for numbers in held_out_hits(facts, rules))
    return [rule.department if rule else rules.default for rule in first]
