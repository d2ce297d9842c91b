"""Saved reports by mail: due times, one delivery a person and due time, what became of it."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.audit.recording import record_change
from accounts.models import AuditVerb, User
from reports.exports.mails import MailProblem, send_report
from reports.models import Cadence, DeliveryState, ReportDelivery, ReportSchedule, SavedReport
from wording.times import company_zone

_LOG = logging.getLogger(__name__)
#: A mail that nobody took up for so long is not sent any more: its numbers would be old.
_STALE = dt.timedelta(hours=12)
#: After so long a mail that was being sent counts as unknown.
_LOST = dt.timedelta(minutes=15)
#: Mails that one run of the task sends.
_MOST = 50


def set_schedule(
    report: SavedReport,
    by: User,
    cadence: str,
    hour: int,
    recipients: Iterable[User],
    *,
    site: str,
    now: dt.datetime,
) -> None:
    """Say when a report is sent, and to whom; no cadence ends it."""
    people = list(recipients)
    with transaction.atomic():
        ReportSchedule.objects.filter(report=report).delete()
        words = "nobody"
        if cadence and people:
            due_at = next_due(cadence, hour, now, company_zone())
            schedule = ReportSchedule.objects.create(
                report=report, cadence=cadence, hour=hour, due_at=due_at, site=site
            )
            schedule.recipients.set(people)
            words = f"{', '.join(map(str, people))}, {schedule.get_cadence_display()} at {hour}:00"
        change = {"name": "Sent to", "from": "", "to": words}
        record_change(AuditVerb.REPORT_SCHEDULED, report.name, [change], by=by)


def next_due(cadence: str, hour: int, after: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return the next due time after `after`."""
    day = after.astimezone(zone).date()
    while True:
        due_at = dt.datetime.combine(day, dt.time(hour), zone).astimezone(dt.UTC)
        is_day = {Cadence.DAILY: True, Cadence.WEEKLY: day.weekday() == 0, Cadence.MONTHLY: day.day == 1}
        if due_at > after and is_day[Cadence(cadence)]:
            return due_at
        day += dt.timedelta(days=1)


def send_due_reports(now: dt.datetime) -> int:
    """Send what is due; return how many mails were sent.

    May run twice at once, or after a crash: of a delivery only who takes it up sends it, and nobody takes it up twice.
    """
    _plan_deliveries(now)
    _give_up_lost(now)
    sent = 0
    for _ in range(_MOST):
        delivery = _take_up(now)
        if delivery is None:
            break
        sent += _deliver(delivery, now)
    return sent


def _plan_deliveries(now: dt.datetime) -> None:
    """Write the deliveries of what is due, and its next due time."""
    with transaction.atomic():
        due = ReportSchedule.objects.filter(due_at__lte=now).select_for_update(skip_locked=True)
        for schedule in due:
            ReportDelivery.objects.bulk_create(
                [
                    ReportDelivery(
                        report_id=schedule.report_id, recipient_id=person.pk, due_at=schedule.due_at, at=now
                    )
                    for person in schedule.recipients.all()
                ],
                ignore_conflicts=True,
            )
            # The mails of a week in which nothing ran are one mail.
            schedule.due_at = next_due(schedule.cadence, schedule.hour, now, company_zone())
            schedule.save(update_fields=["due_at"])


def _give_up_lost(now: dt.datetime) -> None:
    lost = ReportDelivery.objects.filter(state=DeliveryState.SENDING, at__lt=now - _LOST)
    lost.update(
        state=DeliveryState.FAILED,
        problem="Horseshoe stopped while this was being sent, so nobody knows whether it arrived. It is not sent again.",
    )
    old = ReportDelivery.objects.filter(state=DeliveryState.WAITING, at__lt=now - _STALE)
    old.update(state=DeliveryState.FAILED, problem="It could not be sent in time.", at=now)


def _take_up(now: dt.datetime) -> ReportDelivery | None:
    with transaction.atomic():
        waiting = ReportDelivery.objects.filter(state=DeliveryState.WAITING).order_by("at", "pk")
        delivery = waiting.select_for_update(skip_locked=True, of=("self",)).first()
        if delivery is not None:
            delivery.state, delivery.at = DeliveryState.SENDING, now
            delivery.save(update_fields=["state", "at"])
    return delivery


def _deliver(delivery: ReportDelivery, now: dt.datetime) -> bool:
    """Send one mail, and write what became of it."""
    try:
        send_report(delivery, now=now)
    except MailProblem as problem:
        state, words = DeliveryState.FAILED, str(problem)
    except Exception:
        _LOG.exception("A report could not be sent.")
        state, words = DeliveryState.FAILED, "An error stopped it; the log of the server says more."
    else:
        state, words = DeliveryState.SENT, ""
    ReportDelivery.objects.filter(pk=delivery.pk).update(state=state, problem=words, at=now)
    return state == DeliveryState.SENT
