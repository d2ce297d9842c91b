"""The journeys of people who work in the inbox, in a real browser."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from inbox.cases import verbs
from inbox.changes.change import change_case
from inbox.live.publish import CaseChange, publish_cases
from inbox.models import Case, Draft, Reply, Status
from inbox.replies import outcomes
from networks.base import SentMessage
from tests.e2e.moments import heard, still
from tests.e2e.soundness import SCHEMES, sound
from tests.factories import CaseFactory, IdentityFactory, MessageFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def arrive(company, text="Where is my parcel?", **more):
    """A new case, as ingest leaves it: stored, committed, told to open pages."""
    case = CaseFactory(
        department=company.service,
        brand_account=company.brand,
        created_at=timezone.now(),
        preview=text,
        **more,
    )
    message = MessageFactory(case=case, text=text)
    publish_cases([CaseChange(case.pk, case.department_id, case.brand_account_id, case.visibility)])
    return case, message


def write_again(case, text):
    """The customer writes once more: the case changes under whoever looks at it."""
    now = timezone.now()
    with transaction.atomic(), change_case(case.pk, now=now) as change:
        MessageFactory(case=case, text=text, network_time=now)
        change.set(activity_at=now, preview=text, last_inbound_at=now)


def listening(page):
    """Wait until the page hears the stream, and shows what it had missed."""
    # The stream belongs to the browser, so it is not seen among what the page asks for.
    page.wait_for_selector("html[data-stream=open]:not([data-refreshing])", state="attached")
    return page


def appears(page, company):
    """A new case that the page has heard of by its stream, and shows."""
    with heard(page):
        case, _ = arrive(company)
    assert page.evaluate("window.heard") == [[case.pk]]
    page.wait_for_selector(f'.row[data-case="{case.pk}"]')
    return case


def test_a_new_case_appears_by_itself_and_is_answered_and_resolved(company, open_page):
    page = listening(open_page(by_form=True))
    expect(page.get_by_text("Nobody is waiting")).to_be_visible()
    case = appears(page, company)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#thread")).to_contain_text("Where is my parcel?")
    page.wait_for_url(f"**/cases/{case.pk}/")
    expect(page.locator(f'.row[data-case="{case.pk}"] .who')).to_have_attribute("aria-current", "true")

    page.keyboard.press("r")
    page.keyboard.type("It leaves today.")
    expect(page.locator("#count")).to_have_text("20 / 280")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".msg.pending")).to_contain_text("sending in")
    expect(page.locator("#answer")).to_have_value("")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".msg.pending")).to_have_count(0)
    expect(page.locator("#answer")).to_have_value("It leaves today. ^ML")

    page.locator("#answer").press("Control+Enter")
    expect(page.locator(".msg.pending")).to_contain_text("It leaves today. ^ML")
    reply = Reply.objects.get(state="queued")
    outcomes.record_reply_sent(reply.pk, SentMessage("4711"), now=timezone.now(), sent_at=timezone.now())
    expect(page.locator(".msg.pending")).to_have_count(0)
    expect(page.locator(".msg.out")).to_contain_text("It leaves today. ^ML")

    page.locator("#case-bar h2").focus()
    page.keyboard.press("e")
    expect(page.locator("#case-bar")).to_contain_text("resolved")
    assert Case.objects.get(pk=case.pk).status == Status.RESOLVED
    assert [line for line in page.said if "Error" in line or "Content Security" in line] == []


def test_what_came_while_an_action_failed_is_shown_soon(company, open_page):
    case, _ = arrive(company)
    page = listening(open_page(path=f"/cases/{case.pk}/"))
    held = []
    page.route("**/assign/", lambda route: held.append(route))
    page.locator("#answer").fill("Half a sentence")
    page.get_by_role("button", name="Take it").click()
    with page.expect_response("**/navigation/**"):
        write_again(case, "And one more thing")
    assert page.locator("#thread", has_text="And one more thing").count() == 0
    held.pop().fulfill(status=503)
    expect(page.locator("#thread")).to_contain_text("And one more thing")
    expect(page.locator("#answer")).to_have_value("Half a sentence")


def test_undo_while_a_refresh_is_on_its_way(company, open_page):
    case, _ = arrive(company)
    page = listening(open_page(path=f"/cases/{case.pk}/"))
    page.evaluate(
        """() => {
          // Answers to a refresh are kept back until the server has been asked to undo, whose answer comes last.
          const { send } = XMLHttpRequest.prototype;
          let release;
          const undone = new Promise((resolve) => { release = resolve; });
          XMLHttpRequest.prototype.send = function (...sent) {
            const address = this.address;
            if (address.includes("/thread/")) {
              const { onload } = this;
              this.onload = (event) => { document.body.dataset.held = "yes"; undone.then(() => onload(event)); };
              this.abort = () => {};
            } else if (address.includes("/cancel/")) {
              const { onload } = this;
              this.onload = (event) => { release(); setTimeout(() => onload(event), 100); };
            }
            return send.apply(this, sent);
          };
          const { open } = XMLHttpRequest.prototype;
          XMLHttpRequest.prototype.open = function (method, address, ...more) {
            this.address = address;
            return open.call(this, method, address, ...more);
          };
        }"""
    )
    page.locator("#answer").fill("It leaves today.")
    page.locator("#answer").press("Control+Enter")
    expect(page.locator(".msg.pending")).to_have_count(1)
    page.evaluate("document.dispatchEvent(new CustomEvent('horseshoe:case'))")
    expect(page.locator("body[data-held]")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".msg.pending")).to_have_count(0)
    expect(page.locator("#answer")).to_have_value("It leaves today. ^ML")
    write_again(case, "And one more thing")
    expect(page.locator("#thread")).to_contain_text("And one more thing")


def test_who_is_quicker_than_the_page_stays_in_the_answer(company, open_page):
    arrive(company)
    page = open_page()
    page.evaluate(
        """document.addEventListener("htmx:afterSwap", ({ detail }) => {
          if (detail.target.id === "case") document.getElementById("answer").focus();
        });"""
    )
    page.keyboard.press("j")
    expect(page.locator("#answer")).to_be_focused()
    page.keyboard.type("take note")
    expect(page.locator("#answer")).to_have_value("take note")


def test_what_is_being_typed_survives_what_arrives(company, open_page):
    case, _ = arrive(company)
    page = listening(open_page(path=f"/cases/{case.pk}/"))
    page.locator("#answer").fill("I am still typing")
    page.locator("#answer").press("End")
    page.locator("#case-bar summary", has_text="Hand over").click()
    page.locator("#hand-over-reason").fill("Perhaps billing")
    write_again(case, "And one more thing")
    expect(page.locator("#thread")).to_contain_text("And one more thing")
    expect(page.locator("#answer")).to_have_value("I am still typing")
    expect(page.locator("#hand-over-reason")).to_have_value("Perhaps billing")
    expect(page.locator("#since-opened")).to_contain_text("New since you opened it: a message.")
    page.locator("#answer").press("Control+Enter")
    expect(page.locator("#since-opened")).to_contain_text("wrote again.")
    expect(page.locator("#since-opened blockquote")).to_contain_text("And one more thing")
    expect(page.locator("#answer")).to_have_value("I am still typing")
    page.get_by_role("button", name="Send as it is").click()
    expect(page.locator(".msg.pending")).to_contain_text("I am still typing ^ML")


def test_a_draft_is_kept_and_comes_back(company, open_page):
    case, _ = arrive(company)
    page = open_page(path=f"/cases/{case.pk}/")
    page.locator("#answer").fill("Half a sent")
    expect(page.locator("#draft-state")).to_have_text("Draft kept")
    assert Draft.objects.get(case=case).text == "Half a sent"
    page.reload()
    expect(page.locator("#answer")).to_have_value("Half a sent")


def test_two_people_answer_and_the_second_keeps_the_text(company, open_page):
    case, _ = arrive(company)
    first, second = (open_page(who, f"/cases/{case.pk}/") for who in ("mara", "sana"))
    # Nothing reaches the second page between looking and sending.
    second.route("**/thread/*", lambda route: route.abort())
    first.locator("#answer").fill("We look into it.")
    first.locator("#send").click()
    expect(first.locator(".msg.pending")).to_have_count(1)
    second.locator("#answer").fill("On its way to you.")
    second.locator("#send").click()
    expect(second.locator("#case-notice")).to_contain_text("Somebody got there first")
    expect(second.locator("#answer")).to_have_value("On its way to you.")
    expect(second.locator(".msg.pending")).to_have_count(1)
    assert Reply.objects.count() == 1


def test_handing_over_takes_an_agent_back_to_the_queue(company, open_page):
    case, _ = arrive(company)
    page = open_page("sana", f"/cases/{case.pk}/")
    page.locator("#case-bar h2").focus()
    page.keyboard.press("h")
    page.locator("#hand-over-to").select_option("billing")
    page.locator("#hand-over-reason").fill("A charge")
    page.locator("#case-bar .sheet button", has_text="Hand over").click()
    expect(page.get_by_text("Handed over to Billing.")).to_be_visible()
    assert Case.objects.get(pk=case.pk).department == company.billing


def test_it_polls_when_the_stream_breaks(company, open_page):
    page = open_page()
    # What a shared worker asks for cannot be intercepted.
    page.add_init_script("delete window.SharedWorker")
    page.route("**/live/**", lambda route: route.abort())
    page.reload()
    expect(page.locator("#offline")).to_be_visible()
    case, _ = arrive(company)
    page.wait_for_selector(f'.row[data-case="{case.pk}"]')


def test_a_page_is_told_to_sign_in_again_when_the_session_has_ended(company, open_page, server):
    page = open_page()
    company.manager.session_epoch += 1
    company.manager.save(update_fields=["session_epoch"])
    page.locator("#filter-menu > summary").click()
    page.wait_for_url("**/auth/login/**")


def test_everything_works_without_scripts(company, open_page):
    case, _ = arrive(company)
    page = open_page(java_script_enabled=False, by_form=True)
    page.get_by_role("link", name=case.identity.display_name).click()
    expect(page.locator("#thread")).to_contain_text("Where is my parcel?")
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_text("It is yours.")).to_be_visible()
    page.locator("#note summary").click()
    page.locator("#note-text").fill("Ask the carrier.")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator(".note")).to_contain_text("Ask the carrier.")
    page.locator("#answer").fill("It leaves today.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".msg.pending")).to_contain_text("It leaves today. ^ML")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#answer")).to_have_value("It leaves today. ^ML")
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.locator("#case-bar")).to_contain_text("resolved")


HOSTILE = (
    "<script>window.owned = 1</script>",
    '"><img src="//evil.example/x.png" onerror="window.owned = 1">',
    '<a hx-get="/evil" hx-trigger="load" hx-on:click="window.owned = 1">click</a>',
    '<svg onload="window.owned = 1">',
    "javascript:window.owned=1",
    "{{ settings.SECRET_KEY }}{% debug %}",
    "\u202emirrored\u202c \u2067isolated",
    "</textarea></title></style><script>window.owned = 1</script>",
    "\u0300" * 300,
    "w" * 100_000,
)  # fmt: skip


def test_hostile_text_is_inert_on_every_page(company, open_page, server):
    shown = []
    for text in HOSTILE:
        identity = IdentityFactory(handle=text[:200], name=text[:200])
        case, _ = arrive(company, text[:240], identity=identity)
        MessageFactory(
            case=case, text=text, permalink=text[:1000], network_time=timezone.now(),
            attachments=[{"kind": text[:40], "url": text[:1000], "name": text[:200]}],
        )  # fmt: skip
        verbs.add_note(case.pk, company.manager, text[:9000], now=timezone.now())
        shown.append(case.pk)
    page = open_page()
    page.evaluate(
        "document.addEventListener('securitypolicyviolation', (e) => console.log('CSP ' + e.violatedDirective))"
    )
    for path in (
        "/",
        *(f"/cases/{pk}/" for pk in shown),
        "/search/?q=owned",
        '/search/?q="><script>owned</script>',
    ):
        page.goto(path)
        still(page)
        assert page.evaluate("window.owned") is None, path
    assert [url for url in page.asked if not url.startswith((server, "data:"))] == []
    assert [url for url in page.asked if "/evil" in url] == []
    assert [line for line in page.said if "CSP" in line or "Content Security" in line] == []


@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_serious(company, open_page, width):
    case, message = arrive(company)
    now = timezone.now()
    verbs.add_note(case.pk, company.manager, "A note", now=now)
    Reply.objects.create(
        case=case, parent=message, brand_account=company.brand, author=company.manager, text="We look.",
        composer_id="11111111-1111-4111-8111-111111111111", visibility="public", state="unconfirmed",
        needs_person=True, error="It timed out.", created_at=now, send_after=now,
    )  # fmt: skip
    page = open_page(viewport={"width": width, "height": 844})
    for path in (
        "/",
        f"/cases/{case.pk}/",
        "/search/?q=parcel",
        "/queue/resolved/",
        "/queue/nothing/",
        "/auth/password/change/",
    ):
        page.goto(path)
        sound(page, *SCHEMES)


def test_targets_are_large_enough_for_a_thumb(company, open_page):
    case, _ = arrive(company)
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True)
    for path in ("/", f"/cases/{case.pk}/"):
        page.goto(path)
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, summary, .btn, .tabs a, select, input:not([type=hidden])")]
              .filter((one) => one.checkVisibility() && (one.closest("label.pick") ?? one).getBoundingClientRect().height < 44
                && !one.closest("dialog, .check"))
              .map((one) => one.outerHTML.slice(0, 120))"""
        )
        assert small == [], path


def test_an_outsider_hears_nothing(company, open_page):
    theirs = CaseFactory(department=company.billing, brand_account=company.brand)
    mine = CaseFactory(department=company.service, brand_account=company.brand)
    page = listening(open_page("sana"))
    page.asked.clear()
    with heard(page):
        # One stream, in order: had she heard of the first, it would come before the second or with it.
        publish_cases([CaseChange(theirs.pk, company.billing.pk, company.brand.pk, "public")])
        publish_cases([CaseChange(mine.pk, company.service.pk, company.brand.pk, "public")])
    assert page.evaluate("window.heard") == [[mine.pk]]
    assert len([url for url in page.asked if "/navigation/" in url]) == 1


def test_the_keys_are_listed_and_can_be_switched_off(company, open_page):
    arrive(company)
    page = open_page()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    assert page.locator("#keys").evaluate("one => one.scrollTop") == 0, "it begins at its top"
    page.locator("#single-keys").uncheck()
    page.get_by_role("button", name="Close").last.click()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('.row')") is None
