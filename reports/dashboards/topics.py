"""Format what customers keep saying: rising topics, and linked customers who say the same."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse

from inbox.learning_items import rights
from inbox.visibility import list_departments
from reports.behind.selections import Selection
from reports.charts.small_bars import draw_small_bars
from reports.dashboards.linked_customers import linked_context
from reports.periods import name_days
from reports.topics.choosing import Topic, Topics, choose_topics
from reports.topics.items import find_items
from wording.numbers import NO_VALUE, format_count

#: The height of a row of the picture with all small bars, and where its columns begin.
_ROW, _LABELS, _NUMBERS = 30, 190, 330


def topics_context(selection: Selection) -> dict[str, Any]:
    """Build what `reports/_topics.html` shows."""
    chosen = choose_topics(selection.user, selection.period, selection.compared, selection.filters)
    names = {department.pk: department.name for department in list_departments(selection.user)}
    rising = [topic for topic in chosen.topics if topic.rose]
    items = find_items(rising, selection.period)
    may_propose = rights.may_link(selection.user) or selection.user.role in rights.DECIDING_ROLES
    rows = [
        _topic_row(topic, names, selection)
        | (_item_cell(topic, items, selection) if topic.rose and may_propose else {"item": "", "propose": ""})
        for topic in chosen.topics
    ]
    return {
        "topics": {
            "rows": rows,
            "finding": _finding(chosen, selection),
            "cases": f"{chosen.cases:,}",
            "compared": selection.compared is not None,
            "height": _ROW * len(rows),
            "bars_words": _bars_words(selection),
        },
        **linked_context(selection),
        "alert_from": settings.LINKED_CUSTOMERS_ALERT,
        "sentences": _sentences(rising, items, selection),
    }


def _topic_row(topic: Topic, names: dict[int, str], selection: Selection) -> dict[str, Any]:
    steps = ", ".join(str(number) for number in topic.steps)
    before = ", ".join(str(number) for number in topic.steps_before)
    words = f"{topic.label}: {steps}" + (f"; before {before}" if before else "")
    return {
        "label": topic.label,
        "kind": "tag" if topic.is_tag else "words",
        "mostly": names.get(topic.department_id, ""),
        "now": f"{topic.now:,}",
        "href": selection.list_href("topic", topic=topic.key),
        "before": f"{topic.before:,}" if selection.compared else NO_VALUE,
        "rate": _per_thousand(topic.now, topic.cases),
        "rate_before": _per_thousand(topic.before, topic.cases_before),
        "expected": f"{topic.expected:,.1f}" if topic.cases_before else NO_VALUE,
        "against": _against(topic),
        "rose": topic.rose,
        "score": f"{topic.score:.1f}" if topic.cases_before else NO_VALUE,
        "bars": draw_small_bars(topic.steps_before, topic.steps),
        "words": words,
    }


def _against(topic: Topic) -> str:
    """Return how the cases compare with what was to be expected: "▲ × 8.7", "▲ new", "× 0.8"."""
    if not topic.cases_before:
        return NO_VALUE
    sign = "▲ " if topic.rose else ""
    return f"{sign}× {topic.now / topic.expected:.1f}" if topic.expected else f"{sign}new"


def _per_thousand(number: int, cases: int) -> str:
    return f"{1000 * number / cases:,.1f}" if cases else NO_VALUE


def _finding(chosen: Topics, selection: Selection) -> str:
    rose = sum(topic.rose for topic in chosen.topics)
    if not selection.compared:
        return "No period is chosen to compare with."
    if not rose:
        return "No topic grew by half or more, and by more than chance."
    return f"{format_count(rose, 'topic')} grew by half or more, and by more than chance."


def _bars_words(selection: Selection) -> str:
    size = {"day": "Days", "week": "Weeks", "month": "Months"}[selection.period.by]
    return f"{size}, faint: before" if selection.compared else size


def _item_cell(topic: Topic, items: dict[str, int], selection: Selection) -> dict[str, str]:
    """Return where a topic's learning item is, or begins."""
    if topic.key in items:
        return {"item": reverse("reports:learning_item", args=[items[topic.key]]), "propose": ""}
    query = selection.as_query(topic=topic.key)
    return {"item": "", "propose": f"{reverse('reports:learning_item_of_topic')}?{query}"}


def _sentences(rising: list[Topic], items: dict[str, int], selection: Selection) -> list[dict[str, str]]:
    """Return a sentence on the topic that rose most; none when nothing rose."""
    if not selection.compared or not rising:
        return []
    topic = rising[0]
    words = f"“{topic.label[:1].upper()}{topic.label[1:]}”"
    verb = (
        f"grew from {topic.before:,} to {topic.now:,} cases"
        if topic.before
        else f"is new: {format_count(topic.now, 'case')}."
    )
    rest = f"where {topic.expected:,.1f} were expected." if topic.before else ""
    no_item = "" if topic.key in items else " There is no learning item for it yet."
    return [
        {
            "bold": f"{words} {verb}",
            "rest": f"{rest or f'There was none from {name_days(selection.compared)}.'}{no_item}",
            "href": selection.list_href("topic", topic=topic.key),
            "link": format_count(topic.now, "case"),
        }
    ]
