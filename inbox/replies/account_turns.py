"""Turns of the brand accounts: the due answers of one account leave one after another, in order.

A turn belongs to one worker, so that an account whose network hangs occupies one worker and no more; the others send
for the other accounts. A turn is a row with a lease, not a lock of the session: those do not survive a pooler.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import SendingTurn
from inbox.replies import outbox
from networks.transport import limit_patience

#: Seconds after which a turn starts nothing more, so that other accounts get the worker.
TURN_SECONDS = 10.0
#: The lease of a turn is renewed before each answer. It is longer than a network that hangs keeps us waiting, and short,
#: because the answers of an account whose worker was killed wait for its end. What takes still longer only costs a
#: second worker: that no answer leaves twice does not depend on turns.
TURN_LEASE = outbox.SEND_LEASE / 3
#: Seconds that the last free worker waits for a network. A time-out costs a look on the network and no answer; a longer
#: wait would hold up all other accounts. Long enough to count as a time-out (`pauses`).
LAST_WORKER_PATIENCE = 4.5

_Work = tuple[Callable[..., None], int]
_TAKE_TURN = """
INSERT INTO accounts_sendingturn (brand_account_id, lease_token, lease_until)
VALUES (%(brand_account)s, %(token)s, %(until)s)
ON CONFLICT (brand_account_id) DO UPDATE SET lease_token = excluded.lease_token, lease_until = excluded.lease_until
WHERE accounts_sendingturn.lease_until <= %(now)s
"""


def work_off_brand_account(brand_account_id: int, *, clock: outbox.Clock = timezone.now) -> None:
    """Check and send what is due of one brand account.

    Does nothing while another worker has this account's turn.
    """
    token = uuid.uuid4()
    if not _take_turn(brand_account_id, token, clock()):
        return
    turn = SendingTurn.objects.filter(brand_account=brand_account_id, lease_token=token)
    patience = LAST_WORKER_PATIENCE if _is_last_worker(clock()) else None
    try:
        with limit_patience(patience):
            _work_off(brand_account_id, turn, patience, clock)
    finally:
        turn.update(lease_until=clock())


def _work_off(
    brand_account_id: int, turn: QuerySet[SendingTurn], patience: float | None, clock: outbox.Clock
) -> None:
    """Handle one due answer after the other until the turn is over.

    With little `patience` it is over after the first answer that took as long.
    """
    began, handled = time.monotonic(), set[_Work]()
    while time.monotonic() < began + TURN_SECONDS:
        next_work = _find_next(brand_account_id, handled, clock())
        if next_work is None or not turn.update(lease_until=clock() + TURN_LEASE):
            return
        handled.add(next_work)
        work, reply_id = next_work
        started = clock()
        work(reply_id, clock=clock)
        if patience is not None and (clock() - started).total_seconds() >= patience:
            return


def _is_last_worker(now: dt.datetime) -> bool:
    """Return whether all other workers have a turn.

    One of several workers stays quick, so that accounts that hang at the same time never hold all of them for long.
    """
    held = SendingTurn.objects.filter(lease_until__gt=now).count()
    return bool(1 < settings.SEND_WORKERS <= held)


def _take_turn(brand_account_id: int, token: uuid.UUID, now: dt.datetime) -> bool:
    parameters: dict[str, Any] = {
        "brand_account": brand_account_id,
        "token": token,
        "now": now,
        "until": now + TURN_LEASE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_TURN, parameters)
        return bool(cursor.rowcount)


def _find_next(brand_account_id: int, handled: set[_Work], now: dt.datetime) -> _Work | None:
    """Return what is due and was not tried in this turn.

    Read anew for each answer: a person may have taken one back, and a time-out may have begun a pause.
    """
    due: list[_Work] = [(outbox.look_for_reply, pk) for pk in outbox.due_check_ids(now, brand_account_id)]
    due += [(outbox.send_queued_reply, pk) for pk in outbox.due_reply_ids(now, brand_account_id)]
    return next((work for work in due if work not in handled), None)
