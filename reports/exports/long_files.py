"""Files that take long: asked for, written in parts by a worker, kept for some days for the person who asked.

A worker claims a file by its lease and extends it with each part. One that dies loses its lease, and the file is begun anew:
the rows come from one statement, so that a file never holds half of yesterday.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import astuple, dataclass

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone

from accounts.access import viewer
from accounts.models import User
from inbox.models import Erasure
from reports.behind.lists import NumberList
from reports.behind.numbers import list_behind
from reports.behind.selections import Selection, read_selection
from reports.filters import Filters, read_narrowed
from reports.models import UNFINISHED, ExportFile, ExportPart, ExportState
from wording.times import company_zone

#: Lists with more rows than this are written in the background; shorter ones are sent at once.
LONG_FROM = 20_000
#: How long a file is kept; how long its row says what became of it.
KEPT_FOR, REMEMBERED_FOR = dt.timedelta(days=7), dt.timedelta(days=100)
#: Files of one person that may be unfinished at once.
MOST_UNFINISHED = 5

_ERASED = "A customer was erased since, and the file may have held their words."
_KEPT = f"Files are kept for {KEPT_FOR.days} days."
#: Parameters of an address that say nothing about which rows it lists.
_NOT_ROWS = ("after", "saved")


@dataclass(frozen=True, slots=True)
class AskedList:
    """A list behind a number as an address asks for it, and a digest of what its reader may see."""

    chosen: Selection
    filters: Filters
    behind: NumberList
    reach: str


def find_list(query: QueryDict, user: User, *, now: dt.datetime) -> AskedList | None:
    """Return the list that an address asks for; None where it names none that the reader may see."""
    chosen = read_selection(query, user, now=now, zone=company_zone())
    filters = read_narrowed(query, user)
    behind = list_behind(user, chosen.period, filters, query, now=now)
    if behind is None:
        return None
    own = viewer(user)
    sees = (user.role, sorted(own.department_ids), sorted(own.brand_account_ids), astuple(filters))
    return AskedList(chosen, filters, behind, hashlib.sha256(repr(sees).encode()).hexdigest())


def find_again(file: ExportFile) -> AskedList | None:
    """Return the list of a file by its owner's present rights.

    None if they may not see it any longer.
    """
    owner = file.owner
    if not viewer(owner).may("export"):
        return None
    return find_list(QueryDict(file.query), owner, now=file.asked_at)


def ask_for_file(query: QueryDict, asked: AskedList, *, total: int, file_name: str) -> ExportFile:
    """Return the file that is being written of a list; a new one if there is none.

    A person with many unfinished files gets the oldest of them, and no new one.
    """
    owner, wanted = asked.chosen.user, _write_query(query)
    mine = ExportFile.objects.filter(owner=owner, state__in=UNFINISHED).order_by("id")
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    unfinished = list(mine)
    if same := [file for file in unfinished if file.digest == digest]:
        return same[0]
    if len(unfinished) >= MOST_UNFINISHED:
        return unfinished[0]
    try:
        with transaction.atomic():
            return ExportFile.objects.create(
                owner=owner,
                title=asked.behind.title[:200],
                file_name=file_name[:200],
                query=wanted,
                digest=digest,
                asked_at=asked.chosen.now,
                total=total,
            )
    except IntegrityError:
        return mine.get(digest=digest)


def _write_query(query: QueryDict) -> str:
    """Return a query string in one order.

    The same question has the same one.
    """
    ordered = QueryDict(mutable=True)
    for name in sorted(set(query) - set(_NOT_ROWS)):
        ordered.setlist(name, query.getlist(name))
    return ordered.urlencode()


def may_fetch(file: ExportFile) -> bool:
    """Return whether its owner may still fetch a file.

    They may as long as they see what they saw when it was written.
    """
    asked = find_again(file)
    return asked is not None and asked.reach == file.reach


def is_kept(file: ExportFile, now: dt.datetime) -> bool:
    """Return whether a file is there to be fetched: neither too old, nor older than an erasure."""
    is_young = file.expires_at is not None and now < file.expires_at
    return file.state == ExportState.READY and is_young and file.erasures == count_erasures()


def count_erasures() -> int:
    """Return how many customers have been erased so far."""
    return Erasure.objects.count()


@transaction.atomic
def cancel_file(file: ExportFile) -> bool:
    """Cancel a file that is not finished. Return whether it was not."""
    unfinished = ExportFile.objects.filter(pk=file.pk, state__in=UNFINISHED)
    if not unfinished.update(state=ExportState.CANCELLED, finished_at=timezone.now(), lease_until=None):
        return False
    ExportPart.objects.filter(export_file=file).delete()
    return True


@transaction.atomic
def forget_files() -> None:
    """Delete all files when a customer is erased.

    Any may hold their words. Unfinished ones are begun anew. In the transaction of the erasing. A worker that is writing stops at its next part.
    """
    written = ExportFile.objects.filter(state__in=(ExportState.WRITING, ExportState.READY))
    _lock(written)
    written.filter(state=ExportState.WRITING).update(
        state=ExportState.WAITING, rows=0, size=0, lease_until=None
    )
    ready = ExportFile.objects.filter(state=ExportState.READY)
    ready.update(state=ExportState.DELETED, problem=_ERASED, expires_at=None)
    ExportPart.objects.all().delete()


@transaction.atomic
def delete_old_files(now: dt.datetime) -> None:
    """Delete files that are too old.

    They were kept long enough, or are older than an erasure.
    """
    ready = ExportFile.objects.filter(state=ExportState.READY)
    for old, problem in (
        (ready.filter(expires_at__lte=now), _KEPT),
        (ready.filter(erasures__lt=count_erasures()), _ERASED),
    ):
        if ids := _lock(old):
            ExportFile.objects.filter(pk__in=ids).update(state=ExportState.DELETED, problem=problem)
            ExportPart.objects.filter(export_file__in=ids).delete()
    ExportFile.objects.filter(asked_at__lt=now - REMEMBERED_FOR).exclude(state__in=UNFINISHED).delete()


def _lock(files: QuerySet[ExportFile]) -> list[int]:
    """Lock files in one order, and return their ids.

    Two who delete then do not wait for each other.
    """
    return list(files.order_by("id").select_for_update().values_list("pk", flat=True))
