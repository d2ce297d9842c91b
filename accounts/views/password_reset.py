"""What differs from django-allauth at the door: people are invited, and mail may not be set up."""

from __future__ import annotations

from allauth.account.views import password_reset
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render


def forgotten_password(request: HttpRequest) -> HttpResponseBase:
    """Send a link by mail, or, where no mail is sent, say who can help."""
    if not settings.EMAIL_URL:
        return render(request, "accounts/sign_in/forgotten_password.html")
    answer: HttpResponseBase = password_reset(request)
    return answer


def own_addresses(request: HttpRequest) -> HttpResponse:
    """Not here: an address names a person to the company's sign-in, so administrators set it."""
    raise Http404
