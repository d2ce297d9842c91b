"""Where the rule editor goes next."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse


def redirect_to_rule_list(key: uuid.UUID | None = None) -> HttpResponse:
    """To the list; with the key of a rule to the page of the list that it is on."""
    return redirect(reverse("routing:rule_list") + (f"?at={key}#rule-{key}" if key else ""))
