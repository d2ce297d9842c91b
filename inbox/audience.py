"""Who hears of what in the live stream: the rights of a reader as they stand, without a question to the database for each
change."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.sessions.backends.base import SessionBase
from django.db import connections
from django.utils import timezone

from accounts import presence
from accounts.access import Viewer
from accounts.models import Role, User
from inbox.live import CaseChange
from inbox.models import Visibility
from inbox.watching import watched_elsewhere


@dataclass(frozen=True, slots=True)
class Audience:
    """What decides whether a reader may hear of a case; mirrors `CaseQuerySet.visible_to`."""

    role: str
    department_ids: frozenset[int]
    brand_account_ids: frozenset[int]
    user_id: int = 0
    #: Public cases that the reader watches, wherever they are (`watching.watched_by`).
    watched: frozenset[int] = frozenset()

    def hears(self, change: CaseChange) -> bool:
        """Whether the case is, or was until this change, one that the reader may see."""
        if change.visibility == Visibility.PUBLIC and change.case_id in self.watched:
            return True
        if self.role in (Role.ADMINISTRATOR, Role.ANALYST) and change.visibility != "public":
            return False
        if self.role == Role.ADMINISTRATOR:
            return True
        if self.role == Role.COMMUNITY:
            return change.brand_account_id in self.brand_account_ids
        return bool(self.department_ids & {change.department_id, change.from_department_id})


def audience_of(user_id: int, session: SessionBase) -> Audience | None:
    """What the reader may hear of now; None when signed out or no longer active. Holds no connection afterwards.

    A page that is open is a sign of life.
    """
    try:
        key = session.session_key
        user = User.objects.filter(pk=user_id, is_active=True).first()
        if user is None or key is None or not session.exists(key):
            return None
        presence.touch(user, timezone.now())
        who = Viewer(user)
        return Audience(
            user.role, who.department_ids, who.brand_account_ids, user.pk, watched_elsewhere(user)
        )
    finally:
        # A stream lives for hours: a connection kept by its thread would be lost to everyone else.
        connections.close_all()
