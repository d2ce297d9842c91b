"""Notices by e-mail: at once, or together in a digest. Each is sent once, and never when it was read meanwhile.

A mail names cases by their number; what notices say is quoted only for those who chose so, of cases that they may
still read. Mails leave outside of transactions. A worker that is killed while a mail leaves is followed by another one
after `_LOST`, with the same Message-ID, by which mail programs recognise it.
"""

from __future__ import annotations

import datetime as dt
import logging
import smtplib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import User
from inbox.models import Notice, NoticeMail, NoticeSettings, NoticeWay
from inbox.notices.notify import may_read_case
from inbox.notices.preferences import (
    URGENT_KINDS,
    is_quiet,
    last_digest_time,
    list_quiet_people,
    wanted_by,
    zone_of,
)
from wording.times import display_time, show_times_in

logger = logging.getLogger(__name__)

#: So long a notice waits for being read on a page before it is sent, and for others with which it is sent.
SETTLE = dt.timedelta(minutes=1)
#: Older notices are not sent any more.
_STALE = dt.timedelta(days=2)
#: After so long without a word a mail that was being sent is sent again.
_LOST = dt.timedelta(minutes=15)
#: Pauses after failures; after the last one the mail is given up, and administrators see it.
_PAUSES = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120))
#: Notices that one run reads.
_MOST = 500


@dataclass(frozen=True, slots=True)
class FailedMails:
    """Mails to one person that failed lately, for administrators."""

    person: User
    error: str
    at: dt.datetime
    is_given_up: bool


def send_notice_mails(now: dt.datetime) -> int:
    """Send the mails that are due, at once and as digests; return how many were sent.

    May run twice at once: of a notice only who inserts or renews its row sends it.
    """
    if not settings.EMAIL_URL:
        return 0
    by_person: dict[User, list[Notice]] = defaultdict(list)
    for notice in _due_at_once(now) + _due_by_digest(now):
        by_person[notice.user].append(notice)
    sent = 0
    for person, notices in by_person.items():
        if mine := _claim(notices, now):
            sent += _send(person, mine, now)
    return sent


def _candidates(now: dt.datetime) -> QuerySet[Notice]:
    """Select unread notices whose mail is due, also again.

    Only those of people who have not left.
    """
    tried = NoticeMail.objects.filter(notice=OuterRef("pk"))
    again = tried.filter(next_at__lte=now, sent_at__isnull=True)
    unread = Notice.objects.filter(read_at__isnull=True, at__gt=now - _STALE, at__lte=now - SETTLE)
    unread = unread.filter(Q(~Exists(tried)) | Q(Exists(again)), user__is_active=True)
    unread = unread.exclude(user__email="")
    return unread.select_related("user__notice_settings", "department").order_by("at", "pk")


def _due_at_once(now: dt.datetime) -> list[Notice]:
    may_come_now = Q(kind__in=sorted(URGENT_KINDS)) | ~Q(user__in=list_quiet_people(now))
    return list(_candidates(now).filter(wanted_by(NoticeWay.MAIL)).filter(may_come_now)[:_MOST])


def _due_by_digest(now: dt.datetime) -> list[Notice]:
    """Return what the digests that are due contain. Their time counts as done: what fails is tried again by itself."""
    everybody = NoticeSettings.objects.filter(user__is_active=True, digest_until__isnull=False)
    due: dict[int, dt.datetime] = {}
    for chosen in everybody.select_related("user"):
        zone = zone_of(chosen.user)
        at = last_digest_time(chosen, zone, now)
        if chosen.digest_until is not None and at > chosen.digest_until and not is_quiet(chosen, zone, now):
            due[chosen.pk] = at
    readers = set()
    for pk, at in due.items():
        mine = NoticeSettings.objects.filter(pk=pk, digest_until__lt=at)
        if mine.update(digest_until=at):
            readers.add(pk)
    fresh = Q(user__notice_settings__in=readers)
    again = Q(mail__next_at__lte=now)
    rows = _candidates(now).filter(wanted_by(NoticeWay.DIGEST)).exclude(wanted_by(NoticeWay.MAIL))
    return list(rows.filter(fresh | again)[:_MOST])


