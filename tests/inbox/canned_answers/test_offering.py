"""Canned answers for a case: ranked, in its language, filled, and put into the draft without JavaScript."""

import pytest

from accounts.models import Role
from inbox.canned_answers.offering import fill_order, offer_answers
from inbox.models import CannedUse, Draft
from tests.factories import NOW, CannedAnswerFactory, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.page_requests import count_statements, signed_in
from tests.inbox.reply_fixtures import agent, brand, case, service

pytestmark = pytest.mark.django_db
__all__ = ["agent", "brand", "case", "service"]


@pytest.fixture
def german(case):
    """The customer writes German, and calls herself as a placeholder."""
    case.identity.name = "Lena\u202e {me}"
    case.identity.save()
    return MessageFactory(case=case, language="de")


def shortcuts(case, user, query=""):
    return [each.answer.shortcut for each in offer_answers(case, user, query, NOW)]


def test_the_order_is_match_language_network_department_and_own_use(german, case, agent, service):
    other = DepartmentFactory()
    agent.departments.add(other)
    both = {"en": "Lid", "de": "Deckel"}
    CannedAnswerFactory(shortcut="elsewhere", department=other, texts=both)
    CannedAnswerFactory(shortcut="everybody", texts=both)
    often = CannedAnswerFactory(shortcut="own-often", department=service, texts=both)
    CannedAnswerFactory(shortcut="own-never", department=service, texts=both)
    CannedAnswerFactory(shortcut="for-x", texts=both | {("de", "x"): "Deckel!"})
    CannedAnswerFactory(shortcut="english", department=service, texts={"en": "Lid"})
    CannedAnswerFactory(shortcut="lid", texts={"en": "nothing"})
    CannedAnswerFactory(shortcut="archived", texts=both, archived_at=NOW)
    CannedAnswerFactory(shortcut="foreign", owner=UserFactory(), texts=both)
    CannedUse.objects.create(
        answer=often, user=agent, month=NOW.date().replace(day=1), count=3, last_used_at=NOW
    )
    expected = ["for-x", "own-often", "own-never", "everybody", "elsewhere", "english", "lid"]
    assert shortcuts(case, agent) == expected
    assert shortcuts(case, agent, ";LI")[0] == "lid"
    assert shortcuts(case, agent, "deckel") == expected[:5]
    assert shortcuts(case, agent, "own nev") == ["own-never"]
    assert shortcuts(case, agent, "100%_\x00") == []


def test_the_text_is_in_the_customers_language_and_filled_once(german, case, agent):
    CannedAnswerFactory(
        texts={"en": "Hello {customer}", "de": "Hallo {customer}, ich bin {me} von {brand}: {order}", ("de", "facebook"): "Nein"}
    )  # fmt: skip
    case.brand_account.name = "Acme Kitchens"
    (offered,) = offer_answers(case, agent, "", NOW)
    assert offered.text == "Hallo Lena {me}, ich bin Ann von Acme Kitchens: {order}"
    assert offered.asks_for_order
    assert fill_order("Order {order}", " KF-1\n{me} ") == "Order KF-1 {me}"
    assert offered.length == len(f"{offered.text} ^AB")
    assert offered.max_length == 280


def test_several_answers_go_into_one_draft_without_javascript(german, case, agent):
    hello = CannedAnswerFactory(texts={"en": "Hello."})
    order = CannedAnswerFactory(texts={"de": "Bestellung {order} ist raus."})
    client, address = signed_in(agent), f"/cases/{case.pk}/canned-answers/"
    assert "Hello." in client.get(f"{address}?q=hello").content.decode()
    assert client.post(address, {"answer": "x"}).status_code == 422
    assert client.post(address, {"answer": hello.pk})["Location"] == f"/cases/{case.pk}/#composer"
    refused = client.post(address, {"answer": order.pk})
    assert "needs the order number" in refused.content.decode()
    client.post(address, {"answer": order.pk, "order": "KF-7"})
    draft = Draft.objects.get(user=agent)
    assert draft.text == "Hello. Bestellung KF-7 ist raus."
    assert draft.canned_answer_ids == [hello.pk, order.pk]
    assert (
        f'id="canned-ids" value="{hello.pk},{order.pk}"' in client.get(f"/cases/{case.pk}/").content.decode()
    )
    client.post(f"/cases/{case.pk}/draft/", {"text": "Hello.", "canned": str(hello.pk)})
    assert Draft.objects.get(user=agent).canned_answer_ids == [hello.pk]


def test_who_may_not_answer_is_offered_nothing_and_statements_do_not_grow(case, agent, service):
    found = f"/cases/{case.pk}/canned-answers/found/"
    CannedAnswerFactory(shortcut="hello")
    client = signed_in(agent)
    assert client.get(f"{found}?q=hel").json()["answers"][0]["shortcut"] == "hello"
    few = count_statements(client, found)
    for _ in range(20):
        CannedAnswerFactory(department=service)
    assert count_statements(client, found) == few
    assert signed_in(UserFactory(role=Role.ANALYST, departments=[service])).get(found).status_code == 403
    assert signed_in(UserFactory(departments=[DepartmentFactory()])).get(found).status_code == 404
