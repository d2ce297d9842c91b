"""A saved report as a mail: what the receiver may see, as HTML, as text, and its tables as CSV."""

from __future__ import annotations

import datetime as dt
import smtplib
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from inbox.reach_words import describe_reach
from reports.behind.selections import Selection
from reports.dashboards.boards import Board
from reports.dashboards.selection import describe_filters
from reports.exports.csv_files import name_file, write_csv
from reports.exports.page_tables import PageTable, read_tables
from reports.exports.pages import render_board, select_saved
from reports.models import ReportDelivery, ReportSchedule
from reports.periods import name_days
from reports.scopes import describe_left_out


class MailProblem(Exception):
    """The reason why a report was not sent, in words for its owner."""


def send_report(delivery: ReportDelivery, *, now: dt.datetime) -> None:
    """Send one mail; raise `MailProblem` when it cannot be sent."""
    person, report = delivery.recipient, delivery.report
    if not settings.EMAIL_URL:
        raise MailProblem("No mail server is set up (EMAIL_URL).")
    if not person.is_active or not person.email:
        raise MailProblem(
            f"{person} has no e-mail address." if person.is_active else f"{person} was deactivated."
        )
    selected = select_saved(report, person, now=now)
    if selected is None:
        raise MailProblem(
            f"{person} may see nothing of what it is narrowed to, or its page no longer exists."
        )
    board, selection = selected
    tables = read_tables(render_board(board, selection))
    days = name_days(selection.period, now)
    context = _describe(delivery, board, selection) | {
        "days": days,
        "tables": [_show(table) for table in tables],
    }
    mail = EmailMultiAlternatives(
        f"{report.name}: {days}", render_to_string("reports/saved/mail.txt", context), to=[person.email]
    )
    mail.attach_alternative(render_to_string("reports/saved/mail.html", context), "text/html")
    for table in tables:
        content = b"".join(write_csv(table.header, table.rows))
        mail.attach(
            name_file(report.name, table.key.removesuffix("-table"), days, kind="csv"), content, "text/csv"
        )
    try:
        mail.send()
    except (OSError, smtplib.SMTPException) as error:
        raise MailProblem(
            f"The mail server refused it or did not answer ({type(error).__name__})."
        ) from error


def _describe(delivery: ReportDelivery, board: Board, selection: Selection) -> dict[str, Any]:
    schedule = ReportSchedule.objects.filter(report=delivery.report_id).first()
    return {
        "report": delivery.report,
        "board": board,
        "zone": str(selection.period.zone),
        "filters": describe_filters(selection),
        "reach": describe_reach(selection.user),
        "left_out": describe_left_out(selection.user),
        "address": f"{schedule.site}{selection.page_href(board.url_name)}" if schedule else "",
    }


def _show(table: PageTable) -> dict[str, Any]:
    lines = [
        "  ".join(f"{name}: {value}" for name, value in zip(table.names, row, strict=False) if value)
        for row in table.shown
    ]
    return {"title": table.title, "header": table.names, "rows": table.shown, "lines": lines}
