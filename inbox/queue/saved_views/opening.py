"""What opens first: chosen by a person, else for their role, else all open cases."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.models import Role, User
from inbox.addresses import address_pattern, known_address
from inbox.models import OpeningList
from inbox.queue.filter_words import VIEW_TITLES
from inbox.queue.saved_views.rail import ShownView, find_view, rail_of

#: Lists that may open first.
OPENING_KINDS = ("open", "unassigned", "mine", "watching", "snoozed", "unsent")


def opening_address(user: User) -> str:
    """Return where the first page leads.

    "" for all open cases, also where the view that was chosen is there no longer.
    """
    rail = rail_of(user)
    if isinstance(rail.opening, int):
        view = find_view(user, rail.opening)
        return address_pattern("inbox:view").format(pk=view.pk) if view else ""
    is_list = rail.opens_elsewhere and rail.opening in OPENING_KINDS
    return known_address(f"inbox:queue_{rail.opening}") if is_list else ""


def parse_opening(value: str, views: Sequence[ShownView]) -> int | str | None:
    """Return what a form chooses to open first, None for what cannot."""
    if value.isascii() and value.isdigit() and len(value) < 18:
        return int(value) if any(view.pk == int(value) for view in views) else None
    return value if value in ("", *OPENING_KINDS) else None


def opening_choices(views: Sequence[ShownView], usual: str) -> list[tuple[str, str]]:
    """Return what may open first. `usual` says what does when nothing is chosen."""
    lists = [(kind, VIEW_TITLES[kind]) for kind in OPENING_KINDS]
    return [("", usual), *lists, *((str(view.pk), view.name) for view in views)]


def read_openings(user: User) -> tuple[str, dict[str, str]]:
    """Return what was chosen for a person, and by role: "" or the value of a choice. One statement."""
    own, roles = "", dict.fromkeys(Role.values, "")
    for opening in OpeningList.objects.filter(user=user) | OpeningList.objects.filter(user__isnull=True):
        chosen = opening.kind or str(opening.view_id)
        if opening.user_id:
            own = chosen
        else:
            roles[opening.role] = chosen
    return own, roles
