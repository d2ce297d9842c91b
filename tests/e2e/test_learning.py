"""Corrections teach, a person trains, and the next message like these finds its department: in a real browser."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from accounts.models import Role
from inbox.decisions import second_opinion
from inbox.ingest.page import store_messages
from inbox.models import Case
from routing.learning import active, corrections, trainings
from routing.rules import versions
from routing.rules.editing import set_default_department
from tests.factories import NOW, StreamFactory, UserFactory
from tests.inbox.fake_connector import message
from tests.routing.classifier.examples import examples

pytestmark = [pytest.mark.browser]
PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def taught(company):
    """Eighty corrections between service and billing, not trained yet."""
    active.clear_active_router_cache()
    versions.clear_rules_cache()
    set_default_department(company.service, None, NOW)
    pairs = [(one.text, one.department) for one in examples(240) if one.department != "tech"]
    corrections.import_corrections(pairs, by=company.manager, now=NOW)
    yield company
    active.clear_active_router_cache()
    versions.clear_rules_cache()


def train():
    assert trainings.run_training(trainings.claim_training(NOW)).state == "active"


def serious(page):
    found = Axe().run(page).response["violations"]
    return [one["id"] for one in found if one["impact"] in ("serious", "critical")]


def test_an_administrator_trains_and_a_manager_reads_the_figures_and_takes_a_suggestion(taught, open_page):
    UserFactory(username="odile", role=Role.ADMINISTRATOR)
    trainer = open_page("odile", "/rules/learning/")
    trainer.click("text=Train now")
    trainer.wait_for_selector("text=Waiting for a worker")
    train()
    trainer.wait_for_selector("text=Version 1 in use")
    assert serious(trainer) == []
    page = open_page("mara", "/rules/learning/")
    assert page.locator("text=Train now").count() == 0
    assert serious(page) == []
    page.click("a:has-text('Version 1')")
    page.wait_for_selector("text=Which departments are confused")
    assert serious(page) == []
    page.select_option("[name=billing]", "101")
    page.click("text=Save the thresholds")
    page.wait_for_selector("text=The thresholds are saved")
    active.clear_active_router_cache()
    second_opinion.weigh_new_decisions(NOW)
    text = "you took 40 euros from my card twice"
    store_messages(StreamFactory(brand_account=taught.brand), [message("1", text=text)], NOW)
    second_opinion.weigh_new_decisions(NOW)
    case = Case.objects.get()
    page.goto(f"/cases/{case.pk}/")
    page.click("text=Send to Billing")
    page.wait_for_selector("text=Handed over to Billing.")
    case.refresh_from_db()
    assert case.department == taught.billing
    assert page.said == []


def test_on_a_phone_nothing_is_wider_than_the_screen(taught, open_page):
    trainings.request_training(None, NOW)
    train()
    page = open_page("mara", "/rules/learning/", **PHONE)
    for path in ("/rules/learning/", "/rules/learning/versions/1/", "/rules/learning/examples/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert serious(page) == []
    assert page.said == []
