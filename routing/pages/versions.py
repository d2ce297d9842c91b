"""The list of numbered versions, of rules or of the playbook: who changed what and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from routing.models import PlaybookVersion, RuleSetVersion

JsonDict = dict[str, Any]
#: Versions on a page.
VERSIONS_PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """A version as the list shows it. `at` is UTC; `by` is a name, "" for the system. `may_restore`: whether the reader
    may go back to it."""

    number: int
    at: dt.datetime
    by: str
    note: str
    lines: tuple[str, ...]
    is_live: bool
    may_restore: bool


@dataclass(frozen=True, slots=True)
class VersionListSettings:
    """What the versions are of. `difference` says in sentences what the second snapshot has that the first had not."""

    model: type[RuleSetVersion] | type[PlaybookVersion]
    describe_changes: Callable[[JsonDict | None, JsonDict], list[str]]
    page_context: dict[str, str]


def list_version_entries(
    kind: VersionListSettings, before: int | None, count: int, may_restore: Callable[[JsonDict], bool]
) -> tuple[list[VersionEntry], int | None]:
    """The newest `count` versions below number `before` (None: from the newest), and where the next page starts."""
    rows = kind.model._default_manager.select_related("created_by")
    live = rows.values_list("number", flat=True).first()
    if before is not None:
        rows = rows.filter(number__lt=before)
    found = list(rows[: count + 1])
    listed = [
        VersionEntry(
            number=version.number,
            at=version.created_at,
            by=str(version.created_by or ""),
            note=version.note,
            lines=tuple(kind.describe_changes(older.snapshot if older else None, version.snapshot)),
            is_live=version.number == live,
            may_restore=version.number != live and may_restore(version.snapshot),
        )
        for version, older in zip(found[:count], [*found[1:], None], strict=False)
    ]
    return listed, found[count - 1].number if len(found) > count else None


def render_version_list(
    request: HttpRequest, kind: VersionListSettings, may_restore: Callable[[JsonDict], bool]
) -> HttpResponse:
    """The page of them, newest first; `before` in the address is where it starts."""
    before = request.GET.get("before", "")
    number = int(before) if before.isdecimal() and len(before) < 10 else None
    listed, older = list_version_entries(kind, number, VERSIONS_PER_PAGE, may_restore)
    return render(
        request, "routing/pages/versions.html", {"changes": listed, "older": older, **kind.page_context}
    )