def _claim(notices: Sequence[Notice], now: dt.datetime) -> list[Notice]:
    """Take notices up; return those that nobody else has taken up."""
    ids = [notice.pk for notice in notices]
    again = NoticeMail.objects.filter(notice__in=ids, next_at__lte=now, sent_at__isnull=True)
    mine = {pk for pk in again.values_list("notice_id", flat=True) if _renew(pk, now)}
    tried = set(NoticeMail.objects.filter(notice__in=ids).values_list("notice_id", flat=True))
    for pk in set(ids) - tried:
        _, is_new = NoticeMail.objects.get_or_create(notice_id=pk, defaults={"next_at": now + _LOST})
        if is_new:
            mine.add(pk)
    unread = set(Notice.objects.filter(pk__in=mine, read_at__isnull=True).values_list("pk", flat=True))
    return [notice for notice in notices if notice.pk in unread]


def _renew(notice_id: int, now: dt.datetime) -> bool:
    due = NoticeMail.objects.filter(notice=notice_id, next_at__lte=now, sent_at__isnull=True)
    return due.update(next_at=now + _LOST, attempts=F("attempts") + 1) == 1


def _send(person: User, notices: Sequence[Notice], now: dt.datetime) -> int:
    mails = NoticeMail.objects.filter(notice__in=[notice.pk for notice in notices])
    try:
        _write_mail(person, notices, now).send()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        # ValueError: an address or a subject that no mail can carry. It must not stop the mails to others.
        logger.warning("A mail of notices to person %s failed: %s", person.pk, type(error).__name__)
        for mail in mails:
            mail.error = type(error).__name__[:80]
            is_over = mail.attempts > len(_PAUSES)
            mail.next_at = None if is_over else now + _PAUSES[mail.attempts - 1]
            mail.save(update_fields=["error", "next_at"])
        return 0
    mails.update(sent_at=now, next_at=None, error="")
    return 1


def _write_mail(person: User, notices: Sequence[Notice], now: dt.datetime) -> EmailMultiAlternatives:
    # Selected together with the person; None for somebody who never chose.
    chosen: NoticeSettings | None = getattr(person, "notice_settings", None)
    by_case: dict[int | None, list[Notice]] = defaultdict(list)
    for notice in notices:
        by_case[notice.case_id].append(notice)
    quoted = _list_quotable(person, notices) if chosen and chosen.with_text else set()
    with show_times_in(lambda: person.time_zone):
        context = {
            "groups": [
                {
                    "title": f"Case {case_id}" if case_id else "Other notices",
                    "address": f"{settings.SITE_URL}{reverse('inbox:case', args=[case_id])}"
                    if case_id
                    else "",
                    "lines": [_describe(row, now, with_text=row.pk in quoted) for row in rows],
                }
                for case_id, rows in by_case.items()
            ],
            "notices_address": f"{settings.SITE_URL}{reverse('inbox:notices')}",
            "preferences_address": f"{settings.SITE_URL}{reverse('inbox:notice_settings')}",
        }
    mail = EmailMultiAlternatives(
        _subject(notices), render_to_string("inbox/notices/mail.txt", context), to=[person.email]
    )
    mail.attach_alternative(render_to_string("inbox/notices/mail.html", context), "text/html")
    domain = settings.SITE_URL.rpartition("/")[2].partition(":")[0]
    mail.extra_headers = {
        "Message-ID": f"<notices.{person.pk}.{'.'.join(str(row.pk) for row in notices[:20])}@{domain}>",
        "List-Unsubscribe": f"<{context['preferences_address']}>",
        "Auto-Submitted": "auto-generated",
    }
    return mail


def _list_quotable(person: User, notices: Sequence[Notice]) -> set[int]:
    """Return the ids of the notices that may be quoted.

    Those of no case, and of cases that the person may still read.
    """
    mine = Notice.objects.filter(pk__in=[notice.pk for notice in notices])
    return set(mine.filter(Q(case=None) | may_read_case(person)).values_list("pk", flat=True))


def _subject(notices: Sequence[Notice]) -> str:
    if len(notices) > 1:
        return f"{len(notices)} notices in Horseshoe"
    (notice,) = notices
    where = f": case {notice.case_id}" if notice.case_id else ""
    return f"{notice.get_kind_display()}{where}"


def _describe(notice: Notice, now: dt.datetime, *, with_text: bool) -> dict[str, str]:
    return {
        "kind": notice.get_kind_display(),
        "when": display_time(notice.at, now).exact,
        "text": notice.current_text if with_text else "",
    }


def list_failed_mails(now: dt.datetime) -> list[FailedMails]:
    """Return the newest mails that failed in the last week, for administrators. One statement."""
    failed = NoticeMail.objects.exclude(error="").filter(notice__at__gt=now - dt.timedelta(days=7))
    rows = failed.select_related("notice__user").order_by("-notice__at", "-pk")[:50]
    return [FailedMails(row.notice.user, row.error, row.notice.at, row.next_at is None) for row in rows]
