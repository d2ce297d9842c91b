"""Templates lie in the order of the house: each is used, each that is named exists, each lies with its subject."""

import re
from collections.abc import Iterator
from pathlib import Path

import allauth
import pytest
from django.template.loader import get_template

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "templates"
WIDTH = 160
ROOMS = ("accounts", "config", "inbox", "networks", "reports", "routing")
# A quoted name in code or in a template ("inbox/queue/queue.html", with "#part" for one partial of it), or a path in a comment.
NAME = re.compile(r"""["'`]([\w/-]+\.html(?:#[\w-]+)?|[\w/-]+/mail\.txt)["'`]|\btemplates/([\w/-]+\.html)""")
# Django looks for these by itself.
ERROR_PAGES = {"400.html", "403.html", "403_csrf.html", "404.html", "500.html"}


def list_templates() -> list[str]:
    return sorted(
        path.relative_to(TEMPLATES).as_posix()
        for path in TEMPLATES.rglob("*")
        if path.suffix in (".html", ".txt")
    )


def find_references() -> Iterator[tuple[str, str]]:
    """Yield each (template name, file that names it), in quotes, in backquotes or after `templates/`."""
    files = [*TEMPLATES.rglob("*.html"), *(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))]
    for path in files:
        for quoted, path_in_comment in NAME.findall(path.read_text()):
            yield quoted or path_in_comment, path.relative_to(ROOT).as_posix()


def test_every_template_is_used() -> None:
    # A template of allauth's name takes the place of allauth's.
    replaced = Path(allauth.__file__).parent / "templates"
    used = {name.partition("#")[0] for name, _file in find_references()} | ERROR_PAGES
    assert [name for name in list_templates() if name not in used and not (replaced / name).exists()] == []


def test_every_template_that_is_named_exists() -> None:
    missing = []
    for name, file in find_references():
        try:
            get_template(name)
        except Exception as error:  # a missing file, a missing partial or a syntax error: each is a finding
            missing.append(f"{file}: {name}: {error!r}")
    assert missing == []


def test_no_line_of_a_template_is_too_wide() -> None:
    wide = [
        f"{name}:{number}: {len(line)} characters"
        for name in list_templates()
        for number, line in enumerate((TEMPLATES / name).read_text().splitlines(), 1)
        if len(line) > WIDTH
    ]
    assert wide == []


@pytest.mark.parametrize("app", ["accounts", "inbox", "routing"])
def test_templates_lie_in_folders_of_the_subjects(app: str) -> None:
    """Check that the folders are called as the packages of the app are, or as the folders of its tests."""
    folders = {path.name for path in (TEMPLATES / app).iterdir() if path.is_dir()}
    subjects = {
        path.name for side in (ROOT, ROOT / "tests") for path in (side / app).iterdir() if path.is_dir()
    }
    assert folders - subjects == set()
