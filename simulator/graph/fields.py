"""Graph's field expansion: `id,comments.filter(stream).limit(100){id,message}`."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.graph.errors import GraphProblem

_MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    arguments: dict[str, str] = field(default_factory=dict)
    fields: tuple[Field, ...] = ()


def parse(text: str) -> tuple[Field, ...]:
    """Parse a `fields` parameter. Raises `GraphProblem` 2500 for a syntax error."""
    parser = _FieldParser(text.replace(" ", "").replace("\n", ""))
    parsed = parser.fields(0)
    if parser.at != len(parser.text):
        raise parser.error()
    return parsed


class _FieldParser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def error(self) -> GraphProblem:
        shown = self.text[self.at : self.at + 1] or "end of string"
        return GraphProblem(400, f'Syntax error "Expected name at character {self.at}, found {shown}"', 2500)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def name(self) -> str:
        start = self.at
        while self.peek() and (self.peek().isalnum() or self.peek() == "_"):
            self.at += 1
        if start == self.at:
            raise self.error()
        return self.text[start : self.at]

    def fields(self, depth: int) -> tuple[Field, ...]:
        if depth > _MAX_DEPTH:
            raise GraphProblem(400, "(#100) Fields are nested too deeply", 100)
        parsed = [self.field(depth)]
        while self.peek() == ",":
            self.at += 1
            parsed.append(self.field(depth))
        return tuple(parsed)

    def field(self, depth: int) -> Field:
        name = self.name()
        arguments: dict[str, str] = {}
        while self.peek() == ".":
            self.at += 1
            argument = self.name()
            if self.peek() != "(":
                raise self.error()
            end = self.text.find(")", self.at)
            if end < 0:
                raise self.error()
            arguments[argument] = self.text[self.at + 1 : end]
            self.at = end + 1
        inner: tuple[Field, ...] = ()
        if self.peek() == "{":
            self.at += 1
            inner = self.fields(depth + 1)
            if self.peek() != "}":
                raise self.error()
            self.at += 1
        return Field(name, arguments, inner)


def written(fields: tuple[Field, ...]) -> str:
    """Return the text of `fields`, for a `next` address."""
    parts = []
    for requested in fields:
        arguments = "".join(f".{name}({value})" for name, value in requested.arguments.items())
        inner = "{" + written(requested.fields) + "}" if requested.fields else ""
        parts.append(requested.name + arguments + inner)
    return ",".join(parts)
