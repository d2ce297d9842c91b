"""List the versions of the rules or of the playbook.

Each entry says who changed what and when.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from routing.models import PlaybookVersion, RuleSetVersion

JsonDict = dict[str, Any]
VERSIONS_PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """A version as the list shows it.

    `at` is UTC; `by` is a name, "" for the system. `may_restore` is True when the reader may restore it.
    """

    number: int
    at: dt.datetime
    by: str
    note: str
    lines: tuple[str, ...]
    is_live: bool
    may_restore: bool


@dataclass(frozen=True, slots=True)
class VersionListSettings:
    """The kind of versions that a list shows.

    `describe_changes` returns, as sentences, the changes from the first snapshot (None for no snapshot) to the
    second. `page_context` holds titles and addresses for the template.
    """

    model: type[RuleSetVersion] | type[PlaybookVersion]
    describe_changes: Callable[[JsonDict | None, JsonDict], list[str]]
    page_context: dict[str, str]


def list_version_entries(
    settings: VersionListSettings, before: int | None, count: int, may_restore: Callable[[JsonDict], bool]
) -> tuple[list[VersionEntry], int | None]:
    """Return the newest `count` versions, and where the next page starts.

    With `before`, only versions with a lower number are returned. The next page starts below the returned number,
    None when there is none. Two statements.
    """
    rows = settings.model._default_manager.select_related("created_by")
    live = rows.values_list("number", flat=True).first()
    if before is not None:
        rows = rows.filter(number__lt=before)
    versions = list(rows[: count + 1])
    entries = [
        VersionEntry(
            number=version.number,
            at=version.created_at,
            by=str(version.created_by or ""),
            note=version.note,
            lines=tuple(settings.describe_changes(older.snapshot if older else None, version.snapshot)),
            is_live=version.number == live,
            may_restore=version.number != live and may_restore(version.snapshot),
        )
        for version, older in zip(versions[:count], [*versions[1:], None], strict=False)
    ]
    return entries, versions[count - 1].number if len(versions) > count else None


def render_version_list(
    request: HttpRequest, settings: VersionListSettings, may_restore: Callable[[JsonDict], bool]
) -> HttpResponse:
    """Render the page of the versions, newest first.

    It shows those below the number `before` in the query string, if any. `may_restore` takes a snapshot and returns
    whether the user may restore it.
    """
    before = request.GET.get("before", "")
    number = int(before) if before.isdecimal() and len(before) < 10 else None
    entries, older = list_version_entries(settings, number, VERSIONS_PER_PAGE, may_restore)
    return render(
        request, "routing/pages/versions.html", {"changes": entries, "older": older, **settings.page_context}
    )
