"""Template tags of every page: the navigation on the left, and the configuration of htmx."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.safestring import SafeString

from inbox.addresses import known_address
from inbox.queue.markup import NavigationEntry, list_markup
from inbox.queue.navigation import navigation_context, troubles_context

#: `timeout`: milliseconds after which the page says that no answer came.
_HTMX_CONFIG = {
    "includeIndicatorStyles": False,
    "allowEval": False,
    "selfRequestsOnly": True,
    "historyCacheSize": 0,
    "defaultSwapStyle": "outerHTML",
    "timeout": 20_000,
    # What was put in works at once: a key pressed a moment later would send its form without htmx.
    "defaultSettleDelay": 0,
}

register = template.Library()


@register.inclusion_tag("_nav.html", takes_context=True)
def navigation(context: template.Context) -> dict[str, Any]:
    """Render the navigation of the signed-in user.

    Three small statements. Stores the number of unread notices on the request, as `unread_notices`, the number of brand
    accounts in trouble, as `sick_accounts`, and whether the user works on cases, as `works_on_cases`.
    """
    request = context["request"]
    values = navigation_context(request.user, request.path)
    # Used by the banner of troubles, which is rendered later, too.
    request.sick_accounts = values["sick_accounts"]
    request.works_on_cases = values["works_on_cases"]
    # Used by the tab bar on phones, which is rendered later on the page and shows the same number.
    request.unread_notices = values["unread"]
    return {**values, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("_troubles.html", takes_context=True)
def troubles(context: template.Context) -> dict[str, Any]:
    """Render the troubles of brand accounts that concern the signed-in user.

    After `navigation` on the same page. One statement, none without a trouble.
    """
    request = context["request"]
    return troubles_context(request.user, getattr(request, "sick_accounts", 0))


@register.filter
def as_list(entries: Sequence[NavigationEntry]) -> SafeString:
    """Return entries of the navigation as list items."""
    return list_markup(tuple(entries))


@register.simple_tag
def address(name: str) -> str:
    """Return the address of a view without arguments.

    As `{% url %}` does, at a quarter of the time: every page has a dozen.
    """
    return known_address(name)


@register.simple_tag
@cache
def static_address(path: str) -> str:
    """Return the address of a static file.

    As `{% static %}` does, but made once for each process.
    """
    return static(path)


@register.simple_tag
@cache
def htmx_config() -> str:
    """Return htmx's configuration as JSON for an HTML attribute."""
    return json.dumps(_HTMX_CONFIG)
