"""Links by which guests read a saved report: they expire, can be revoked, and show no direct messages."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets

from django.db import transaction
from django.db.models import F, Q
from django.utils.safestring import SafeString

from accounts.access import viewer
from accounts.audit.recording import record_change
from accounts.models import AuditVerb, Role, User
from inbox.visibility import ROLE_REACH, Reach
from reports.behind.selections import Selection
from reports.dashboards.boards import Board
from reports.exports.guests import strip_for_guest
from reports.exports.pages import render_board, select_saved
from reports.models import ReportLink, SavedReport
from wording.times import exact_time

#: Days that a link may live.
LIFETIMES = (1, 7, 30)
#: What a token looks like: anything else is not even looked up.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def create_link(report: SavedReport, by: User, days: int, *, now: dt.datetime) -> str:
    """Create a link and return its token, which is stored nowhere."""
    token = secrets.token_urlsafe(32)
    expires_at = now + dt.timedelta(days=days)
    with transaction.atomic():
        ReportLink.objects.create(
            report=report, token_hash=_hash(token), created_by=by, created_at=now, expires_at=expires_at
        )
        change = {"name": "Expires", "from": "", "to": exact_time(expires_at)}
        record_change(AuditVerb.REPORT_SHARED, report.name, [change], by=by)
    return token


def revoke_link(link: ReportLink, by: User, *, now: dt.datetime) -> None:
    """End a link at once."""
    with transaction.atomic():
        if ReportLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=now):
            record_change(AuditVerb.REPORT_LINK_REVOKED, link.report.name, by=by)


def open_link(token: str, *, now: dt.datetime) -> ReportLink | None:
    """Return the link with this token, and count that it was opened.

    None for one that is unknown, expired or revoked, or of a person who may no longer share.
    """
    if not _TOKEN.fullmatch(token):
        return None
    links = ReportLink.objects.filter(token_hash=_hash(token), revoked_at=None, expires_at__gt=now)
    link = links.select_related("report", "created_by").first()
    if link is None or not link.created_by.is_active or not viewer(link.created_by).may("share_reports"):
        return None
    links.update(opened_count=F("opened_count") + 1, opened_at=now)
    return link


def render_link(link: ReportLink, *, now: dt.datetime) -> SafeString | None:
    """Return the report as a guest sees it: as its maker does, without any direct message."""
    selected = select_for_guest(link.report, link.created_by, now=now)
    return strip_for_guest(render_board(*selected)) if selected else None


def select_for_guest(report: SavedReport, maker: User, *, now: dt.datetime) -> tuple[Board, Selection] | None:
    """Return what a guest of `maker` sees of a report; None when it is not for guests, as one person's work is not."""
    selected = select_saved(report, _guest_of(maker), now=now)
    is_for_guests = selected and selected[0].for_guests and not selected[1].filters.person_ids
    return selected if is_for_guests else None


def live_links(report: SavedReport, now: dt.datetime) -> list[ReportLink]:
    """Return the links of a report that still open."""
    return list(report.links.filter(Q(revoked_at=None), expires_at__gt=now).order_by("expires_at"))


def _guest_of(maker: User) -> User:
    """Return the reader of a link: its maker, who in this role reads no direct message. Never saved."""
    guest = User.objects.get(pk=maker.pk)
    if ROLE_REACH[guest.role] is Reach.OWN_DEPARTMENTS:
        guest.role = Role.ANALYST
    return guest


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
