"""The person on point for a case that escalates."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q

from accounts import shifts
from accounts.models import Leave, User
from accounts.roster import planning
from accounts.working_time import presence
from inbox.models import Case
from inbox.visibility import may_see_by_role


def find_person_on_point(case: Case, now: dt.datetime) -> User | None:
    """Find the person on point for a case.

    The primary, or the backup while the primary is away or on leave. None if nobody on the roster is there and may
    read the case.
    """
    roster = planning.load_rosters([case.brand_account], now)[case.brand_account_id]
    named = [
        person_id
        for person_id in shifts.find_on_point_ids(roster.shifts, roster.zone, now)
        if person_id is not None
    ]
    on_leave = Exists(Leave.objects.covering(presence.local_date(now)).filter(user=OuterRef("pk")))
    there = User.objects.filter(~Q(on_leave), pk__in=named, is_active=True, away_since__isnull=True)
    people = {person.pk: person for person in there} if named else {}
    return next((people[pk] for pk in named if pk in people and may_see_by_role(people[pk], case)), None)
