"""Hostile texts and names on every page, in a real browser: no script of theirs runs, nothing breaks the content security
policy or asks another host, the page stays as wide as the screen, and the neighbours stay readable."""

from __future__ import annotations

import itertools

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from playwright.sync_api import expect

from accounts.models import BrandAccount, Department, Role, User
from config.testing.quick import choose_size
from inbox.cases import verbs
from inbox.live.publish import CaseChange, publish_cases
from inbox.models import Case, Draft, Identity, Message, Quarantined
from networks.base import Attachment, Author, UnreadableItem
from routing.models import Rule
from routing.rules import versions
from tests.e2e.conftest import session_of
from tests.e2e.moments import heard, until
from tests.e2e.test_inbox import listening
from tests.factories import NOW, ReplyFactory, UserFactory
from tests.hostile.corpus import HostileCase, shown_texts
from tests.inbox.fake_connector import message
from tests.inbox.leased_streams import Feed

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SCRIPT = "<script>window.__pwned=1</script>\"'><img src=x onerror=window.__pwned=1>"
HTMX = '<i hx-get="/auth/logout/" hx-trigger="load" hx-on::load="window.__pwned=1">hx</i>\u202e{{ 7*7 }}{% debug %}'
WIDE = "W" * 90
#: The usual run looks at each page in one of them.
SIZES = {"phone": (390, 844), "wide": (1440, 900)}
NEIGHBOUR = "Plain neighbour"
#: Runs before any script of a page.
_WATCH = """
window.__violations = [];
document.addEventListener('securitypolicyviolation', event =>
  window.__violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""
#: What no page of ours holds.
FORBIDDEN = ["iframe", "object", "embed", "base", "meta[http-equiv=refresh]", "[onerror]", "[onload]", "[onfocus]",
             "[onmouseover]", "[onclick]", "[onbegin]", "a[href^=javascript]", "a[href^=data]", "[style]",
             "img[src*=evil]"]  # fmt: skip
_STANDS = """tags => ({
  ran: '__pwned' in window,
  violations: window.__violations,
  wide: document.documentElement.scrollWidth,
  seen: document.documentElement.clientWidth,
  found: tags.map(tag => [tag, document.querySelectorAll(tag).length]).filter(([, count]) => count),
})"""


class HostileCompany:
    """Hostile names and texts wherever a person or a network may put some."""

    def __init__(self) -> None:
        feed = Feed()
        Department.objects.filter(slug="service").update(name=SCRIPT[:80])
        Department.objects.filter(slug="billing").update(name=f"{WIDE[:60]}\u2067")
        BrandAccount.objects.update(name=HTMX[:100], health_detail=SCRIPT + HTMX)
        both = list(Department.objects.all())
        self.manager = UserFactory(
            username="manager", role=Role.MANAGER, departments=both, publishes=[feed.brand_account],
            first_name=SCRIPT[:80], last_name=WIDE, initials="<b>",
        )  # fmt: skip
        self.administrator = UserFactory(
            username="administrator", role=Role.ADMINISTRATOR, last_name=HTMX[:90]
        )
        self.brand_account = feed.brand_account
        self._rules()
        self._messages(feed, shown_texts())
        self._case()

    def _rules(self) -> None:
        Rule.objects.filter(position=1).update(
            name=(SCRIPT + WIDE)[:120], tags=["<b>tag</b>", HTMX[:40]],
            condition={"any": [{"field": "words", "any": ["refund", SCRIPT, HTMX[:60], WIDE[:80]]}]},
        )  # fmt: skip
        versions.publish_rules(self.manager, HTMX, NOW)
        versions.clear_rules_cache()

    def _messages(self, feed: Feed, hostile: list[HostileCase]) -> None:
        items = []
        for n, case in enumerate(hostile):
            author = {"handle": f"h{n}", "name": f"Name {n}"} | (
                {} if case.where == "text" else {case.where: case.text}
            )
            text = case.text if case.where == "text" else f"A message by {case.id}"
            items += [
                message(f"c{n}", text[:110_000], author=Author(f"c{n}", **author), minute=2 * n + 10),
                message(f"n{n}", f"{NEIGHBOUR} {n}", by=f"n{n}", minute=2 * n + 9),
                message(
                    f"t{n}",
                    text[:110_000],
                    author=Author("one", "one", SCRIPT),
                    thread_id="one",
                    minute=300 - n,
                ),
            ]
        attachments = tuple(
            Attachment(SCRIPT[:40], url, name=SCRIPT + WIDE)
            for url in (
                "https://evil.example/a.svg",
                "javascript:window.__pwned=1",
                "data:image/svg+xml,<svg/onload=alert(1)>",
            )
        )
        items.append(message("t-last", SCRIPT + HTMX, author=Author("one", "one", SCRIPT), thread_id="one", minute=1,
                             attachments=attachments))  # fmt: skip
        bad = UnreadableItem(
            raw=(SCRIPT + HTMX + WIDE * 20).encode() + b"\x00\xff\xed\xa0\x80", error=SCRIPT + HTMX
        )
        for at in range(0, len(items), 60):
            outcome = feed.store(*items[at : at + 60], unreadable=(bad,))
            assert outcome.stored == len(items[at : at + 60])
        # What ingest would never store: the pages must not rely on it.
        Message.objects.update(permalink="javascript:window.__pwned=1")
        Message.objects.filter(canonical_id="t-last").update(
            attachments=[{"kind": "image", "url": "javascript:window.__pwned=1", "name": SCRIPT}],
            history=[{"text": SCRIPT + HTMX, "until": "<b>"}],
        )
        Identity.objects.update(avatar_url="https://evil.example/avatar.svg")

    def _case(self) -> None:
        self.case = Case.objects.get(messages__canonical_id="t-last")
        last = self.case.messages.get(canonical_id="t-last")
        verbs.add_note(self.case.pk, self.manager, SCRIPT + HTMX + WIDE * 3, now=NOW)
        for other, state in zip(
            self.case.messages.exclude(pk=last.pk)[:3], ("queued", "failed", "unconfirmed"), strict=True
        ):
            ReplyFactory(
                case=self.case, parent=other, author=self.manager, text=SCRIPT + HTMX, state=state,
                error=SCRIPT + WIDE, error_code="<b>", needs_person=state == "unconfirmed",
            )  # fmt: skip
        Draft.objects.create(case=self.case, user=self.manager, text="</textarea>" + SCRIPT, updated_at=NOW)


@pytest.fixture
def company(transactional_db) -> HostileCompany:
    cache.clear()
    Session.objects.all().delete()
    return HostileCompany()


class Watched:
    """A browser tab of a signed-in person that notes everything that must not happen."""

    def __init__(self, browser, server: str, user: User, size: tuple[int, int]) -> None:
        self.server, self.wrong = server, []
        self.context = browser.new_context(base_url=server, viewport={"width": size[0], "height": size[1]})
        self.context.add_init_script(_WATCH)
        self.context.add_cookies([{"name": "sessionid", "value": session_of(user), "url": server}])
        self.page = self.context.new_page()
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._asked)
        self.page.on("popup", lambda popup: self.wrong.append(f"a window opened: {popup.url}"))
        self.page.on("console", lambda said: self._said(said.type, said.text))
        self.page.on("pageerror", lambda error: self.wrong.append(f"{self.page.url}: {error}"))

    def _dialog(self, dialog) -> None:
        if dialog.type == "beforeunload":  # a page of ours asks before unsaved text is left
            dialog.accept()
            return
        self.wrong.append(f"{self.page.url}: a dialog: {dialog.message}")
        dialog.dismiss()

    def _asked(self, request) -> None:
        if not request.url.startswith((f"{self.server}/", "data:image/", "blob:")):
            self.wrong.append(f"{self.page.url} asked {request.url[:100]}")
        if "/logout" in request.url:
            self.wrong.append(f"{self.page.url}: a message signed somebody out")

    def _said(self, kind: str, text: str) -> None:
        if kind == "error" and "Content Security Policy" in text:
            self.wrong.append(f"{self.page.url}: {text[:300]}")

    def visit(self, path: str, status: int = 200) -> None:
        response = self.page.goto(path, wait_until="load")
        assert response.status == status, (path, response.status)
        self.check()

    def check(self) -> None:
        """The page as it stands now."""
        where, stands = self.page.url.removeprefix(self.server), self.page.evaluate(_STANDS, FORBIDDEN)
        if stands["ran"]:
            self.wrong.append(f"{where}: a hostile script ran")
        self.wrong += [f"{where}: violates {one}" for one in stands["violations"]]
        if (beyond := stands["wide"] - stands["seen"]) > 0:
            self.wrong.append(
                f"{where}: {beyond} px wider than the screen of {stands['seen']}: {self._widest()}"
            )
        self.wrong += [f"{where}: {count} × {tag}" for tag, count in stands["found"]]

    def _widest(self) -> str:
        """What sticks out and is not clipped by something around it, the widest first."""
        return self.page.evaluate(
            """() => { const seen = document.documentElement.clientWidth, found = [];
            for (const one of document.querySelectorAll('body *')) {
              const right = one.getBoundingClientRect().right;
              let clip = one.parentElement;
              while (clip && getComputedStyle(clip).overflowX === 'visible') clip = clip.parentElement;
              const clipped = clip && clip.getBoundingClientRect().right <= seen;
              if (right > seen + 1 && !clipped) found.push([right, one]);
            }
            found.sort((a, b) => b[0] - a[0]);
            return found.slice(0, 4).map(([right, one]) => `${one.tagName}.${one.className} to ${Math.round(right)}`).join(', ');
            }"""
        )


@pytest.fixture
def watched(browser, server, company):
    tabs = []

    def open_for(user: User, size: str) -> Watched:
        tabs.append(Watched(browser, server, user, SIZES[size]))
        return tabs[-1]

    yield open_for
    for tab in tabs:
        tab.context.close()


@pytest.mark.parametrize("size", choose_size(["phone"], full=[*SIZES]))
def test_the_inbox_stays_inert(company, watched, size):
    tab = watched(company.manager, size)
    page = tab.page
    tab.visit("/")
    rows = page.locator(".row")
    assert rows.count() == 50
    shown = rows.evaluate_all(
        """rows => rows.map(row => {
          const { top, bottom } = row.getBoundingClientRect();
          return [row.textContent, top, bottom];
        })"""
    )
    assert sum(NEIGHBOUR in text for text, _, _ in shown) > 15
    assert all(upper[2] <= lower[1] + 1 for upper, lower in itertools.pairwise(shown))
    # A department with a name of 60 wide letters is shown whole, in three lines.
    assert max(bottom - top for _, top, bottom in shown) < 240, "one row pushes its neighbours away"
    while (more := page.locator(".case-list .more a")).count():
        page.goto(more.get_attribute("href"))
        tab.check()
    for path in ("/queue/unassigned/", "/queue/mine/", "/queue/resolved/", "/queue/department/service/"):
        tab.visit(path)
    tab.visit(f"/cases/{company.case.pk}/")
    expect(page.locator("#thread")).to_contain_text("<script>window.__pwned=1</script>")
    for _ in range(5):
        earlier = page.locator(".earlier a", has_text="Earlier messages")
        if not earlier.count():
            break
        shown = page.locator("#thread .msg").count()
        earlier.first.click()
        expect(page.locator("#thread .msg").nth(shown)).to_be_attached()
        tab.check()
    for name in (
        Identity.objects.exclude(name__startswith="User").order_by("pk").values_list("pk", flat=True)[::9]
    ):
        tab.visit(f"/cases/{Case.objects.filter(identity=name).first().pk}/")
    for pk in company.case.messages.filter(direction="in").order_by("pk").values_list("pk", flat=True)[::7]:
        tab.visit(f"/messages/{pk}/reading/")
    assert not tab.wrong, "\n".join(tab.wrong)


@pytest.mark.parametrize("size", choose_size(["wide"], full=[*SIZES]))
def test_fragments_that_come_by_htmx_stay_inert(company, watched, size):
    """htmx looks for its attributes in what it swaps in, also in what came live."""
    tab = watched(company.manager, size)
    page = tab.page
    tab.visit("/")
    page.locator(f'.row[data-case="{company.case.pk}"] .who').click()
    expect(page.locator("#thread")).to_contain_text("hx-get")
    tab.check()
    page.locator("#thread .reading a").last.click()
    expect(page.locator("#thread .reading-form")).to_be_visible()
    tab.check()
    page.locator("#thread .reading-form").get_by_role("link", name="Cancel").click()
    expect(page.locator("#thread .reading-form")).to_have_count(0)
    page.evaluate("document.querySelector('#thread-newest').dataset.before = 'yes'")
    with heard(listening(page)):
        publish_cases(
            [CaseChange(company.case.pk, company.case.department_id, company.brand_account.pk, "public")]
        )
    expect(page.locator("#thread-newest:not([data-before])")).to_have_count(1)
    tab.check()
    assert not tab.wrong, "\n".join(tab.wrong)


@pytest.mark.parametrize("size", choose_size(["phone"], full=[*SIZES]))
def test_search_shows_what_it_finds_and_nothing_more(company, watched, size):
    tab = watched(company.manager, size)
    tab.visit("/search/")
    for words in ("script", "window __pwned", "onerror", "hx-get load", "settings SECRET_KEY", "Zalgo", "neighbour 7",
                  SCRIPT, HTMX, "' OR 1=1 --", "\u202eereht", "w" * 200):  # fmt: skip
        tab.page.locator("input[name=q]:visible").first.fill(words)
        with tab.page.expect_navigation(url="**/search/?q=*"):
            tab.page.locator("input[name=q]:visible").first.press("Enter")
        tab.check()
    tab.visit("/search/?q=neighbour")
    # Waits: rows take part in the layout (`content-visibility`) a moment after the page has come.
    expect(tab.page.locator("main")).to_contain_text(NEIGHBOUR)
    tab.visit("/search/?q=__pwned")
    expect(tab.page.locator("main")).to_contain_text("__pwned")
    assert not tab.wrong, "\n".join(tab.wrong)


@pytest.mark.parametrize("size", choose_size(["wide"], full=[*SIZES]))
def test_the_managers_pages_stay_inert(company, watched, size):
    tab = watched(company.manager, size)
    page = tab.page
    tab.visit("/quarantine/")
    assert Quarantined.objects.count() == 1
    assert "<script>window.__pwned=1</script>" in page.locator("main").inner_text()
    tab.visit("/rules/")
    assert "<script>window.__pwned=1</script>" in page.locator("main").inner_text()
    page.locator("textarea[name=text], input[name=text]").first.fill("refund " + SCRIPT + HTMX + WIDE)
    page.locator("textarea[name=text], input[name=text]").first.evaluate("field => field.form.submit()")
    page.wait_for_url("**/rules/try/*")
    tab.check()
    rule = Rule.objects.order_by("position").first()
    for path in (
        f"/rules/{rule.key}/",
        f"/rules/{rule.key}/delete/",
        "/rules/new/",
        "/rules/versions/",
        "/rules/default/",
    ):
        tab.visit(path)
    tab.visit("/reports/")
    links = page.eval_on_selector_all(
        "a[href*='/reports/cases/']", "links => links.map(link => link.getAttribute('href'))"
    )
    assert links
    for link in [*dict.fromkeys(links)][:12]:
        tab.visit(link if link.startswith("/") else f"/reports/{link}")
    assert not tab.wrong, "\n".join(tab.wrong)


@pytest.mark.parametrize("size", choose_size(["phone"], full=[*SIZES]))
def test_the_administrators_pages_stay_inert(company, watched, size):
    tab = watched(company.administrator, size)
    person, department = company.manager.pk, Department.objects.get(slug="billing").pk
    for path in ("/", "/brand-accounts/", f"/brand-accounts/{company.brand_account.pk}/",
                 f"/brand-accounts/{company.brand_account.pk}/disconnect/", "/people/", f"/people/{person}/",
                 "/departments/", f"/departments/{department}/", "/quarantine/", "/rules/", "/reports/"):  # fmt: skip
        tab.visit(path)
    assert not tab.wrong, "\n".join(tab.wrong)


def test_the_watch_sees_what_it_looks_for(company, watched):
    """Each of the things that must not happen, made to happen: the tests above can fail."""
    tab = watched(company.manager, "phone")
    tab.visit("/")
    tab.page.evaluate(
        """() => {
          document.body.insertAdjacentHTML('beforeend',
            '<img src="https://evil.example/x.png" onerror="window.__pwned=1"><p style="width:9000px">wide</p>');
          window.__pwned = 1;
          document.body.lastElementChild.style.width = '9000px';
          setTimeout(() => alert(1));
        }"""
    )
    signs = {
        "script ran",
        "violates img-src",
        "wider than the screen",
        "a dialog",
        "[onerror]",
        "violates style-src",
    }

    def sees_all():
        tab.check()
        said = "\n".join(tab.wrong)
        return all(sign in said for sign in signs)

    until(tab.page, sees_all)
