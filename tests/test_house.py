"""The house as its map says: rooms, order, size, one name for one thing (docs/architecture.md)."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
ROOMS = tuple(CONTRACTS["root_packages"])
MOST_MODULES = 20


def modules():
    """Path by dotted name of every module of the product; migrations aside."""
    paths = [path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts]
    return {dotted_name(path): path for path in paths}


def dotted_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def packages():
    folders = {path.parent for path in modules().values()}
    return sorted(folder for folder in folders if folder.name != "commands")


def imported_modules(path, names):
    """Modules of the product that a module imports anywhere: in functions and for type checkers, too."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            candidates = {f"{node.module}.{alias.name}" for alias in node.names}
            imported |= {name if name in names else node.module for name in candidates}
    return imported & names


def find_circles(graph):
    """Strongly connected components of more than one module (Tarjan)."""
    order, low, stack, circles = {}, {}, [], []

    def visit(module):
        order[module] = low[module] = len(order)
        stack.append(module)
        for neighbour in graph[module]:
            if neighbour not in order:
                visit(neighbour)
            if neighbour in stack:
                low[module] = min(low[module], low[neighbour])
        if low[module] == order[module]:
            circle = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(circle) > 1:
                circles.append(sorted(circle))

    for module in graph:
        if module not in order:
            visit(module)
    return circles


def test_no_modules_import_each_other_in_a_circle():
    names = modules()
    graph = {name: imported_modules(path, set(names)) - {name} for name, path in names.items()}
    # A package and its own modules: `from accounts.models import User` inside accounts/models is refused elsewhere.
    assert find_circles(graph) == []


@pytest.mark.parametrize("folder", packages(), ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_folder_holds_no_more_than_one_can_overlook(folder):
    assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= MOST_MODULES


@pytest.mark.parametrize("folder", packages(), ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_package_says_what_lives_there_what_it_may_import_and_where_a_new_one_goes(folder):
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    lines = text.splitlines()
    assert lines
    assert lines[0].endswith(".")
    assert any(line.startswith("May import:") for line in lines), text
    assert len([line for line in lines if line]) >= 3, text


@pytest.mark.parametrize("room", ROOMS)
def test_no_two_classes_of_a_room_share_a_name(room):
    classes = Counter(
        node.name
        for name, path in modules().items()
        if name.split(".")[0] == room and "commands" not in path.parts
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, count in classes.items() if count > 1] == []


def contract_layers():
    """By container ("" for the whole house): its layers from the top, each a list of rooms."""
    layers = {}
    for contract in CONTRACTS["contracts"]:
        if contract["type"] == "layers":
            container = contract.get("containers", [""])[0]
            layers[container] = [sorted(re.split(r"\s*\|\s*", layer)) for layer in contract["layers"]]
    return layers


def drawn_layers():
    """The same, as the figures of docs/architecture.md draw it: a line a floor, rooms beside one another by `|`."""
    drawn, container = defaultdict(list), None
    for line in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").splitlines():
        if heading := re.fullmatch(r"```text (house|\w+)/?", line):
            container = "" if heading[1] == "house" else heading[1]
        elif line.startswith("```"):
            container = None
        elif container is not None and line.strip():
            floor = line.split("   ")[0].strip()
            drawn[container].append(sorted(re.split(r"\s*\|\s*", floor)))
    return dict(drawn)


def test_the_map_is_drawn_as_the_contracts_are():
    assert drawn_layers() == contract_layers()


def test_the_map_names_only_what_is_there():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    paths = set(re.findall(r"`((?:\w+/)+(?:\w+\.\w+)?)`", text))
    assert paths
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
