"""The views at the left of every page, and what the browser's htmx is told."""

from __future__ import annotations

import json
from typing import Any

from django import template
from django.conf import settings

from inbox.queue.navigation import navigation_context

register = template.Library()


@register.inclusion_tag("_nav.html", takes_context=True)
def navigation(context: template.Context) -> dict[str, Any]:
    """The navigation of the signed-in user of `context["request"]`; three small statements."""
    request = context["request"]
    shown = navigation_context(request.user, request.path)
    # The tabs of a phone come further down the page.
    request.unread_notices = shown["unread"]
    return {**shown, "csrf_token": context.get("csrf_token")}


@register.simple_tag
def htmx_config() -> str:
    """htmx's configuration as JSON, for an attribute."""
    return json.dumps(settings.HTMX_CONFIG)
