"""Erasing a customer who asks to be forgotten: everything that names them, at once, with the counts left as they were."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEntry, AuditVerb, Role
from inbox.models import (
    Case,
    Custody,
    Customer,
    Erasure,
    Identity,
    Message,
    Quarantined,
    Reply,
    Status,
)
from inbox.queue.counts import fold_case_counts, open_counts
from inbox.retention.erasing import AnswerOnItsWay, erase_customer, find_accounts, find_customers
from reports.filters import NO_FILTERS
from reports.measures.volume import case_volume
from reports.periods import last_weeks
from tests.accounts.conftest import signed_in
from tests.factories import CaseFactory, IdentityFactory, MessageFactory, ReplyFactory, UserFactory
from tests.inbox.fake_connector import message
from tests.inbox.retention.conftest import ROLE, SECRET, tables_with, talkative_case
from wording.times import display_zone

pytestmark = pytest.mark.django_db
FIND = "/retention/customers/"


@pytest.fixture
def administrator():
    return UserFactory(role=Role.ADMINISTRATOR)


def page_of(customer):
    return f"{FIND}{customer.pk}/"


def erase(customer, administrator):
    return erase_customer(customer, by=administrator, now=timezone.now())


def test_everything_that_names_them_goes_with_the_role_of_the_application(owning_nothing, administrator):
    connection.cursor().execute("RESET ROLE")
    case, _ = talkative_case(days_ago=2)
    talkative = case.customer
    identity = talkative.identities.get()
    Quarantined.objects.update(raw=f'{{"from": "{identity.remote_id}"}}'.encode(), error="It has no time.")
    Message.objects.update(visibility="direct", thread_id=f"9000-{identity.remote_id}")
    Case.objects.update(visibility="direct", thread_id=f"9000-{identity.remote_id}")
    other = MessageFactory(text="Somebody else")
    connection.cursor().execute(f"SET ROLE {ROLE}")

    assert erase(talkative, administrator) == (1, 1)

    assert tables_with(SECRET) == []
    assert tables_with(identity.remote_id) == []
    other.refresh_from_db()
    assert other.text == "Somebody else" and other.identity.name
    assert Custody.objects.filter(case=case).count() == Message.objects.filter(case=case).count() == 1


def test_an_open_case_is_closed_and_counts_stay_true(administrator):
    case = CaseFactory(created_at=timezone.now() - dt.timedelta(days=1))
    MessageFactory(case=case)
    reply = ReplyFactory(parent=case.messages.get(), state="queued")
    manager = UserFactory(role=Role.MANAGER, departments=[case.department])
    period = last_weeks(4, now=timezone.now(), zone=display_zone())
    before = case_volume(manager, period, NO_FILTERS, now=timezone.now())
    assert before.total == open_counts(manager).all == 1

    erase(case.customer, administrator)

    case.refresh_from_db()
    assert (case.status, case.waiting_since) == (Status.DISMISSED, None)
    assert case.closed_at and not case.custodies.filter(left_at=None).exists()
    assert Reply.objects.get(pk=reply.pk).state == "cancelled"
    fold_case_counts()
    assert open_counts(manager).all == 0
    assert case_volume(manager, period, NO_FILTERS, now=timezone.now()) == before


@pytest.mark.parametrize("state", ["sending", "unconfirmed"])
def test_nothing_is_erased_while_an_answer_is_under_way(administrator, state):
    reply = ReplyFactory(state=state)
    ReplyFactory(parent=MessageFactory(case=reply.case), state="queued")
    with pytest.raises(AnswerOnItsWay):
        erase(reply.case.customer, administrator)
    assert set(Reply.objects.values_list("state", flat=True)) == {state, "queued"}
    assert not Erasure.objects.exists()
    answer = signed_in(administrator).post(page_of(reply.case.customer), {"agreed": "on"})
    assert answer.status_code == 409
    assert "An answer to them is being sent" in answer.content.decode()


def test_the_audit_log_says_that_it_happened_and_names_nobody(administrator):
    case, _ = talkative_case(days_ago=2)
    erase(case.customer, administrator)
    entry = AuditEntry.objects.get(verb=AuditVerb.CUSTOMER_ERASED)
    assert entry.about == f"customer {case.customer_id}: 1 message in 1 case"
    assert entry.actor_id == administrator.pk
    assert Erasure.objects.get().customer_id == case.customer_id


def test_what_comes_in_again_is_of_a_new_customer_and_old_texts_stay_away(feed, administrator):
    said = message("1", "I am Heliotrope", by="70001")
    feed.store(said)
    old = Customer.objects.get()
    erase(old, administrator)
    assert (tables_with("Heliotrope"), tables_with("70001")) == ([], [])

    feed.store(said)
    feed.store(message("1", "I am Heliotrope!", by="70001", edited_at=timezone.now()))
    assert Identity.objects.count() == Customer.objects.count() == 1
    assert tables_with("Heliotrope") == tables_with("70001") == []

    feed.store(message("2", "Hello again", by="70001", thread_id="1", parent_id="1"))
    new = Message.objects.get(canonical_id="2")
    assert new.identity.remote_id == "70001"
    assert new.case.customer != old and new.case_id != Message.objects.get(canonical_id="1").case_id


class TestTheRoleOfTheApplication:
    def refused(self, statement):
        with pytest.raises(DatabaseError), transaction.atomic():
            connection.cursor().execute(statement)

    def test_it_erases_nobody_without_a_trace(self, owning_nothing, administrator):
        case = MessageFactory().case
        self.refused(f"SELECT inbox_erase_customer({case.customer_id})")
        Erasure.objects.create(customer=case.customer, by=administrator)
        self.refused("DELETE FROM inbox_erasure")
        self.refused("UPDATE inbox_erasure SET customer_id = NULL")


class TestPages:
    @pytest.mark.parametrize("role", [Role.MANAGER, Role.COMMUNITY, Role.AGENT, Role.ANALYST])
    def test_only_for_administrators(self, role):
        case = MessageFactory().case
        browser = signed_in(UserFactory(role=role))
        assert browser.get(FIND).status_code == browser.get(page_of(case.customer)).status_code == 404
        assert browser.post(page_of(case.customer), {"agreed": "on"}).status_code == 404
        assert Message.objects.get().text

    def test_a_recent_sign_in_is_needed(self, administrator):
        browser = signed_in(administrator, recently=False)
        answer = browser.post(page_of(MessageFactory().case.customer), {"agreed": "on"})
        assert answer["Location"].startswith("/auth/reauthenticate/")
        assert Message.objects.get().text

    @pytest.mark.parametrize(
        "query", ["@cora.lind", "cora.lind", "Cora", "lind cora", "4400123", "CÓRA", "cora.li", "@Cor", "lin"]
    )
    def test_a_customer_is_found_by_name_handle_and_id(self, query):
        cora = IdentityFactory(handle="cora.lind", name="Cora Lind", remote_id="4400123").customer
        IdentityFactory(handle="somebody", name="Some Body")
        assert list(find_customers(query)) == [cora]

    def test_each_way_to_find_a_customer_has_an_index(self):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            plan = find_accounts("@cora.li").explain()
        assert "Seq Scan" not in plan
        assert {name for name in ("identity_search", "identity_unique", "identity_handle") if name in plan} == {
            "identity_search", "identity_unique", "identity_handle"
        }  # fmt: skip

    def test_find_look_tick_erase(self, administrator):
        case = MessageFactory(text="Where is it?").case
        browser, handle = signed_in(administrator), case.identity.handle
        page = browser.get(FIND, {"q": handle}).content.decode()
        assert f'href="{page_of(case.customer)}"' in page
        asked = browser.get(page_of(case.customer)).content.decode()
        assert handle in asked and "The case is still open" in asked
        unticked = browser.post(page_of(case.customer))
        assert unticked.status_code == 422 and Message.objects.get().text
        done = browser.post(page_of(case.customer), {"agreed": "on"}, follow=True).content.decode()
        assert "Erased: 1 message in 1 case" in done
        assert "No customer is called" in browser.get(FIND, {"q": handle}).content.decode()
        assert "No name of this customer is kept." in browser.get(page_of(case.customer)).content.decode()

    def test_nobody_is_there_to_find(self, administrator):
        browser = signed_in(administrator)
        assert "No customer is called" in browser.get(FIND, {"q": "\x07 '\"; --"}).content.decode()
        assert browser.get(f"{FIND}999/").status_code == 404
