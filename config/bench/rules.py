"""Bench of deciding: microseconds per message for 50, 500 and 10,000 rules, compile time, hostile patterns.

The floor tokenizes the same messages and looks each token up in one set, the least that any rule on words
needs.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from config.bench.reading import MESSAGES
from config.bench.web import median
from routing.conditions.patterns import find_pattern_problem
from routing.facts import Facts
from routing.rules.engine import CompiledRules, compile_rules, decide
from routing.rules.starter import starter_snapshot
from routing.text import tokenize

Say = Callable[[str], None]
SIZES = (50, 500, 10_000)
#: Patterns, each with a text on which a backtracking engine runs for seconds to years.
HOSTILE = (
    (r"(a+)+$", "a" * 5_000 + "!"),
    (r"(a|aa)+$", "a" * 5_000 + "!"),
    (r"(.*a){20}$", "a" * 5_000 + "!"),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 5_000),
    (r"^(\w+\s?)*$", "word " * 1_000 + "!"),
)


def build_snapshot(count: int) -> dict[str, Any]:
    """Build a snapshot of `count` rules: starter rules and padding.

    The padding has rules of the same kinds: words, phrases, patterns, groups, facts.
    """
    rules = starter_snapshot()
    more = [_padding_rule(number) for number in range(count - len(rules["rules"]))]
    return {**rules, "rules": [*more, *rules["rules"]]}


def _padding_rule(number: int) -> dict[str, Any]:
    words = {"field": "words", "any": [f"padding{number}", f"filler{number} thing", f"stuffing{number}*"]}
    conditions = (
        {"any": [words]},
        {"any": [words, {"field": "pattern", "matches": rf"code{number}-[0-9]+"}]},
        {"all": [words, {"field": "network", "is": ["x"]}, {"none": [{"field": "is_spam", "is": True}]}]},
        {
            "all": [
                {"field": "followers", "gte": 10_000_000 + number},
                {"field": "sentiment", "is": ["negative"]},
            ]
        },
        {"all": [words, {"any": [{"field": "language", "is": ["en"]}, {"field": "verified", "is": True}]}]},
    )
    return {
        "key": f"padding-{number}", "name": f"Padding {number}", "department": "service",
        "condition": conditions[number % len(conditions)],
    }  # fmt: skip


def measure(options: dict[str, Any], say: Say) -> dict[str, Any]:
    """Measure floor and rule sets in turn, about `messages` messages each."""
    facts = [_build_facts(language, text, number) for number in range(20) for language, text in MESSAGES]
    compiled, seconds = [], []
    for count in SIZES:
        content, began = build_snapshot(count), time.process_time()
        compiled.append(compile_rules(content))
        seconds.append(time.process_time() - began)
    known_tokens = {token for message in facts[: len(MESSAGES)] for token in tokenize(message.text)}
    times = max(options["messages"] // len(facts), 1)
    rounds = []
    for number in range(options["rounds"] + 1):
        figures = {
            "floor_us": _cpu_us_each(facts, times, lambda message: _count_known_tokens(message, known_tokens))
        }
        for count, rules in zip(SIZES, compiled, strict=True):
            figures[f"us_{count}"] = _cpu_us_each(facts, times, partial(decide, compiled=rules))
        if number:  # the first round is a warm-up
            rounds.append(figures)
            say(f"round {number}: " + ", ".join(f"{name} {value:.1f}" for name, value in figures.items()))
    middle = {name: round(median([figures[name] for figures in rounds]), 1) for name in rounds[0]}
    return {
        "bench": "rules",
        **middle,
        "floor_ratio": round(median([figures["us_50"] / figures["floor_us"] for figures in rounds]), 2),
        "growth_500": round(median([figures["us_500"] / figures["us_50"] for figures in rounds]), 2),
        "ms_10000": round(middle["us_10000"] / 1_000, 3),
        "compile_10000_s": round(seconds[-1], 2),
        "hostile_ms": round(max(_time_hostile_pattern(pattern, text) for pattern, text in HOSTILE), 2),
        "messages": times * len(facts),
        "rounds": len(rounds),
    }


def _build_facts(language: str, text: str, number: int) -> Facts:
    at = dt.datetime(2026, 11, 18, 10, tzinfo=dt.UTC)
    return Facts(f"{text} {number}", "x", "mentions", "x:1", at, language=language, followers=10 * number)


def _count_known_tokens(message: Facts, known_tokens: set[str]) -> int:
    return sum(token in known_tokens for token in tokenize(message.text))


def _cpu_us_each(facts: Sequence[Facts], times: int, work: Callable[[Facts], object]) -> float:
    """Return the microseconds of CPU that `work` takes for one message."""
    began = time.process_time()
    for _ in range(times):
        for message in facts:
            work(message)
    return (time.process_time() - began) / (times * len(facts)) * 1e6


def _time_hostile_pattern(pattern: str, text: str) -> float:
    """Return the milliseconds until a pattern is refused or evaluated.

    The quickest of five runs counts.
    """
    took = []
    for _ in range(5):
        began = time.process_time()
        if not find_pattern_problem(pattern):
            decide(_build_facts("en", text, 0), _rules_of_one_pattern(pattern))
        took.append((time.process_time() - began) * 1_000)
    return min(took)


def _rules_of_one_pattern(pattern: str) -> CompiledRules:
    rule = {"name": "Hostile", "department": "service", "condition": {"field": "pattern", "matches": pattern}}
    return compile_rules({"default": {"department": "service"}, "rules": [rule]})
