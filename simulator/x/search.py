"""The part of X's search language that inboxes use.

`conversation_id:`, `from:`, `to:`, `@handle`, `in_reply_to_tweet_id:`, `is:reply`, words, "phrases", `-` before any of
them, `OR` and brackets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from simulator.records import Message
from simulator.world import World

Test = Callable[[Message], bool]
MAX_LENGTH = 512
_TOKEN = re.compile(r'\s*(\(|\)|-?"[^"]*"|-?\(|[^\s()]+)')


@dataclass(frozen=True, slots=True)
class Query:
    """`source` is the narrowest timeline that holds every match."""

    source: tuple[str, ...]
    matches: Test


def compile_query(world: World, text: str) -> Query:
    """Compile a search query. Raises `ValueError` for one that X would refuse."""
    if not 0 < len(text.strip()) <= MAX_LENGTH:
        raise ValueError(f"the query must have 1 to {MAX_LENGTH} characters")
    tokens = _TOKEN.findall(text)
    parser = _QueryParser(world, tokens)
    matches = parser.alternatives()
    if parser.at != len(tokens):
        raise ValueError(f"unexpected [{tokens[parser.at]}]")
    if not parser.positive:
        raise ValueError("the query needs at least one term that is not negated")
    return Query(_source(world, tokens), matches)


def _source(world: World, tokens: list[str]) -> tuple[str, ...]:
    if "OR" not in tokens:
        for token in tokens:
            if token.startswith("conversation_id:"):
                return ("x-conversation", token.partition(":")[2])
        for token in tokens:
            if token.startswith("from:"):
                person = _user(world, token.partition(":")[2])
                return ("x-author", person)
    return ("x-all",)


def _user(world: World, value: str) -> str:
    person = world.find_person_by_handle("x", value)
    return person.id if person is not None else value


class _QueryParser:
    def __init__(self, world: World, tokens: list[str]) -> None:
        self.world = world
        self.tokens = tokens
        self.at = 0
        self.positive = False

    def alternatives(self) -> Test:
        choices = [self.conjunction()]
        while self.at < len(self.tokens) and self.tokens[self.at] == "OR":
            self.at += 1
            choices.append(self.conjunction())
        return choices[0] if len(choices) == 1 else (lambda message: any(test(message) for test in choices))

    def conjunction(self) -> Test:
        tests: list[Test] = []
        while self.at < len(self.tokens) and self.tokens[self.at] not in (")", "OR"):
            tests.append(self.term())
        if not tests:
            raise ValueError("a term is missing")
        return lambda message: all(test(message) for test in tests)

    def term(self) -> Test:
        token = self.tokens[self.at]
        self.at += 1
        negated = token.startswith("-") and len(token) > 1
        body = token[1:] if negated else token
        self.positive = self.positive or not negated
        if body == "(":
            test = self.alternatives()
            if self.at >= len(self.tokens) or self.tokens[self.at] != ")":
                raise ValueError("a bracket is not closed")
            self.at += 1
        else:
            test = self.atom(body)
        return (lambda message: not test(message)) if negated else test

    def atom(self, body: str) -> Test:
        name, colon, value = body.partition(":")
        if colon and name in ("conversation_id", "from", "to", "in_reply_to_tweet_id", "is", "has", "lang"):
            return self.operator(name, value)
        if body.startswith("@"):
            person = _user(self.world, body[1:])
            return lambda message: person in message.addressed or body.lower() in message.text.lower()
        words = body.strip('"').lower()
        return lambda message: words in message.text.lower()

    def operator(self, name: str, value: str) -> Test:
        world = self.world
        if name == "conversation_id":
            return lambda message: message.thread == value
        if name == "in_reply_to_tweet_id":
            return lambda message: message.in_reply_to == value
        if name == "from":
            person = _user(world, value)
            return lambda message: message.author == person
        if name == "to":
            person = _user(world, value)
            return lambda message: _answers(world, message, person)
        if name == "is":
            is_reply_wanted = value == "reply"
            return lambda message: is_reply_wanted and bool(message.in_reply_to)
        if name == "lang":
            return lambda message: (
                (author := world.person("x", message.author)) is not None and author.language == value
            )
        return lambda message: value == "links" and "http" in message.text


def _answers(world: World, message: Message, person: str) -> bool:
    parent = world.messages.get(message.in_reply_to)
    return parent is not None and parent.author == person
