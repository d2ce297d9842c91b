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
    found, created = Calendar.objects.get_or_create(name=name)
    if created:
        CalendarVersion.objects.create(calendar=found, number=1, content=content, created_at=NOW)
    return found


def policy(content=ALWAYS, *, first=60, following=30, resolution=480, now=NOW, publish=True, **fields):
    """A policy with targets in minutes; published unless told otherwise."""
    values = {"name": "Everybody", "position": SLAPolicy.objects.count(), **fields}
    made = SLAPolicy.objects.create(
        key=uuid.uuid4(),
        calendar=calendar(content, f"Hours {content['week'][0]}"),
        first_response_minutes=first,
        next_response_minutes=following,
        resolution_minutes=resolution,
        **values,
    )
    if publish:
        versions.publish_service_levels(None, "tests", now)
    return made


def minutes(count):
    return dt.timedelta(minutes=count)
