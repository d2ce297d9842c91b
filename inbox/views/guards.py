"""Guards of views, and responses as a whole page or a fragment."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.middleware import get_user
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from accounts.models import User
from inbox.queue.search import clean_query
from inbox.queue.search_rows import FOUND_KEY

P = ParamSpec("P")
#: The cookie with the address of the queue that was last looked at.
QUEUE_COOKIE = "queue"
_QUEUE_ADDRESS = re.compile(r"/(queue/[a-z-]+/([\w-]+/)?|views/\d+/)?(\?[\w=&%.+-]*)?\Z")


class InboxRequest(HttpRequest):
    """A request of a signed-in person, perhaps for a fragment."""

    user: User
    htmx: HtmxDetails


View = Callable[Concatenate[InboxRequest, P], HttpResponse]


def signed_in(view: View[P]) -> Callable[..., HttpResponse]:
    """Require a sign-in.

    For a fragment's request the whole page goes to the sign-in form, which does not fit into a list.
    """

    @wraps(view)
    def guarded(request: Any, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        # The user object itself: each access through the lazy object costs time, and a page has about a hundred.
        user = get_user(request)
        if isinstance(user, User):
            request.user = user
            return view(request, *args, **kwargs)
        if request.htmx:
            return redirect_page(request, resolve_url(settings.LOGIN_URL))
        return redirect_to_login(request.get_full_path())

    return guarded


def wants_fragment(request: InboxRequest) -> bool:
    """Return whether htmx asks for a region of the page.

    For a step back in the browser's history htmx asks for the whole page.
    """
    return bool(request.htmx) and not request.htmx.history_restore_request


def queue_address(request: InboxRequest) -> str:
    """Return the queue that the person works in.

    All open if that is not known. A page says it with its request, because each tab has its own; without scripts the last one counts.
    """
    address = request.headers.get("Horseshoe-Queue") or request.COOKIES.get(QUEUE_COOKIE, "")
    return known_queue(address) or reverse("inbox:queue")


def known_queue(address: str) -> str:
    """Return an address if it is one of a queue.

    "" for any other.
    """
    return address if len(address) < 1000 and _QUEUE_ADDRESS.match(address) else ""


def results_address(request: InboxRequest) -> str:
    """Return the search by which the open case was found.

    "" for none. A fragment's request does not have it, but its page does.
    """
    query = request.GET.get(FOUND_KEY, "")
    if not query and request.htmx.current_url:
        query = QueryDict(urlsplit(request.htmx.current_url).query).get(FOUND_KEY, "")
    return f"{reverse('inbox:search')}?{urlencode({'q': query})}" if (query := clean_query(query)) else ""


def redirect_page(request: InboxRequest, address: str) -> HttpResponse:
    """Redirect the whole page to `address`.

    Works for htmx requests, too.
    """
    if not request.htmx:
        return redirect(address)
    response: HttpResponse = HttpResponseClientRedirect(address)
    return response
