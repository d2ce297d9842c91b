"""The preview of a macro says what it would do to a case, and does nothing."""

import pytest

from inbox.models import Case, CaseEvent, MacroRun, Reply
from tests.factories import CaseFactory, DepartmentFactory, MacroFactory, UserFactory
from tests.inbox.page_requests import signed_in
from tests.inbox.reply_fixtures import *  # noqa: F403

pytestmark = pytest.mark.django_db


def test_it_says_what_would_happen_and_does_nothing(agent, case, question):
    macro = MacroFactory(
        does=[("answer", "", "Thank you, {customer}"), ("tag", "", "late"), ("resolve", "", "")]
    )
    before = Case.objects.values().get(pk=case.pk)
    page = signed_in(agent).get(f"/cases/{case.pk}/macros/{macro.pk}/").content.decode()
    assert f"Thank you, {case.identity.name}" in page
    assert question.text in page
    assert "tagged the case “late”" in page
    assert "resolved it" in page
    assert "answer queued" not in page, "the history of a case has no such line: it shows the answer"
    assert Case.objects.values().get(pk=case.pk) == before
    assert not (Reply.objects.exists() or CaseEvent.objects.exists() or MacroRun.objects.exists())


def test_it_says_why_it_would_be_refused(agent, case, question):
    macro = MacroFactory(does=[("note", "", "Hm"), ("hand_over", case.department_id, "Why")])
    page = signed_in(agent).get(f"/cases/{case.pk}/macros/{macro.pk}/").content.decode()
    assert "It would be refused" in page
    assert "has this case already" in page
    assert "Run it" not in page


def test_it_asks_for_the_order_number_and_runs_with_it(agent, case, question):
    macro = MacroFactory(does=[("answer", "", "Order {order} is on its way")])
    client, address = signed_in(agent), f"/cases/{case.pk}/macros/{macro.pk}/"
    asked = client.get(address).content.decode()
    assert "Order number" in asked
    assert "Run it" not in asked
    page = client.get(f"{address}?order=4711").content.decode()
    assert "Order 4711 is on its way" in page
    key = page.split('name="key" value="')[1].split('"')[0]
    wish = {"macro": macro.pk, "key": key, "order": "4711", "version": case.version}
    assert client.post(f"/cases/{case.pk}/macros/run/", wish).status_code == 302
    assert Reply.objects.get().text.startswith("Order 4711 is on its way")


def test_only_for_cases_and_macros_that_one_may_see(agent, case):
    macro, others = MacroFactory(), MacroFactory(department=DepartmentFactory())
    client = signed_in(agent)
    assert client.get(f"/macros/{macro.pk}/?case={case.pk}").url == f"/cases/{case.pk}/macros/{macro.pk}/"
    assert client.get(f"/cases/{case.pk}/macros/{others.pk}/").status_code == 404
    assert client.get(f"/cases/{CaseFactory().pk}/macros/{macro.pk}/").status_code == 404
    assert signed_in(UserFactory()).get(f"/cases/{case.pk}/macros/{macro.pk}/").status_code == 404
