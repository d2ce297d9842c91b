"""Service levels for tests: a calendar and policies in few words, published."""

from __future__ import annotations

import datetime as dt
import uuid

from routing.models import Calendar, CalendarVersion, SLAPolicy
from routing.service_levels import versions
from tests.factories import NOW

ALWAYS = {"time_zone": "UTC", "week": [[[0, 1440]]] * 7}
#: Monday to Friday, nine to five.
OFFICE = {"time_zone": "UTC", "week": [[[540, 1020]]] * 5 + [[], []]}


def calendar(content=ALWAYS, name="Hours"):
    row, created = Calendar.objects.get_or_create(name=name)
    if created:
        CalendarVersion.objects.create(calendar=row, number=1, content=content, created_at=NOW)
    return row


def policy(content=ALWAYS, *, first=60, following=30, resolution=480, now=NOW, publish=True, **fields):
    """Create a policy with targets in minutes, and publish it unless `publish` is False."""
    values = {"name": "Everybody", "position": SLAPolicy.objects.count(), **fields}
    created = SLAPolicy.objects.create(
        key=uuid.uuid4(),
        calendar=calendar(content, f"Hours {content['week'][0]}"),
        first_response_minutes=first,
        next_response_minutes=following,
        resolution_minutes=resolution,
        **values,
    )
    if publish:
        versions.publish_service_levels(None, "tests", now)
    return created


def minutes(count):
    return dt.timedelta(minutes=count)
