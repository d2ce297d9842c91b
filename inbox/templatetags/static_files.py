"""`{% static %}` of Django, with each address made once for each process: every page has a dozen."""

from __future__ import annotations

from functools import cache

from django import template
from django.templatetags.static import static

register = template.Library()
register.simple_tag(cache(static), name="static")
