"""Linked customers who say the same, formatted: a drawing, its table, and what can be done."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from inbox.learning_items import rights
from reports.behind.selections import Selection
from reports.charts.networks import WIDTH, Point, drawing_height, place_people, place_words
from reports.topics.active import ActiveAlert, active_alerts, may_dismiss
from reports.topics.picture import Link, Picture, read_picture
from wording.numbers import format_count

#: A link says its words in the drawing only where there are few; the table says all.
_MOST_WORDS = 7
_LONGEST_NAME = 17
_UNREADABLE = "a customer in another department"


def linked_context(selection: Selection) -> dict[str, Any]:
    """Build what `reports/_linked_customers.html` shows. Four statements with an alert, one without."""
    alerts = active_alerts(selection.user, selection.now)
    if not alerts:
        return {"alert": None}
    alert = alerts[0]
    picture = read_picture(selection.user, alert)
    return {
        "alert": _alert_words(alert, selection)
        | _draw(picture, alert, selection)
        | {"others": [_alert_words(each, selection) for each in alerts[1:]]}
    }


def _alert_words(alert: ActiveAlert, selection: Selection) -> dict[str, Any]:
    readable = len(alert.readable_ids)
    return {
        "label": alert.label,
        "customers": alert.customers,
        "hours": alert.hours,
        "readable": readable,
        "cases": format_count(readable, "case"),
        "hidden": len(alert.cases) - readable,
        "href": selection.list_href("linked", alert=alert.pk),
        "propose": f"{reverse('reports:learning_item_of_topic')}?alert={alert.pk}"
        if _may_propose(selection)
        else "",
        "dismiss": reverse("reports:dismiss_alert", args=[alert.pk]) if may_dismiss(selection.user) else "",
    }


def _may_propose(selection: Selection) -> bool:
    return rights.may_link(selection.user) or selection.user.role in rights.DECIDING_ROLES


def _draw(picture: Picture, alert: ActiveAlert, selection: Selection) -> dict[str, Any]:
    people = [*picture.customers, *picture.between]
    places = place_people(people, [(link.author, link.addressed) for link in picture.links])
    numbers = {customer: number for number, customer in enumerate(picture.customers, 1)}
    hrefs = {
        case.customer_id: reverse("inbox:case", args=[case.case_id])
        for case in alert.cases
        if case.is_readable
    }
    readable = set(alert.readable_ids)
    return {
        "width": WIDTH,
        "height": drawing_height(places),
        "people": [
            {
                "x": places[pk].x,
                "y": places[pk].y,
                "name": _clip(picture.names.get(pk, "")),
                "title": picture.names.get(pk, _UNREADABLE),
                "number": numbers.get(pk, ""),
                "href": hrefs.get(pk, ""),
            }
            for pk in people
        ],
        "edges": _draw_links(picture.links, places, selection),
        "links": [_link_row(link, picture.names, readable, selection) for link in picture.links],
        "edge_count": format_count(len(picture.links), "public link"),
    }


def _draw_links(links: list[Link], places: dict[int, Point], selection: Selection) -> list[dict[str, Any]]:
    """Draw one line for each two people: their first link, solid when one answered the other."""
    pairs: dict[tuple[int, int], list[Link]] = {}
    for link in links:
        pairs.setdefault((min(link.author, link.addressed), max(link.author, link.addressed)), []).append(
            link
        )
    edges = []
    for number, ((first, second), between) in enumerate(pairs.items()):
        start, end, earliest = places[first], places[second], between[0]
        edges.append(
            {
                "x1": start.x, "y1": start.y, "x2": end.x, "y2": end.y,
                "at": place_words(start, end, number),
                "mentioned": all(link.kind == "mentioned" for link in between),
                "words": f"{earliest.kind.label}, {_day(earliest.at, selection)}" if len(pairs) <= _MOST_WORDS else "",
            }
        )  # fmt: skip
    return edges


def _link_row(link: Link, names: dict[int, str], readable: set[int], selection: Selection) -> dict[str, str]:
    return {
        "author": names.get(link.author, _UNREADABLE),
        "addressed": names.get(link.addressed, _UNREADABLE),
        "kind": str(link.kind.label),
        "at": f"{link.at.astimezone(selection.period.zone):%-d %b %H:%M}",
        "at_iso": link.at.isoformat(timespec="seconds"),
        "href": reverse("inbox:case", args=[link.case_id]) if link.case_id in readable else "",
    }


def _day(at: dt.datetime, selection: Selection) -> str:
    return f"{at.astimezone(selection.period.zone):%-d %b}"


def _clip(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
