"""Undo the newest version of the rules, for the person who has just published it."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.models import User
from routing.models import RuleSetVersion
from routing.refusals import RuleSetError
from routing.rules import versions
from routing.rules.store import replace_rules

#: The undo is offered in a message; a page that is left open for longer needs another look at the versions.
UNDO_WITHIN = dt.timedelta(minutes=15)


def undo_rules_version(number: int, by: User, now: dt.datetime) -> RuleSetVersion | None:
    """Publish the rules as they were before version `number`.

    Only the person who published it may, while nothing was published after it: then the undo takes nothing from
    anybody, even where it moves a rule above those of others again. Returns None when nothing changes. Raises
    `RuleSetError` when it is too late.
    """
    with transaction.atomic():
        versions.lock_rule_editing()
        newest = RuleSetVersion.objects.first()
        if newest is None or newest.number != number or newest.created_by_id != by.pk:
            raise RuleSetError(
                "Not undone: the rules have changed since. Under Versions you can see what changed and go back."
            )
        if newest.created_at < now - UNDO_WITHIN or number < 2:
            raise RuleSetError("Not undone: it is too long ago. Under Versions you can go back.")
        replace_rules(versions.restorable_content(number - 1))
        return versions.publish_rules(by, f"Undid version {number}", now)
