"""Write notices, each once per person, and list them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from accounts.models import User
from inbox.live.publish import publish_notices_on_commit
from inbox.models.case import Case
from inbox.models.notice import Notice, NoticeKind
from inbox.notices.preferences import muted_kinds
from inbox.visibility import queue_departments
from postgres.paging import decode_cursor, encode_cursor

_LONGEST_TEXT = 300
#: Rows are inserted in the order of people, so that two transactions that notify the same people do not deadlock.
_INSERT_GROUPED = """
WITH written AS (
  INSERT INTO inbox_notice AS stored (user_id, kind, department_id, case_id, text, key, at, cases)
  SELECT person, %(kind)s, %(department)s, %(case)s, %(text)s, %(key)s, %(now)s, 1
  FROM unnest(%(people)s::bigint[]) person
  WHERE NOT EXISTS (SELECT FROM inbox_notice n WHERE n.user_id = person AND n.key = %(key)s)
  ORDER BY person
  ON CONFLICT (user_id, kind, department_id) WHERE department_id IS NOT NULL AND read_at IS NULL DO UPDATE
  SET at = excluded.at, text = excluded.text, case_id = excluded.case_id, cases = stored.cases + (NOT EXISTS (
    SELECT FROM inbox_noticedcase n WHERE n.notice_id = stored.id AND n.case_id = excluded.case_id))::int
  RETURNING id, case_id
)
INSERT INTO inbox_noticedcase (notice_id, case_id) SELECT id, case_id FROM written ON CONFLICT DO NOTHING
"""
#: Notices on a page; how long notices are kept after they were read; how many are deleted at a time.
NOTICES_PER_PAGE, KEEP_READ_FOR, MOST_DELETED = 50, dt.timedelta(days=90), 5_000


def notify_users(
    user_ids: Iterable[int], case_id: int, kind: NoticeKind, text: str, *, key: str, now: dt.datetime
) -> None:
    """Notify each person once; the same `key` again does nothing.

    `key` identifies the event, such as "breached:17:first_response:3". `text` is a sentence, cut to 300 characters.
    One statement, in the caller's transaction.
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


def notify_each(rows: Iterable[tuple[int, int, str, str]], kind: NoticeKind, *, now: dt.datetime) -> None:
    """Write many notices of one kind, each with its own text.

    `rows` are (user id, case id, text, key). The same key again does nothing; texts are cut to 300 characters. One
    statement, in the caller's transaction.
    """
    all_rows = list(rows)
    Notice.objects.bulk_create(
        (
            Notice(user_id=user_id, case_id=case_id, kind=kind, text=text[:_LONGEST_TEXT], key=key, at=now)
            for user_id, case_id, text, key in all_rows
        ),
        ignore_conflicts=True,
    )
    publish_notices_on_commit({user_id for user_id, *_ in all_rows})


def notify_of_rules(user_ids: Iterable[int], version: int, text: str, *, key: str, now: dt.datetime) -> None:
    """Notify each person once of a version of the rules.

    `version` is its number, `text` describes it, `key` is as in `notify_users`. One statement.
    """
    people = list(dict.fromkeys(user_ids))
    values = {
        "kind": NoticeKind.RULE,
        "rules_version": version,
        "text": text[:_LONGEST_TEXT],
        "key": key,
        "at": now,
    }
    Notice.objects.bulk_create((Notice(user_id=pk, **values) for pk in people), ignore_conflicts=True)
    publish_notices_on_commit(people)


def notify_of_brand_account(
    user_ids: Iterable[int], brand_account_id: int, kind: NoticeKind, text: str, *, key: str, now: dt.datetime
) -> None:
    """Notify each person once of something about a brand account.

    `text` and `key` are as in `notify_users`. One statement, none without people.
    """
    people = sorted(set(user_ids))
    values = {"kind": kind, "brand_account_id": brand_account_id, "text": text[:_LONGEST_TEXT]}
    rows = [Notice(user_id=pk, key=key, at=now, **values) for pk in people]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    publish_notices_on_commit(people)


