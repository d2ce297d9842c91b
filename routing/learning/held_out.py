"""Judge rules as if their authors had not read the messages. Pure.

On messages that their authors know, rules do better than on others: a word may be there for one of them alone. So each
message is decided without the words and patterns that no other message holds (leave one out). General words that
happen to occur once are lost with them, so the result is rather too low than too high.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from routing.facts import Facts
from routing.rules.engine import CompiledRules, first_matching_rule


def held_out_hits(facts: Sequence[Facts], rules: CompiledRules) -> list[set[int]]:
    """Return the hits of each message, less those it alone holds.

    Hits are numbers of what rules look for (`routing.conditions.index`).
    """
    hits = [rules.index.find_seen_numbers(message_facts) for message_facts in facts]
    counts = Counter(number for numbers in hits for number in numbers)
    alone = {number for number, count in counts.items() if count == 1} - rules.index.common_numbers
    return [numbers - alone for numbers in hits]


def held_out_departments(facts: Sequence[Facts], rules: CompiledRules) -> list[str]:
    """Return the department of each message, decided by held-out hits."""
    first = (first_matching_rule(numbers, rules) for numbers in held_out_hits(facts, rules))
    return [rule.department if rule else rules.default for rule in first]
