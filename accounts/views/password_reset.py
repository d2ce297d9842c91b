"""Replacements for two django-allauth pages: administrators add people, and mail may not be set up."""

from __future__ import annotations

from allauth.account.views import password_reset
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render


def forgotten_password(request: HttpRequest) -> HttpResponseBase:
    """Send a password link by mail.

    Where no mail is configured, the page says who can help.
    """
    if not settings.EMAIL_URL:
        return render(request, "accounts/sign_in/forgotten_password.html")
    answer: HttpResponseBase = password_reset(request)
    return answer


def own_addresses(request: HttpRequest) -> HttpResponse:
    """Answer 404: only administrators set addresses.

    An address identifies a person to the company's single sign-on.
    """
    raise Http404
