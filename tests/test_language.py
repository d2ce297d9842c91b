"""Docstrings and names in plain English: short imperative first sentences, variables called what they are."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("accounts", "config", "inbox", "networks", "postgres", "reports", "routing", "simulator", "wording")
#: Words of a first sentence.
MOST_WORDS = 12
#: Pronouns and participles that say nothing of what a variable holds.
VAGUE = {"found", "kept", "known", "one", "said", "told", "whose"}
_FIRST_SENTENCE = re.compile(r"(?<=[.!?:;])\s|\n\n")
_NO_VERB = re.compile(r"(What|Who|Whom|Whose|Whether|How|Which|Why|Where|When|As|If|The|A|An)\b")


def modules(room):
    return sorted(path for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts)


def functions(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def is_property(function):
    decorators = [ast.unparse(decorator) for decorator in function.decorator_list]
    return any("property" in decorator for decorator in decorators)


@pytest.mark.parametrize("room", ROOMS)
def test_a_functions_docstring_begins_with_a_short_imperative_sentence(room):
    """Whether the first word is an imperative, ruff's D401 tells; that it is one at all, and short, this."""
    bad = []
    for path in modules(room):
        for function in functions(path):
            text = ast.get_docstring(function)
            if not text or is_property(function):
                continue
            first = _FIRST_SENTENCE.split(text, maxsplit=1)[0]
            if _NO_VERB.match(first) or len(first.split()) > MOST_WORDS:
                bad.append(f"{path.relative_to(ROOT)}:{function.lineno} {function.name}: {first[:100]}")
    assert bad == []


@pytest.mark.parametrize("room", ROOMS)
def test_variables_are_called_what_they_are(room):
    """Fields of classes aside: a column keeps the name that it has in the database."""
    vague = []
    for path in modules(room):
        for function in functions(path):
            for node in ast.walk(function):
                name = node.arg if isinstance(node, ast.arg) else ""
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    name = node.id
                if name in VAGUE:
                    vague.append(f"{path.relative_to(ROOT)}:{node.lineno} {name}")
    assert vague == []
