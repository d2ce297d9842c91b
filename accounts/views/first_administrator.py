"""The page that makes the first administrator; its address is printed where Horseshoe is started."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.people import verbs
from accounts.people.first_administrator import FirstAdministratorForm
from accounts.sign_in.first_administrator import make_token

_PAGE = "accounts/sign_in/first_administrator.html"


@require_http_methods(["GET", "HEAD", "POST"])
def first_administrator(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for name and password, and add the first person.

    404 for a wrong token. Once somebody has been added, the page only leads to the sign-in.
    """
    if not hmac.compare_digest(token.encode(), make_token(settings.SECRET_KEY).encode()):
        raise Http404
    if User.objects.exists():
        return render(request, _PAGE, {"is_over": True})
    form = FirstAdministratorForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            user = verbs.add_first_administrator(form.save(commit=False), form.cleaned_data["password1"])
        except verbs.PeopleChangeRefused:
            return render(request, _PAGE, {"is_over": True})
        messages.success(request, f"Welcome, {user}. Sign in to begin.")
        return redirect(f"{reverse('account_login')}?next={reverse('inbox:set_up')}")
    return render(request, _PAGE, {"form": form})
