"""Warn before a network stops letting us answer a direct message, each case once for each message of its customer.

A network's time does not stop for nights and weekends, so a clock of business time may be due only afterwards.
"""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from inbox.changes.change import Change
from inbox.escalation.sweep import notify_people, people_to_notify
from inbox.models import Case, Escalation, NoticeKind, Visibility
from inbox.replies.composer import reply_window
from networks import registry
from wording.times import long_zoned_time

#: How long before the end people are told, and of how many cases in one run.
AHEAD = dt.timedelta(hours=4)
MAX_CASES = 200
_CLOCK = "reply_window"


def warn_of_ending_windows(now: dt.datetime) -> int:
    """Tell people whose cases can soon no longer be answered.

    Return of how many cases. One statement for each network with such a limit, when nothing is due.
    """
    return sum(
        _warn_of_network(network, window, now)
        for network in registry.CONNECTORS
        if (window := reply_window(network)) is not None
    )


def _warn_of_network(network: str, window: dt.timedelta, now: dt.datetime) -> int:
    ending = Case.objects.open().filter(
        network=network,
        visibility=Visibility.DIRECT,
        historical=False,
        waiting_since__isnull=False,
        # Not needed to find the cases, but to find them by an index.
        activity_at__gt=now - window,
        last_inbound_at__gt=now - window,
        last_inbound_at__lte=now - window + AHEAD,
    )
    # Left out by the database: those warned of already would use up the number of a run, and the others hear nothing.
    warned_of = Escalation.objects.filter(
        case=OuterRef("pk"), clock=_CLOCK, started_at=OuterRef("last_inbound_at")
    )
    cases = ending.exclude(Exists(warned_of)).select_related("department", "assignee", "identity")
    fresh = cases.order_by("last_inbound_at", "pk")[:MAX_CASES]
    return sum(_warn_of_case(case, window, now) for case in fresh)


def _warn_of_case(case: Case, window: dt.timedelta, now: dt.datetime) -> bool:
    """Tell people of one case. False when another run does so."""
    assert case.last_inbound_at is not None  # noqa: S101
    ends_at = case.last_inbound_at + window
    label = registry.network_label(case.network)
    text = f"{case.identity.display_name}: {label} lets us answer only until {long_zoned_time(ends_at)}."
    try:
        with transaction.atomic():
            Escalation.objects.create(
                case=case, clock=_CLOCK, started_at=case.last_inbound_at, step=0, at=now
            )
            change = Change(case, None, now)
            key = f"window:{case.pk}:{int(ends_at.timestamp())}"
            notify_people(change, people_to_notify(change, ("assignee",)), NoticeKind.DUE_SOON, text, key)
    except IntegrityError:
        return False
    return True
