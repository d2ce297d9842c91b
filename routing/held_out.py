"""How rules would do on messages that nobody had at hand when they were written. Pure.

On messages that their authors know rules do better than on others: a word may be there for one of them alone. So each
message is decided without the words and patterns that no other message holds (leave one out). General words that
happen to occur once are lost with them, so this is rather too low than too high.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from routing.engine import CompiledRules, first_holding
from routing.facts import Facts


def decided(facts: Sequence[Facts], rules: CompiledRules) -> list[str]:
    """The department of each message, decided without what only this one holds."""
    seen = [rules.index.seen(one) for one in facts]
    held = Counter(number for numbers in seen for number in numbers)
    alone = {number for number, count in held.items() if count == 1} - rules.index.common
    found = []
    for numbers in seen:
        rule = first_holding(numbers - alone, rules)
        found.append(rule.department if rule else rules.default)
    return found
