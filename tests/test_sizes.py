"""Modules and functions stay short enough to be read in one go."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("accounts", "config", "inbox", "networks", "postgres", "reports", "routing", "simulator", "wording")
MODULE, FUNCTION = 300, 40


def too_long(path):
    text = path.read_text(encoding="utf-8")
    found = [f"module of {text.count(chr(10))} lines"] if text.count("\n") > MODULE else []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.end_lineno - node.lineno + 1
            found += [f"{node.name}: {lines} lines"] if lines > FUNCTION else []
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_is_too_long(room):
    modules = [path for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts]
    assert {str(path): found for path in modules if (found := too_long(path))} == {}
