"""The register of brand accounts as a CSV file."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator

from accounts.models import User
from reports.dashboards.presence_review import review_row
from reports.presence.register import Entry
from wording.spans import written_span
from wording.spreadsheets import escape_formula

_COLUMNS = (
    "Account", "Network", "Owner", "Owner department", "Messages", "Needed an answer", "Answered", "Last message (UTC)",
    "Access", "Charter", "Charter until (UTC)", "Answers until (UTC)", "Promised response", "Purpose", "Audience", "Objective",
    "Persona", "On the roster", "Review due", "Suggested", "Why", "Decision", "Signed",
)  # fmt: skip


class _Line:
    """A file that holds only the line written last."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text = text


def write_register(entries: Iterable[Entry], user: User, now: dt.datetime) -> Iterator[str]:
    """Yield the lines of the file, the header first."""
    line = _Line()
    writer = csv.writer(line)
    writer.writerow(_COLUMNS)
    # A mark that tells spreadsheets that the file is in UTF-8.
    yield "\ufeff" + line.text
    for entry in entries:
        writer.writerow(map(escape_formula, _cells(entry, user, now)))
        yield line.text


def _cells(entry: Entry, user: User, now: dt.datetime) -> list[str]:
    account, seen, row = entry.account, entry.evidence, review_row(entry, user, now)
    due = account.review_due_on
    return [
        account.display_name, account.network_label, row.owner, row.owner_department,
        str(seen.messages), str(seen.needing), str(seen.answered), _moment(entry.last_message_at),
        row.access, row.charter, _moment(account.charter_until), _moment(account.answers_until),
        written_span(account.promised_response), account.purpose, account.audience, account.objective, account.persona,
        "yes" if seen.has_roster else "no", due.isoformat() if due else "",
        row.suggested, row.reason, row.decided, row.decided_by,
    ]  # fmt: skip


def _moment(at: dt.datetime | None) -> str:
    return f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}" if at else ""
