"""What the address of a page selects."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from reports.behind.selections import Selection, read_selection
from wording.times import company_zone


def requested_selection(request: HttpRequest) -> Selection:
    """Read what a request selects, in the company's time zone."""
    return read_selection(request.GET, cast(User, request.user), now=timezone.now(), zone=company_zone())
