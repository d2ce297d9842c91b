"""The Celery tasks of reports: thin, one call each.

Each may run twice or not at all: what they call claims its work in Postgres.
"""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from reports.exports.long_writing import write_next_file
from reports.exports.schedules import send_due_reports
from reports.history.working import work_on_imports
from reports.presence.counting import count_when_due
from reports.rollups.refreshing import refresh_for
from reports.topics.working import work_on_topics

#: A run ends after about so many seconds; the next goes on where it ended.
_SECONDS = 8.0


@shared_task
def count_account_figures() -> None:
    """Count the figures of the presence review again when they are due."""
    count_when_due(timezone.now())


@shared_task
def refresh_rollups() -> None:
    """Bring facts and cells of the reports up to date."""
    refresh_for(_SECONDS)


@shared_task
def refresh_topics() -> None:
    """Read the topics of changed cases, and look for those that rise."""
    work_on_topics(timezone.now(), _SECONDS)


@shared_task
def send_scheduled_reports() -> None:
    """Send the saved reports that are due by mail."""
    send_due_reports(timezone.now())


@shared_task
def work_on_history() -> None:
    """Go on with an import that somebody asked for."""
    work_on_imports(_SECONDS)


@shared_task
def write_long_files() -> None:
    """Write the next file that takes long; delete those that are not kept any longer."""
    write_next_file()