def notify_of_learning_item(
    user_ids: Iterable[int], item_id: int, kind: NoticeKind, text: str, *, key: str, now: dt.datetime
) -> None:
    """Notify each person once of something about a learning item.

    `text` and `key` are as in `notify_users`. One statement, none without people.
    """
    people = sorted(set(user_ids))
    rows = [
        Notice(user_id=pk, learning_item_id=item_id, kind=kind, text=text[:_LONGEST_TEXT], key=key, at=now)
        for pk in people
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    publish_notices_on_commit(people)


def notify_of_file(user_id: int, export_number: int, text: str, *, key: str, now: dt.datetime) -> None:
    """Notify a person once of a file that took long.

    `text` and `key` are as in `notify_users`. One statement.
    """
    row = Notice(user_id=user_id, export_number=export_number, kind=NoticeKind.FILE, key=key, at=now)
    row.text = text[:_LONGEST_TEXT]
    Notice.objects.bulk_create([row], ignore_conflicts=True)
    publish_notices_on_commit([user_id])


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
    """Notify people of a case, with one notice for each department.

    For people who are responsible for a department: an unread notice of the same kind and department is updated and
    counts one more case. The same `key` again does nothing. One statement, in the caller's transaction, which has
    locked the case.
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


def may_read_case(user: User) -> Q:
    """Return a condition of notices: that the person may now read the case."""
    seen = Exists(Case.objects.visible_to(user).filter(pk=OuterRef("case_id")))
    return seen | Exists(Case.objects.watched_by(user).filter(pk=OuterRef("case_id")))


def notices_page(user: User, after: str, most: int = NOTICES_PER_PAGE) -> tuple[list[Notice], str]:
    """Return a page of a person's notices, and the next page's cursor.

    At most `most`, newest first, after the cursor `after`, "" for the first page; the next cursor is "" on the last page. Each notice
    has `is_new`, whether the bell counts it, and `readable`: whether the person may now open its case, the queue of the cases that it counts, the version of
    the rules, the brand account, the learning item, or the file. One statement.
    """
    is_new = Q(read_at__isnull=True) & ~Q(kind__in=muted_kinds(user))
    rows: QuerySet[Notice] = Notice.objects.filter(user=user).annotate(
        readable=may_read_case(user), is_new=is_new
    )
    rows = rows.select_related("department")
    if (cursor := decode_cursor(after)) is not None:
        at, pk = cursor
        rows = rows.filter(at__lte=at).exclude(at=at, pk__gte=pk)
    notices = list(rows.order_by("-at", "-pk")[: most + 1])
    more = len(notices) > most
    for notice in notices:
        if notice.case_id is None:
            notice.readable = True  # type: ignore[attr-defined]
        elif notice.is_grouped:
            notice.readable = notice_queue_url(notice, user) != ""  # type: ignore[attr-defined]
    return notices[:most], encode_cursor(notices[most - 1].at, notices[most - 1].pk) if more else ""


def unread_notices(user: User) -> QuerySet[Notice]:
    """Return the notices that the bell counts: without kinds whose bell the person has switched off."""
    return Notice.objects.filter(user=user, read_at__isnull=True).exclude(kind__in=muted_kinds(user))


def delete_unread_notices(notices: QuerySet[Notice]) -> None:
    """Delete the unread ones of these notices.

    What they say was undone.
    """
    unread = notices.filter(read_at__isnull=True)
    people = set(unread.values_list("user_id", flat=True))
    if people:
        unread.delete()
        publish_notices_on_commit(people)


def notice_queue_url(notice: Notice, user: User) -> str:
    """Return the address of the queue with a notice's cases.

    For a notice that counts several cases; "" if the user has no such queue.
    """
    if notice.kind in (NoticeKind.NOT_SENT, NoticeKind.UNCONFIRMED):
        return reverse("inbox:queue_unsent")
    if notice.kind == NoticeKind.TO_APPROVE:
        return reverse("inbox:approvals")
    department = next((row for row in queue_departments(user) if row.pk == notice.department_id), None)
    if department is None:
        return ""
    sort = "due" if notice.kind == NoticeKind.DUE_SOON else "overdue"
    return f"{reverse('inbox:queue_department', args=[department.slug])}?sort={sort}"


def mark_notices_read(
    user: User, now: dt.datetime, *, only: int | None = None, until: int | None = None
) -> int:
    """Mark notices as read; return how many were unread.

    One (`only`), those with ids up to `until`, or all of the user's.
    """
    rows = Notice.objects.filter(user=user, read_at__isnull=True)
    if only is not None:
        rows = rows.filter(pk=only)
    if until is not None:
        rows = rows.filter(pk__lte=until)
    count = rows.update(read_at=now)
    if count:
        publish_notices_on_commit([user.pk])
    return count


def delete_old_notices(now: dt.datetime) -> int:
    """Delete notices that were read long ago; return how many.

    Housekeeping: at most `MOST_DELETED` at a time.
    """
    old = Notice.objects.filter(read_at__lt=now - KEEP_READ_FOR).values_list("pk", flat=True)[:MOST_DELETED]
    return Notice.objects.filter(pk__in=list(old)).delete()[0]
