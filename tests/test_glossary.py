"""docs/glossary.md: words that it forbids are in no template and in no text for people."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("config", "reports", "inbox", "routing", "accounts", "networks", "wording")
_ROW = re.compile(r"^\| [^|]+ \| [^|]+ \|(?P<forbidden>[^|]*)\|$", re.MULTILINE)
#: A percent sign after a space, but no placeholder of a log line or a date.
_SPACED_PERCENT = re.compile(r"(?:^|[\d}])[ \u00a0]%(?![\w(%-])")
_QUOTED = re.compile(r"“((?:[^“”]|“[^”]*”)+)”")


def forbidden_phrases() -> list[str]:
    rows = _ROW.finditer((ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"))
    return [phrase for row in rows for phrase in _QUOTED.findall(row["forbidden"])]


def template_text(path: Path) -> str:
    """The text of a template on one line, without comments and tags of either language."""
    text = re.sub(r"{#.*?#}|{%.*?%}|<[^>]+>", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return " ".join(text.split())


def texts_of_module(path: Path) -> list[str]:
    """The strings of a module, without docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs]
    return [node.value for node in strings if isinstance(node.value, str)]


def test_the_glossary_forbids_something():
    assert len(forbidden_phrases()) > 15


@pytest.mark.parametrize("phrase", forbidden_phrases())
def test_no_template_says_it_otherwise(phrase):
    found = [path.name for path in (ROOT / "templates").rglob("*.html") if phrase in template_text(path)]
    assert found == []


def test_no_message_says_it_otherwise():
    phrases, found = forbidden_phrases(), []
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            if "migrations" not in path.parts:
                for text in texts_of_module(path):
                    found += [f"{path.relative_to(ROOT)}: {phrase}" for phrase in phrases if phrase in text]
    assert found == []


def test_no_starter_says_it_otherwise():
    phrases = forbidden_phrases()
    texts = {
        path.name: path.read_text(encoding="utf-8") for path in (ROOT / "routing").rglob("starter*.json")
    }
    assert len(texts) > 2
    assert [(name, phrase) for name, text in texts.items() for phrase in phrases if phrase in text] == []


def test_a_percentage_has_no_space():
    templates = [
        path for path in (ROOT / "templates").rglob("*.html") if _SPACED_PERCENT.search(template_text(path))
    ]
    modules = [
        (path, text)
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for text in texts_of_module(path)
        if "migrations" not in path.parts and _SPACED_PERCENT.search(text)
    ]
    assert (templates, modules) == ([], [])
