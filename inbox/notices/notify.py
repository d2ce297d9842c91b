"""Telling people about cases, and about rules: each thing once a person; and what they have been told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from accounts.models import User
from inbox.live.publish import publish_notices_on_commit
from inbox.models.case import Case
from inbox.models.notice import Notice, NoticeKind
from inbox.paging import decode_cursor, encode_cursor
from inbox.visibility import queue_departments

_LONGEST_TEXT = 300
#: Rows go in the order of people, so that two who tell the same people do not wait for each other in a circle.
_INSERT_GROUPED = """
WITH told AS (
  INSERT INTO inbox_notice AS kept (user_id, kind, department_id, case_id, text, key, at, cases)
  SELECT person, %(kind)s, %(department)s, %(case)s, %(text)s, %(key)s, %(now)s, 1
  FROM unnest(%(people)s::bigint[]) person
  WHERE NOT EXISTS (SELECT FROM inbox_notice n WHERE n.user_id = person AND n.key = %(key)s)
  ORDER BY person
  ON CONFLICT (user_id, kind, department_id) WHERE department_id IS NOT NULL AND read_at IS NULL DO UPDATE
  SET at = excluded.at, text = excluded.text, case_id = excluded.case_id, cases = kept.cases + (NOT EXISTS (
    SELECT FROM inbox_noticedcase n WHERE n.notice_id = kept.id AND n.case_id = excluded.case_id))::int
  RETURNING id, case_id
)
INSERT INTO inbox_noticedcase (notice_id, case_id) SELECT id, case_id FROM told ON CONFLICT DO NOTHING
"""
#: Notices on a page; for how long those that were read are kept, and how many go at a time.
NOTICES_PER_PAGE, KEEP_READ_FOR, MOST_DELETED = 50, dt.timedelta(days=90), 5_000


def notify_users(
    user_ids: Iterable[int], case_id: int, kind: NoticeKind, text: str, *, key: str, now: dt.datetime
) -> None:
    """Tell each person once; telling the same `key` again does nothing. One statement, in the caller's transaction.

    `key` names what happened, as "breached:17:first_response:3". `text` is a sentence; what is too long is cut.
    """
    people = list(dict.fromkeys(user_ids))
    if not people:
        return
    Notice.objects.bulk_create(
        (
            Notice(user_id=user_id, case_id=case_id, kind=kind, text=text[:_LONGEST_TEXT], key=key, at=now)
            for user_id in people
        ),
        ignore_conflicts=True,
    )
    publish_notices_on_commit(people)


def notify_each(told: Iterable[tuple[int, int, str, str]], kind: NoticeKind, *, now: dt.datetime) -> None:
    """As `notify_users`, for many: (user id, case id, text, key) each. One statement."""
    all_told = list(told)
    Notice.objects.bulk_create(
        (
            Notice(user_id=user_id, case_id=case_id, kind=kind, text=text[:_LONGEST_TEXT], key=key, at=now)
            for user_id, case_id, text, key in all_told
        ),
        ignore_conflicts=True,
    )
    publish_notices_on_commit({user_id for user_id, *_ in all_told})


def notify_of_rules(user_ids: Iterable[int], version: int, text: str, *, key: str, now: dt.datetime) -> None:
    """As `notify_users`, of what version `version` of the rules does."""
    people = list(dict.fromkeys(user_ids))
    told = {
        "kind": NoticeKind.RULE,
        "rules_version": version,
        "text": text[:_LONGEST_TEXT],
        "key": key,
        "at": now,
    }
    Notice.objects.bulk_create((Notice(user_id=pk, **told) for pk in people), ignore_conflicts=True)
    publish_notices_on_commit(people)


def notify_grouped(
    user_ids: Iterable[int],
    case: Case,
    department_id: int,
    kind: NoticeKind,
    text: str,
    *,
    key: str,
    now: dt.datetime,
) -> None:
    """As `notify_users`, for people who look after a department: what they have not read yet of the same kind and department is
    one notice, which counts its cases. One statement, in the caller's transaction, which has the case under lock.
    """
    people = sorted(set(user_ids))
    if not people:
        return
    values: dict[str, Any] = {
        "people": people,
        "case": case.pk,
        "department": department_id,
        "kind": kind.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_GROUPED, {**values, "text": text[:_LONGEST_TEXT], "key": key, "now": now})
    publish_notices_on_commit(people)


def notices_page(user: User, after: str) -> tuple[list[Notice], str]:
    """The newest notices of a person behind the cursor `after` ("" for the first page), and the next page's cursor,
    "" on the last one. Each has `readable`: whether they may open its case now, the queue of what stands for many,
    or the version of the rules. One statement.
    """
    seen = Exists(Case.objects.visible_to(user).filter(pk=OuterRef("case_id")))
    watched = Exists(Case.objects.watched_by(user).filter(pk=OuterRef("case_id")))
    rows: QuerySet[Notice] = Notice.objects.filter(user=user).annotate(readable=seen | watched)
    rows = rows.select_related("department")
    if (cursor := decode_cursor(after)) is not None:
        at, pk = cursor
        rows = rows.filter(at__lte=at).exclude(at=at, pk__gte=pk)
    found = list(rows.order_by("-at", "-pk")[: NOTICES_PER_PAGE + 1])
    more = len(found) > NOTICES_PER_PAGE
    for one in found:
        if one.rules_version is not None:
            one.readable = True  # type: ignore[attr-defined]
        elif one.is_grouped:
            one.readable = notice_queue_url(one, user) != ""  # type: ignore[attr-defined]
    return found[:NOTICES_PER_PAGE], encode_cursor(
        found[NOTICES_PER_PAGE - 1].at, found[NOTICES_PER_PAGE - 1].pk
    ) if more else ""


def notice_queue_url(notice: Notice, user: User) -> str:
    """The address of the queue that shows what a notice of several cases counts; "" where the user has no such queue."""
    department = next((one for one in queue_departments(user) if one.pk == notice.department_id), None)
    if department is None:
        return ""
    sort = "due" if notice.kind == NoticeKind.DUE_SOON else "overdue"
    return f"{reverse('inbox:queue_department', args=[department.slug])}?sort={sort}"


def mark_notices_read(
    user: User, now: dt.datetime, *, only: int | None = None, until: int | None = None
) -> int:
    """Mark one notice (`only`), those up to one (`until`), or all as read; how many were not before."""
    rows = Notice.objects.filter(user=user, read_at__isnull=True)
    if only is not None:
        rows = rows.filter(pk=only)
    if until is not None:
        rows = rows.filter(pk__lte=until)
    marked = rows.update(read_at=now)
    if marked:
        publish_notices_on_commit([user.pk])
    return marked


def delete_old_notices(now: dt.datetime) -> int:
    """Remove notices that were read long ago; housekeeping. How many went."""
    old = Notice.objects.filter(read_at__lt=now - KEEP_READ_FOR).values_list("pk", flat=True)[:MOST_DELETED]
    return Notice.objects.filter(pk__in=list(old)).delete()[0]
