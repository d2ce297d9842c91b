"""A form whose token is of another session, as after signing in or out in another tab."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.csrf import csrf_failure as plain_csrf_failure


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Answer a form without a valid token.

    Whoever signs in while another tab has done so already gets where they wanted to go; when nobody is signed in, the
    sign-in page opens anew. Every other form gets the page "This form has expired".
    """
    if request.method != "POST" or request.path != reverse("account_login"):
        answer: HttpResponse = plain_csrf_failure(request, reason)
        return answer
    if request.user.is_authenticated:
        wanted = request.POST.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        return redirect(wanted if is_ours else settings.LOGIN_REDIRECT_URL)
    messages.info(request, "The page was too old to sign in with. Please sign in again.")
    return redirect(request.get_full_path())
