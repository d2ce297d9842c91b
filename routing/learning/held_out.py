"""How rules would do on messages that nobody had at hand when they were written. Pure.

On messages that their authors know rules do better than on others: a word may be there for one of them alone. So each
message is decided without the words and patterns that no other message holds (leave one out). General words that
happen to occur once are lost with them, so this is rather too low than too high.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from routing.facts import Facts
from routing.rules.engine import CompiledRules, first_matching_rule


def held_out_hits(facts: Sequence[Facts], rules: CompiledRules) -> list[set[int]]:
    """What each message holds of what the rules look for (`routing.conditions.index.Index.seen`), less what it alone holds."""
    every = [rules.index.find_seen_numbers(one) for one in facts]
    held = Counter(number for numbers in every for number in numbers)
    alone = {number for number, count in held.items() if count == 1} - rules.index.common_numbers
    return [numbers - alone for numbers in every]


def held_out_departments(facts: Sequence[Facts], rules: CompiledRules) -> list[str]:
    """The department of each message, decided without what only this one holds."""
    first = (first_matching_rule(numbers, rules) for numbers in held_out_hits(facts, rules))
    return [rule.department if rule else rules.default for rule in first]
