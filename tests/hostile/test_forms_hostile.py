"""Hostile requests against every address that the resolver knows: never a 500, nothing changed that should not be.

Parameter and field names are read from the code and from the forms of the pages, so a new one is tried at once.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest
from django.apps import apps
from django.db import transaction
from django.template.base import Template
from django.test import Client
from django.utils.safestring import SafeString

from accounts.models import Role
from config.testing.quick import choose_size
from inbox import connections
from inbox.models import Case, CaseEvent, Draft, Reply
from routing.rules import versions
from tests.factories import PASSWORD
from tests.hostile.company import ID, NOBODY, Company, addresses, found
from tests.hostile.reading import watched

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("accounts", "inbox", "reports", "routing")
_NAME = re.compile(r"""(?:GET|POST|query|asked|given|data)(?:\.get|\.getlist)?[\[(]["']([A-Za-z_-]+)["']""")
#: Those of query strings alone.
_ASKED = re.compile(r"""(?:GET|query|asked|given)(?:\.get|\.getlist)?[\[(]["']([A-Za-z_-]+)["']""")
#: What a field may hold. The last three are for what turns text into numbers, dates and ids.
VALUES = {
    "nul": "a\x00b",
    "sql": "' OR 1=1; DROP TABLE inbox_case; --\\\"%s%(x)s",
    "markup": "<script>window.__pwned=1</script>{{ 7*7 }}{% debug %}",
    "bidi": "\u202e\u2067\ufeff\x1b\x85",
    "digits": "9" * 4999,
    "other-digits": "\u0663\u00b2\u2460",
    "negative": "-1",
}
ROLES = [Role.MANAGER, Role.ADMINISTRATOR, NOBODY]
#: A lone surrogate as a form brings it: Python decodes this charset, and leaves the surrogate in.
_SURROGATE, _SURROGATE_CHARSET = "+2AA-", "utf-7"
#: In which a form may claim to be written.
CHARSETS = (_SURROGATE_CHARSET, "utf-16", "idna", "nonsense")


#: A stream without end: `tests/inbox/live/test_stream.py` has its own ways to read it.
_ENDLESS = {"inbox:live"}


def pages() -> dict[str, str]:
    return {name: address for name, address in addresses().items() if name not in _ENDLESS}


def shared_pages(share: bool) -> list[tuple[str, str]]:
    """All pages in a full run; in the usual one every second, so that two tests together try all of them."""
    step = choose_size(2, full=1)
    return [*pages().items()][share % step :: step]


def pages_for(role: str) -> list[tuple[str, str]]:
    """All pages for nobody; the two roles that are signed in share them."""
    return [*pages().items()] if role == NOBODY else shared_pages(role == Role.MANAGER)


def names(read: re.Pattern[str] = _NAME) -> list[str]:
    """The names that our code reads from query strings and forms, and those that Django and allauth read."""
    sources = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    ours = {name for path in sources for name in read.findall(path.read_text(encoding="utf-8"))}
    return sorted(
        ours
        | {"next", "csrfmiddlewaretoken", "login", "password", "page", "process", "code", "if-TOTAL_FORMS"}
    )


@pytest.fixture(autouse=True)
def _quick(settings, network, monkeypatch):
    # Without the copies of every context that Django's tests keep, which nobody looks at here.
    monkeypatch.setattr(Template, "_render", lambda self, context: self.nodelist.render(context))
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.ACCOUNT_RATE_LIMITS = False
    settings.X_CLIENT_ID = settings.X_CLIENT_SECRET = "app"
    settings.FACEBOOK_APP_ID = settings.FACEBOOK_APP_SECRET = "7"
    settings.NETWORK_API_URLS = {"x": network.url, "facebook": network.url}


@pytest.fixture
def company(_quick) -> Company:
    return found()


@pytest.fixture
def _without_bodies(_quick, monkeypatch):
    """What is printed on pages is left out: for tests that look at headers, statuses or the database alone."""
    monkeypatch.setattr(Template, "_render", lambda _self, _context: SafeString(""))


class Tried:
    """Sends requests, and remembers each that ended in an error of ours."""

    def __init__(self, company: Company, role: str) -> None:
        self.company, self.role = company, role
        self.failed: list[str] = []
        self.statuses: set[int] = set()
        self.browser = self._fresh()

    def _fresh(self) -> Client:
        browser = self.company.browser(self.role)
        browser.raise_request_exception = False
        return browser

    def __call__(self, what: str, method: str, address: str, *arguments: object, **options: object):
        response = self.browser.generic(method, address, *arguments, **options)
        if response.status_code >= 500:
            info = getattr(response, "exc_info", None)
            reason = f"{info[0].__name__}: {str(info[1])[:150]}" if info else ""
            self.failed.append(f"{method} {address[:120]} ({what}): {response.status_code} {reason}")
        self.statuses.add(response.status_code)
        return response

    def again(self) -> None:
        """A new session: the last request may have ended the old one."""
        self.browser = self._fresh()

    @contextmanager
    def as_found(self) -> Iterator[None]:
        """What is sent within meets the company and the session as they were found, and leaves them so."""
        session, cookies = self.browser.session, self.browser.cookies.copy()
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
        versions.clear_rules_cache()
        connections.forget_connectors()
        self.browser = Client(raise_request_exception=False)
        self.browser.cookies.update(cookies)
        session.save()


def urlencoded(fields: dict[str, str]) -> str:
    return urlencode(fields)


def multipart(fields: dict[str, str], charset: str = "utf-8") -> tuple[bytes, str]:
    """A form body as browsers with files send it, and its content type."""
    parts = "".join(
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    return f"{parts}--edge--\r\n".encode(), f"multipart/form-data; boundary=edge; charset={charset}"


FORM = "application/x-www-form-urlencoded"


#: Of the hostile kinds, a page that looks at what it is sent gets every third, a full run sends it all.
_EVERY = choose_size(3, full=1)


class Turns:
    """What of the hostile kinds a page is sent: several where it looks at anything, others on each page; where it looks
    at nothing, one, and those that are refused before a page could look."""

    def __init__(self, kinds: dict[str, tuple]) -> None:
        self.kinds, self.looking, self._begun = kinds, 0, 0

    def __iter__(self) -> Iterator[tuple[str, tuple]]:
        begun, turn = self._begun, [*VALUES][self._begun % len(VALUES)]
        self._begun += 1
        with watched() as read:
            yield turn, self.kinds[turn]
        self.looking += read.anything
        for number, (kind, sent) in enumerate(self.kinds.items(), start=begun):
            if kind != turn and ((read.anything and number % _EVERY == 0) or kind in CHARSETS):
                yield kind, sent


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role or "nobody")
def test_no_query_parameter_breaks_a_page(company, role):
    tried, turns = Tried(company, role), Turns(query_strings())
    for name, address in pages_for(role):
        if tried(name, "GET", address).status_code in (404, 405):
            continue
        for kind, (query, options) in turns:
            tried(f"{name}: {kind}", "GET", f"{address}?{query}", **options)
        if "account" in name or name.startswith(("mfa", "social")):
            tried.again()
    assert turns.looking > 5, "no page was seen to look at anything"
    assert tried.failed == []


def query_strings() -> dict[str, tuple[str, dict[str, str]]]:
    """By kind: a query string with every known name, or of hostile names, and what else the request is sent with."""
    known = names()
    bytes_, surrogates = (
        "&".join(f"{one}={value}" for one in known) for value in ("%ff%c0%80%00", quote(_SURROGATE))
    )
    return {kind: (urlencoded(dict.fromkeys(known, value)), {}) for kind, value in VALUES.items()} | {
        "bytes": (bytes_, {}),
        _SURROGATE_CHARSET: (surrogates, {"content_type": f"text/plain; charset={_SURROGATE_CHARSET}"}),
        "names": ("&".join(quote(value) for value in VALUES.values()), {}),
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", choose_size(["digits", "surrogate"], full=["nul", "sql", "digits", "surrogate"])
)
def test_no_single_query_parameter_breaks_a_page(company, kind):
    """One at a time: in company, the first that is refused may hide the others. A name that the page does not read has
    nothing to hide, so those go together (see `tests.hostile.reading`). Where it takes the query as a whole, as for a
    link back to itself, each name is tried in a full run, else every eighth, other ones on each page."""
    tried, known, alone = Tried(company, Role.MANAGER), sorted(names(_ASKED)), Counter()
    share = choose_size(8, full=1)
    options, value = {}, quote(VALUES.get(kind, _SURROGATE))
    if kind == "surrogate":
        options = {"content_type": f"text/plain; charset={_SURROGATE_CHARSET}"}
    for turn, (name, address) in enumerate(pages().items()):
        passed_on = {*known[turn % share :: share]}
        with watched() as read:
            if ":" not in name or tried(name, "GET", address).status_code != 200:
                continue
            done: set[str] = set()
            while left := sorted((read.names | (passed_on if read.whole or read.address else set())) - done):
                for one in left:
                    tried(f"{one} {kind}", "GET", f"{address}?{quote(one)}={value}", **options)
                done |= {*left}
                alone.update(left)
            rest = "&".join(f"{one}={value}" for one in known if one not in done)
            tried(f"the rest {kind}", "GET", f"{address}?{rest}", **options)
    assert tried.statuses <= {200, 302, 400, 404, 405}
    assert tried.failed == []
    assert {"q", "before", "after", "weeks"} <= {*alone}


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role or "nobody")
def test_no_form_field_breaks_an_address(company, role):
    tried, turns = Tried(company, role), Turns(bodies())
    for name, address in pages_for(role):
        for kind, (body, content_type) in turns:
            tried(f"{name}: {kind}", "POST", address, body, content_type=content_type)
        if tried.browser.session.get("_auth_user_id") is None or role == NOBODY:
            tried.again()
    assert turns.looking > 5, "no address was seen to look at anything"
    assert tried.failed == []


def bodies() -> dict[str, tuple[str | bytes, str]]:
    """By kind: the body of a form with every known name, or of no form at all, and its content type."""
    known = names()
    return (
        {kind: (urlencoded(dict.fromkeys(known, value)), FORM) for kind, value in VALUES.items()}
        | {charset: multipart(dict.fromkeys(known, _SURROGATE), charset) for charset in CHARSETS}
        | {
            "no form": (b"\xff\x00{", "application/json"),
            "cut": (multipart({"text": "x"})[0][:20], multipart({})[1]),
        }
    )


class Forms(HTMLParser):
    """The forms of a page as a browser would send them untouched: (method, action, fields)."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address, self.forms = address, []
        self.choice = self.area = ""

    def handle_starttag(self, tag, attrs):
        held = dict(attrs)
        name = held.get("name") or ""
        if tag == "form":
            self.forms.append(((held.get("method") or "get").upper(), held.get("action") or self.address, {}))
        elif tag == "select":
            self.choice = name
        elif self.forms and tag == "option" and self.choice:
            if "selected" in held or self.choice not in self.forms[-1][2]:
                self.forms[-1][2][self.choice] = held.get("value") or ""
        elif self.forms and tag in ("input", "textarea", "button") and name:
            self.forms[-1][2].setdefault(name, held.get("value") or "")

    def handle_endtag(self, tag):
        if tag == "select":
            self.choice = ""


#: Values for one field of a form, in turn: one in the whole suite, all in a full run.
_TRIED = [[VALUES[name]] for name in ("nul", "digits", "bidi")]
_TRIED = choose_size(_TRIED, full=[sum(_TRIED, [])])


@pytest.mark.slow
@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_every_field_of_every_form_takes_anything(company, role):
    """Each form as it stands on its page, one field hostile and the others sound; every second field in the usual run."""
    tried, forms = Tried(company, role), {}
    for address in pages().values():
        response = tried("page", "GET", address)
        if response.status_code == 200 and not response.streaming:
            parser = Forms(address)
            parser.feed(response.content.decode())
            for method, action, fields in parser.forms:
                if method == "POST" and "logout" not in action:
                    forms.setdefault(action, {}).update(fields)
    assert len(forms) >= 8
    turn = 0
    for action, fields in forms.items():
        for field in fields:
            turn += 1
            if turn % choose_size(2, full=1):
                continue
            sent = {key: value for key, value in (fields | {field: _SURROGATE}).items() if value}
            body, content_type = multipart(sent, _SURROGATE_CHARSET)
            with tried.as_found():
                for value in _TRIED[turn // 2 % len(_TRIED)]:
                    tried(field, "POST", action, urlencoded(fields | {field: value}), content_type=FORM)
                tried(f"{field} surrogate", "POST", action, body, content_type=content_type)
    assert tried.failed == []


@pytest.mark.slow
@pytest.mark.parametrize("number", ["0", "99999999999999999999", str(2**63), "9" * 400])
def test_ids_beyond_the_database_are_absent(company, number):
    tried, usual = Tried(company, Role.MANAGER), addresses()
    for name, address in addresses({"pk": number, "number": number}).items():
        if address != usual[name]:
            for method in ("GET", "POST"):
                assert tried(name, method, address).status_code in (302, 404, 405), (name, method)
    assert tried.failed == []


@pytest.mark.slow
@pytest.mark.parametrize("signed_in", [True, False])
def test_two_thousand_fields_are_refused(company, signed_in):
    browser = company.browser(Role.MANAGER if signed_in else NOBODY, enforce_csrf_checks=True)
    browser.raise_request_exception = False
    browser.cookies["csrftoken"] = "t" * 32
    sound = {"x-csrftoken": "t" * 32}
    many = urlencoded({f"f{n}": "x" for n in range(2000)})
    for name, address in shared_pages(signed_in):
        assert browser.post(address, many, content_type=FORM, headers=sound).status_code == 400, name
        assert browser.get(f"{address}?{many}").status_code in (200, 301, 302, 400, 403, 404, 405), name


WHO_WAS_SEEN = ("last_login", "last_seen_at")


def state() -> dict[str, object]:
    """Everything our own tables hold, but for who was seen when, and what reports compute from the rest."""
    held = {}
    for room in ROOMS:
        for model in apps.get_app_config(room).get_models():
            if model.__module__ == "reports.models.rollups" or model._meta.label == "reports.CaseToRead":
                continue
            columns = [one.attname for one in model._meta.concrete_fields if one.name not in WHO_WAS_SEEN]
            held[model._meta.label] = sorted(map(repr, model._default_manager.values_list(*columns)))
    return held


@pytest.mark.slow
@pytest.mark.usefixtures("_without_bodies")
@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR])
def test_without_its_token_no_form_is_taken(company, role):
    browser = company.browser(role, enforce_csrf_checks=True)
    # Signing in is in the audit log already.
    before = state()
    for name, address in pages().items():
        for method in (browser.post, browser.put, browser.patch, browser.delete):
            answer = method(address, {"text": "x", "note": "x", "to": "me"}, content_type=FORM)
            # Whoever is signed in already is led in from an old sign-in page; nothing of the form is looked at.
            # And no page has the other methods at all.
            led_in = 302 if name == "account_login" else 403
            assert answer.status_code == (led_in if method == browser.post else 405), name
    assert state() == before


#: How pages are read, and by whom: every way by one of them, by both in a full run.
_READERS = [
    (way, role) for way in ("get", "head", "options", "trace") for role in (Role.MANAGER, Role.ADMINISTRATOR)
]
_READERS = choose_size([_READERS[at] for at in (1, 2, 4, 7)], full=_READERS)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "role"), _READERS)
def test_reading_changes_nothing(company, role, method):
    everything = urlencode(
        dict.fromkeys(names(), "1")
        | {
            "text": "x",
            "note": "x",
            "to": "me",
            "department": "billing",
            "reason": "x",
            "composer_id": uuid.uuid4(),
        }
        | {
            "version": company.case.version,
            "parent": ID,
            "decision": "sent",
            "open": "0",
            "direction": "down",
        }
    )
    browser, before = company.browser(role), state()
    for name, address in pages().items():
        if name in ("reports:person", "reports:people"):
            continue  # says in the audit log who looked at whose figures
        getattr(browser, method)(f"{address}?{everything}")
        getattr(browser, method)(f"{address}?{everything}", headers={"x-http-method-override": "POST"})
    assert state() == before


ELSEWHERE = ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "///evil.example",
             "https:evil.example", "javascript:alert(1)", "\t//evil.example", "/%09/evil.example",
             "//testserver@evil.example", "https://testserver.evil.example/"]  # fmt: skip


def leads_away(response) -> bool:
    for header in ("Location", "HX-Redirect", "HX-Location", "HX-Push-Url", "Refresh"):
        target = response.headers.get(header, "")
        parts = urlsplit(target.replace("\\", "/").strip())
        if (
            parts.netloc not in ("", "testserver")
            or parts.scheme not in ("", "http")
            or target[:2] in ("//", "/\\")
        ):
            return True
    return False


@pytest.mark.slow
@pytest.mark.usefixtures("_without_bodies")
@pytest.mark.parametrize("role", [Role.MANAGER, NOBODY], ids=["manager", "nobody"])
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "fragment"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_address_sends_a_browser_elsewhere(company, method, htmx, role):
    """Several values where a page reads anything (all in a full run); where it reads nothing, one of them, another on each page.
    In the usual run, whole pages and fragments share the addresses."""
    known, tries, signed_in = [*names(), "next"], 0, company.browser(role).cookies
    tried = shared_pages(htmx)
    for number, (name, address) in enumerate(tried):
        if name == "accounts:connect_start":
            continue  # leads to the network, by an address that settings give
        first = number % len(ELSEWHERE)
        for elsewhere in (ELSEWHERE[first:] + ELSEWHERE[:first])[: choose_size(2, full=len(ELSEWHERE))]:
            # Each on the company as it was found: what was posted before may have closed the case.
            with transaction.atomic(), watched() as read:
                browser = Client(raise_request_exception=False)
                browser.cookies.update(signed_in)
                fields = dict.fromkeys(known, elsewhere)
                headers = {"HX-Request": "true", "HX-Current-URL": elsewhere.strip()} if htmx else {}
                if method == "get":
                    response = browser.get(f"{address}?{urlencode(fields)}", headers=headers)
                else:
                    response = browser.post(address, urlencode(fields), content_type=FORM, headers=headers)
                transaction.set_rollback(True)
            tries += 1
            assert not leads_away(response), (name, elsewhere)
            if not read:
                break
    assert tries > len(tried), "no page was seen to read anything"


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_signing_in_leads_into_the_house(company, elsewhere):
    browser = Client()
    response = browser.post(
        f"/auth/login/?{urlencode({'next': elsewhere})}",
        {"login": "manager", "password": PASSWORD, "next": elsewhere},
    )
    assert response.status_code == 302, "the sign-in itself must succeed, or this shows nothing"
    assert browser.session.get("_auth_user_id")
    assert not leads_away(response)


class TestAnswering:
    """The composer's form, the one whose mistakes are public."""

    @pytest.fixture
    def manager(self, company) -> Client:
        return company.browser(Role.MANAGER)

    @pytest.fixture(autouse=True)
    def _answerable(self, company):
        Reply.objects.all().delete()

    def send(self, manager, company, **changes):
        company.case.refresh_from_db()
        fields = {
            "text": "We are looking into it.",
            "composer_id": str(uuid.UUID(int=5)),
            "parent": str(company.message.pk),
            "version": str(company.case.version),
        }
        return manager.post(f"/cases/{ID}/reply/", fields | changes)

    def test_a_sound_answer_is_queued(self, manager, company):
        assert self.send(manager, company).status_code == 302
        assert Reply.objects.get().text.startswith("We are looking into it.")

    def test_sent_twice_it_is_one_answer(self, manager, company):
        seen = company.case.version
        for _ in range(3):
            assert self.send(manager, company, version=str(seen)).status_code == 302
        assert Reply.objects.count() == 1

    def test_what_was_read_before_a_change_is_a_conflict_and_kept(self, manager, company):
        Case.objects.filter(pk=ID).update(version=company.case.version + 3)
        response = self.send(manager, company, version=str(company.case.version), text="Mine, kept?")
        assert response.status_code == 409
        assert "Mine, kept?" in response.content.decode()
        assert not Reply.objects.exists()

    @pytest.mark.parametrize("parent", ["-1", "0", "9" * 30, "x", "", "\x00"])
    def test_no_answer_hangs_in_the_air(self, manager, company, parent):
        assert self.send(manager, company, parent=parent).status_code in (404, 409, 422)
        assert not Reply.objects.exists()

    def test_no_answer_under_another_cases_message(self, manager, company):
        foreign = company.foreign.messages.get()
        assert self.send(manager, company, parent=str(foreign.pk)).status_code in (404, 409, 422)
        assert not Reply.objects.exists()

    def test_another_departments_case_is_not_there(self, manager, company):
        foreign, before = company.foreign, state()
        for verb in ("", "thread/"):
            assert manager.get(f"/cases/{foreign.pk}/{verb}").status_code == 404
        for verb in ("reply", "draft", "note", "assign", "hand-over", "resolve", "reopen", "dismiss"):
            fields = {
                "text": "x",
                "note": "x",
                "to": "me",
                "department": "service",
                "reason": "x",
                "version": "1",
            }
            fields |= {"composer_id": str(uuid.uuid4()), "parent": str(foreign.messages.get().pk)}
            assert manager.post(f"/cases/{foreign.pk}/{verb}/", fields).status_code == 404, verb
        assert state() == before

    def test_fields_that_nobody_asked_for_do_nothing(self, manager, company):
        other = company.foreign.brand_account
        self.send(
            manager, company, brand_account=str(other.pk), brand_account_id=str(other.pk), author=str(ID),
            state="sent", remote_id="1", visibility="direct", send_after="2000-01-01", case=str(company.foreign.pk),
        )  # fmt: skip
        reply = Reply.objects.get()
        assert (reply.brand_account_id, reply.author.username, reply.state) == (ID, "manager", "queued")
        assert (reply.remote_id or "", reply.visibility, reply.case_id) == ("", "public", ID)

    @pytest.mark.parametrize("text", ["x" * 281, "x" * 100_000, "\U0001f600" * 200, " \n\t", ""])
    def test_an_answer_of_a_wrong_length_is_refused_and_kept(self, manager, company, text):
        response = self.send(manager, company, text=text)
        assert not Reply.objects.exists()
        assert response.status_code == 422
        if text.strip():
            assert text[:250] in response.content.decode()

    @pytest.mark.parametrize("text", ["a\x00b", "\u202egnihton", "<script>window.__pwned=1</script>"])
    def test_a_strange_answer_is_taken_or_refused_and_never_dropped(self, manager, company, text):
        response = self.send(manager, company, text=text)
        assert response.status_code in (302, 422)
        kept = Reply.objects.first() or Draft.objects.first()
        assert kept is not None or text.replace("\x00", "") in response.content.decode()

    def test_a_note_is_shown_as_it_was_typed(self, manager, company):
        manager.post(f"/cases/{ID}/note/", {"note": "<b>bold</b> \u202e {{ 7*7 }}"})
        assert CaseEvent.objects.get(case_id=ID, verb="noted").data["text"].startswith("<b>bold</b>")
        assert "&lt;b&gt;bold&lt;/b&gt;" in manager.get(f"/cases/{ID}/").content.decode()


def test_a_person_cannot_promote_themselves(company):
    browser, before = company.browser(Role.MANAGER), state()
    fields = {"role": "administrator", "is_superuser": "on", "is_staff": "on", "username": "manager"}
    for path in (f"/people/{ID}/", f"/people/{company.people[Role.MANAGER].pk}/", "/people/new/"):
        assert browser.post(path, fields).status_code == 404
    assert state() == before


def test_the_names_are_found():
    assert {"q", "before", "weeks", "after", "composer_id", "reason"} <= set(names())
