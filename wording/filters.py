"""Filters of templates for moments, in the reader's time zone. Every template has them."""

from __future__ import annotations

from django import template

from wording import times

register = template.Library()
register.filter("exact_time", times.exact_time)
register.filter("full_time", times.full_time)
