"""The list holds still while somebody works in it, and keys go to what is seen; in a real browser."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import threading

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from config.testing.quick import choose_size
from inbox.live.publish import CaseChange, publish_cases
from inbox.models import Case, CasePlaybook, Custody
from routing.playbook import versions
from tests.e2e.moments import heard, until
from tests.e2e.soundness import SCHEMES, sound
from tests.e2e.test_inbox import arrive, listening
from tests.factories import CaseFactory, MessageFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CLICKS = choose_size(6, full=60)
ROWS = choose_size(30, full=200)


def fill(company, count=6):
    """Cases of the service department, the newest last."""
    now = timezone.now()
    return [
        CaseFactory(
            department=company.service,
            brand_account=company.brand,
            preview=f"Question {number}",
            activity_at=now - dt.timedelta(minutes=count - number),
        )
        for number in range(count)
    ]


def in_order(page) -> list[str]:
    return page.locator("#case-list .row").evaluate_all("rows => rows.map(row => row.dataset.case)")


class Customers(threading.Thread):
    """Customers who write all the time: new cases, and more in old ones, which move to the top."""

    def __init__(self, company, cases) -> None:
        super().__init__(daemon=True)
        self.company, self.cases, self.over = company, cases, threading.Event()
        self.written = 0

    def run(self) -> None:
        dice = random.Random(7)
        try:
            while not self.over.wait(0.2):
                if dice.random() < 0.5:
                    arrive(self.company, f"New {self.written}")
                else:
                    case = dice.choice(self.cases)
                    Case.objects.filter(pk=case.pk).update(
                        activity_at=timezone.now(), preview=f"Again {self.written} " * dice.randint(1, 9)
                    )
                    publish_cases(
                        [CaseChange(case.pk, case.department_id, case.brand_account_id, case.visibility)]
                    )
                self.written += 1
        finally:
            connection.close()


def test_no_click_is_lost_or_opens_another_case_while_posts_arrive(company, open_page):
    """Somebody chooses a row, aims for a quarter of a second, and holds the button for 90 ms."""
    cases = fill(company, ROWS)
    page = listening(open_page(viewport={"width": 1440, "height": 900}))
    customers, dice = Customers(company, cases), random.Random(3)
    customers.start()
    wrong, opened = [], ""
    try:
        # As long as it takes until customers have written more often than that.
        for turn in itertools.count():
            if turn >= CLICKS and customers.written > CLICKS:
                break
            if turn % 4 == 3:  # reads the case for a while, with the pointer there
                page.mouse.move(900, 400, steps=4)
                page.wait_for_timeout(1200)
            seen = page.locator("#case-list .row").evaluate_all(
                """rows => rows.map(row => [row.dataset.case, row.getBoundingClientRect()])
                  .filter(([, box]) => box.top > 160 && box.bottom < 880)
                  .map(([id, box]) => [id, box.left + box.width / 2, box.top + box.height / 2])"""
            )
            _, left, top = dice.choice([one for one in seen if one[0] != opened])
            page.mouse.move(left, top, steps=5)
            # Who aims sees what is under the pointer by now: from here on it stays there.
            aimed = page.evaluate(
                "place => document.elementFromPoint(...place)?.closest('.row')?.dataset.case", [left, top]
            )
            if aimed is None or aimed == opened:
                continue
            page.wait_for_timeout(250)
            page.mouse.down()
            page.wait_for_timeout(90)
            page.mouse.up()
            try:
                page.wait_for_selector(f'#case[data-case="{aimed}"]')
                opened = aimed
            except Exception:
                opened = page.locator("#case").get_attribute("data-case") or ""
                wrong.append((aimed, opened))
    finally:
        customers.over.set()
        customers.join()
    assert wrong == []
    # What came meanwhile waits behind its line.
    newest = str(Case.objects.order_by("-activity_at", "-id").first().pk)
    expect(page.locator("#case-list .newer")).to_contain_text("newer: show")

    def is_newest_first():
        # Pressed by script: a pointer would be in its way, and what comes last may wait once more.
        page.evaluate("document.querySelector('#case-list .newer').click()")
        return in_order(page)[0] == newest

    until(page, is_newest_first)


def test_the_list_waits_for_pointer_and_focus_and_moves_when_both_are_gone(company, open_page):
    cases = fill(company)
    page = listening(open_page())
    before = in_order(page)
    page.locator(f'.row[data-case="{cases[2].pk}"]').hover()
    with page.expect_response("**/navigation/**"):
        other, _ = arrive(company, "A newer one")
    expect(page.locator(".newer")).to_have_text("↑ 1 newer: show")
    assert in_order(page) == before
    # A row changes in its place; one that was closed stays, struck through.
    Case.objects.filter(pk=cases[0].pk).update(closed_at=timezone.now(), status="resolved")
    Case.objects.filter(pk=cases[4].pk).update(preview="Other words")
    publish_cases([CaseChange(cases[0].pk, company.service.pk, company.brand.pk, "public")])
    expect(page.locator(f'.row[data-case="{cases[4].pk}"] .text')).to_have_text("Other words")
    expect(page.locator(f'.row.gone[data-case="{cases[0].pk}"]')).to_be_visible()
    assert in_order(page) == before
    page.mouse.move(900, 500)
    expect(page.locator(f'.row[data-case="{other.pk}"]')).to_be_visible()
    assert in_order(page) == [str(other.pk), *before[:-1]]

    page.keyboard.press("j")
    expect(page.locator(f'#case[data-case="{other.pk}"]')).to_be_visible()
    arrive(company, "Another one")
    expect(page.locator(".newer")).to_have_text("↑ 1 newer: show")
    assert page.evaluate("document.activeElement.closest('.row').dataset.case") == str(other.pk)
    page.keyboard.press(".")
    expect(page.locator(".row")).to_have_count(len(before) + 1)


def test_j_and_k_open_and_what_is_pressed_meanwhile_goes_to_the_case_that_opens(company, open_page):
    cases = [str(case.pk) for case in reversed(fill(company))]
    page = listening(open_page())
    page.keyboard.press("j")
    page.wait_for_selector(f'#case[data-case="{cases[0]}"]')
    held = []
    page.route(
        "**/cases/*/",
        lambda route: held.append(route) if route.request.method == "GET" else route.continue_(),
    )
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("a")
    # The second is answered before the first.
    until(page, lambda: len(held) == 2)
    for route in reversed(held):
        route.continue_()
    held.clear()
    page.wait_for_selector(f'#case[data-case="{cases[2]}"]')
    expect(page.locator(f'.row[data-case="{cases[2]}"] .who')).to_have_attribute("aria-current", "true")
    expect(page.locator("#case-side")).to_contain_text("(you)")
    assert [str(pk) for pk in Case.objects.filter(assignee=company.manager).values_list("pk", flat=True)] == [
        cases[2]
    ]
    page.keyboard.press("k")
    until(page, lambda: held)
    held.pop().continue_()
    page.wait_for_selector(f'#case[data-case="{cases[1]}"]')
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.keyboard.type("Back again")
    until(page, lambda: held)
    held.pop().continue_()
    expect(page.locator("#answer")).to_have_value("Back again")
    expect(page.locator("#count")).not_to_have_text("0 / 280")
    assert page.locator("#case").get_attribute("data-case") == cases[2]


def test_a_digit_after_w_is_always_the_department(company, open_page):
    versions.install_starter_playbook(None, timezone.now())
    case, _ = arrive(company)
    page = listening(open_page(path=f"/cases/{case.pk}/"))
    page.locator("#case-bar h2").focus()
    expect(page.locator("#case-playbook [data-digit]").first).to_be_visible()
    held = []
    page.route(
        "**/wrong-department/",
        lambda route: held.append(route) if route.request.method == "GET" else route.continue_(),
    )
    page.keyboard.press("w")
    page.keyboard.press("2")
    # The case changes meanwhile, so that its parts are replaced.
    with heard(page):
        MessageFactory(case=case, text="And one more thing", network_time=timezone.now())
        publish_cases([CaseChange(case.pk, case.department_id, case.brand_account_id, case.visibility)])
    until(page, lambda: held)
    held.pop().continue_()
    expect(page.get_by_text("Handed over to Billing.")).to_be_visible()
    assert Case.objects.get(pk=case.pk).department == company.billing
    assert Custody.objects.filter(case=case, wrong_department=True).count() == 1
    assert not CasePlaybook.objects.exists()


def test_one_works_through_the_list_by_keys_and_z_undoes_each_act(company, open_page):
    cases = list(reversed(fill(company)))
    for case in cases:
        MessageFactory(case=case, text=case.preview, network_time=timezone.now())
    ids = [str(case.pk) for case in cases]
    page = listening(open_page(path="/queue/department/service/"))
    notice, shown = page.locator("#case-notice"), page.locator("#case")

    def stands(case):
        page.wait_for_selector(f'#case[data-case="{case.pk}"]')

    page.keyboard.press("j")
    stands(cases[0])
    page.keyboard.press("e")
    stands(cases[1])
    expect(notice).to_contain_text("Next case opened.")
    assert page.evaluate("document.activeElement.closest('#case-bar') !== null")
    assert in_order(page) == ids
    page.keyboard.press("z")
    stands(cases[0])
    expect(notice).to_contain_text("Undone")
    assert Case.objects.get(pk=cases[0].pk).is_open

    # Taken, undone, taken: the focus stays in the case, and nothing else is opened.
    page.keyboard.press("a")
    expect(page.locator("#case-side")).to_contain_text("(you)")
    expect(page.locator("#case-bar h2")).to_be_focused()
    page.keyboard.press("z")
    expect(page.locator("#case-side")).to_contain_text("Nobody yet")
    stands(cases[0])

    # An answer is taken back by the same key.
    page.locator("#answer").fill("It leaves today.")
    page.locator("#answer").press("Control+Enter")
    expect(page.locator(".msg.pending")).to_have_count(1)
    page.locator("#case-bar h2").focus()
    page.keyboard.press("z")
    expect(page.locator(".msg.pending")).to_have_count(0)
    expect(page.locator("#answer")).to_have_value("It leaves today. ^ML")

    # Passed on by W and a digit, and taken back.
    page.locator("#case-bar h2").focus()
    page.keyboard.press("w")
    page.keyboard.press("2")
    stands(cases[1])
    expect(notice).to_contain_text("Handed over to Billing")
    page.keyboard.press("z")
    stands(cases[0])
    assert Case.objects.get(pk=cases[0].pk).department == company.service

    # Who does not want it stays with the case.
    page.keyboard.press("?")
    with page.expect_response("**/presence/opening/"):
        page.locator("#opens-next").uncheck()
    page.get_by_role("button", name="Close").last.click()
    page.locator("#case-bar h2").focus()
    page.keyboard.press("e")
    expect(page.locator("#case-bar")).to_contain_text("resolved")
    stands(cases[0])
    expect(shown.locator(".undo button")).to_be_visible()
    assert [line for line in page.said if "Error" in line or "Content Security" in line] == []


def test_a_double_tap_resolves_one_case_and_not_the_next(company, open_page):
    cases = list(reversed(fill(company)))
    page = listening(open_page(path="/queue/department/service/"))
    page.keyboard.press("j")
    page.wait_for_selector(f'#case[data-case="{cases[0].pk}"]')
    # Both within the same moment, however slow the machine is. What is pressed behind them is done behind them.
    page.evaluate(
        """() => {
          for (const key of ["e", "e", "a"]) document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        }"""
    )
    expect(page.locator("#case-side")).to_contain_text("(you)")
    assert page.locator("#case").get_attribute("data-case") == str(cases[1].pk)
    assert not Case.objects.get(pk=cases[0].pk).is_open
    assert Case.objects.get(pk=cases[1].pk).is_open


def test_a_filter_is_seen_beside_a_case_and_taken_away_with_one_click(company, open_page):
    cases = fill(company)
    Case.objects.filter(pk=cases[0].pk).update(tags=["dublin"])
    page = open_page(path="/?tag=dublin")
    page.goto(f"/cases/{cases[3].pk}/")
    pane = page.locator("#list-pane")
    expect(pane.locator("h1")).to_have_text("All open")
    expect(pane.locator(".said-filters")).to_contain_text("#dublin")
    expect(pane.locator(".row")).to_have_count(1)
    sound(page, *SCHEMES)
    pane.get_by_role("link", name="Clear").click()
    expect(page.locator(".row")).to_have_count(len(cases))


@pytest.mark.parametrize("width", [1440, 1280, 390])
def test_no_chip_is_cut(company, open_page, width):
    company.service.name = "Technical support and returns"
    company.service.save()
    case, message = arrive(
        company, priority=2, returned_count=2, unsent="failed", unsent_since=timezone.now(), tags=["safety"],
        assignee=company.agent,
    )  # fmt: skip
    message.sentiment = "negative"
    message.save()
    page = open_page(viewport={"width": width, "height": 900})
    for path, parts in (("/", ".row .chip"), (f"/cases/{case.pk}/", "#case-bar :is(.chip, .btn)")):
        page.goto(path)
        cut = page.locator(parts).evaluate_all(
            """chips => chips.filter((chip) => {
              const [box, around] = [chip, chip.closest(".row, .bar")].map((one) => one.getBoundingClientRect());
              return chip.checkVisibility() && (chip.scrollWidth > chip.clientWidth + 1 || box.right > around.right || box.bottom > around.bottom);
            }).map((chip) => chip.textContent)"""
        )
        assert cut == []
        for words in ("Technical support and returns", "− negative", "▲ urgent"):
            expect(page.locator(parts, has_text=words).first).to_be_visible()
