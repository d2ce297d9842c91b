"""A brand account in trouble is told to those who can act: once, and once more when it is over."""

from __future__ import annotations

import datetime as dt
import re
import threading
import types

import pytest
import time_machine
from django.db import connection
from django.urls import reverse

from accounts.brand_accounts import checked, checks
from accounts.brand_accounts.connecting import disconnect_brand_account
from accounts.models import BrandAccount, BrandAccountGrant, Role, Stream, Trouble
from inbox import tasks
from inbox.ingest import polling
from inbox.models import Notice, Quarantined
from inbox.notices import troubles
from networks.base import MissingPermission, OwnAccount, Reauthorise, RetryLater, UnreadableItem
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    StreamFactory,
    UserFactory,
)
from tests.inbox.fake_connector import FakeConnector, page
from tests.inbox.leased_streams import publish_rules
from tests.inbox.page_requests import count_statements, signed_in
from tests.markup import squeezed

pytestmark = pytest.mark.django_db
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
REVOKED = Reauthorise("The token was revoked.", code="190")
MARK = '<span class="n hot"><span aria-hidden="true">▲ </span>1<span class="visually-hidden"> in trouble</span></span>'


class VerifiedConnector(FakeConnector):
    def verify(self):
        return OwnAccount("9000", "kettle", "Kettle")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def firm(monkeypatch, clock):
    publish_rules()
    owner, other = DepartmentFactory(name="Marketing"), DepartmentFactory(name="Press")
    account = BrandAccountFactory(remote_id="9000", handle="kettle", owner_department=owner)
    for kind in ("mentions", "direct"):
        StreamFactory(brand_account=account, kind=kind, last_success_at=NOW - MINUTE)
    connector = VerifiedConnector()
    monkeypatch.setattr(polling, "connect_renewed", lambda brand, now: connector)
    monkeypatch.setattr(checks, "open_renewed_connector", lambda brand, build, now: (connector, None))
    community = UserFactory(role=Role.COMMUNITY)
    BrandAccountGrant.objects.create(user=community, brand_account=account)
    return types.SimpleNamespace(
        account=account,
        connector=connector,
        clock=clock,
        admin=UserFactory(role=Role.ADMINISTRATOR),
        manager=UserFactory(role=Role.MANAGER, departments=[owner], first_name="Mara", last_name="Lind"),
        stranger=UserFactory(role=Role.MANAGER, departments=[other]),
        gone=UserFactory(role=Role.MANAGER, departments=[owner], is_active=False),
        community=community,
        agent=UserFactory(role=Role.AGENT, departments=[owner], publishes=[account]),
        bystander=UserFactory(role=Role.AGENT, departments=[owner]),
    )


def pass_minutes(firm, minutes, *script):
    """Let time pass, poll what is due with these answers, and review the accounts."""
    firm.connector.script = list(script)
    firm.clock.shift(minutes * MINUTE)
    at = dt.datetime.now(dt.UTC)
    # An account that fails is given one stream at a time.
    while leased := polling.lease_due_streams(at):
        for stream_id, token in leased:
            polling.poll_leased_stream(stream_id, token)
    tasks.review_brand_accounts()


def told(user):
    return list(Notice.objects.filter(user=user).order_by("pk").values_list("text", flat=True))


def page_of(user, name="inbox:queue", *arguments):
    return squeezed(signed_in(user).get(reverse(name, args=arguments)))


def test_a_revoked_token_is_told_to_those_who_can_act_and_to_nobody_else(firm):
    pass_minutes(firm, 2, REVOKED)
    [to_admin], [to_manager] = told(firm.admin), told(firm.manager)
    assert to_admin.startswith("@kettle on X: X no longer accepts our credential.")
    assert "An administrator has to connect it again" in to_admin
    assert to_manager.endswith("The administrators were told, too.")
    for user in (firm.stranger, firm.gone, firm.community, firm.agent):
        assert told(user) == []


def test_a_trouble_is_told_once_however_often_it_is_met(firm):
    for _ in range(3):
        pass_minutes(firm, 61, MissingPermission("No dm.read."), MissingPermission("No dm.read."))
        tasks.review_brand_accounts()
    assert len(told(firm.admin)) == len(told(firm.manager)) == 1
    assert Trouble.objects.count() == 1


def test_its_end_is_told_to_whoever_was_told_of_it(firm):
    pass_minutes(firm, 2, MissingPermission("No dm.read."))
    checked.request_check(firm.account, now=dt.datetime.now(dt.UTC))
    pass_minutes(firm, 1)
    assert told(firm.admin)[1:] == ["@kettle on X: requests are accepted again."]
    assert told(firm.manager)[1:] == ["@kettle on X: requests are accepted again."]
    assert Trouble.objects.get().ended_at == NOW + 3 * MINUTE
    # The next one is another trouble.
    pass_minutes(firm, 61, MissingPermission("No dm.read."))
    assert len(told(firm.admin)) == 3


def test_a_stream_that_fails_is_told_after_three_times_not_before(firm):
    for _ in range(2):
        pass_minutes(firm, 5, RetryLater("503"), RetryLater("503"))
        assert told(firm.admin) == []
    for _ in range(2):
        pass_minutes(firm, 20, RetryLater("503"), RetryLater("503"))
        assert len(told(firm.admin)) == 1
    assert "Nothing fetched since 09:59. X does not answer as it should." in told(firm.admin)[0]
    pass_minutes(firm, 20)
    assert told(firm.admin)[1:] == ["@kettle on X is fetched again. Messages that waited at X are coming in."]


def test_streams_that_nobody_polls_are_told(firm):
    firm.clock.shift(50 * MINUTE)
    tasks.review_brand_accounts()
    [text] = told(firm.admin)
    assert "Nothing fetched since 09:59. Our own fetching is late; nothing is lost." in text


def test_a_possible_gap_is_told_and_its_acknowledgement_too(firm):
    pass_minutes(firm, 2, page(overflowed=True))
    assert "More was written than X returns at once" in told(firm.manager)[0]
    stream = Stream.objects.get(overflowed_at__isnull=False)
    address = reverse("accounts:gap_settle", args=[firm.account.pk, stream.kind])
    signed_in(firm.manager).post(address, {"gap": stream.overflowed_at.isoformat()})
    tasks.review_brand_accounts()
    assert told(firm.admin)[1:] == ["@kettle on X: Mara Lind acknowledged the possible gap."]
    assert len(told(firm.manager)) == 1


def test_a_quarantine_that_grows_is_told_again_only_when_it_grows_much(firm):
    def unreadable(number, start=0):
        items = tuple(UnreadableItem({"id": n}, "no author", str(n)) for n in range(start, start + number))
        return page(unreadable=items)

    pass_minutes(firm, 2, unreadable(1))
    assert "1 new message could not be read: it is in quarantine" in told(firm.admin)[0]
    pass_minutes(firm, 16, unreadable(4, start=10))
    assert len(told(firm.admin)) == 1
    assert Trouble.objects.get().items == 5
    pass_minutes(firm, 16, unreadable(20, start=100))
    assert "25 new messages could not be read: they are in quarantine" in told(firm.admin)[1]
    assert "25 unreadable messages" in page_of(firm.admin, "accounts:brand_accounts")

    Quarantined.objects.update(resolved_at=NOW)
    tasks.review_brand_accounts()
    assert told(firm.admin)[2:] == ["@kettle on X: the unreadable messages are settled."]


def test_unreadable_messages_of_yesterday_are_no_trouble_any_more(firm):
    pass_minutes(firm, 2, page(unreadable=(UnreadableItem({"id": 1}, "no author", "1"),)))
    Quarantined.objects.update(first_seen_at=NOW - DAY)
    tasks.review_brand_accounts()
    assert told(firm.admin)[1:] == ["@kettle on X: no new unreadable message for a day. In quarantine: 1."]


def test_an_account_without_an_owner_is_the_administrators(firm):
    BrandAccount.objects.update(owner_department=None)
    pass_minutes(firm, 2, REVOKED)
    assert len(told(firm.admin)) == 1
    assert told(firm.manager) == []


def test_an_account_that_is_disconnected_is_in_no_trouble(firm):
    pass_minutes(firm, 2, REVOKED)
    disconnect_brand_account(firm.account, by=firm.admin, now=NOW)
    tasks.review_brand_accounts()
    assert Trouble.objects.get().ended_at is not None
    assert len(told(firm.admin)) == 1


def test_a_poll_that_fails_wakes_the_review(firm, monkeypatch):
    woken = []
    monkeypatch.setattr(tasks.review_brand_accounts, "apply_async", lambda **options: woken.append(options))
    firm.connector.script = [REVOKED]
    [(stream_id, token), *_] = polling.lease_due_streams(NOW)
    tasks.poll_stream(stream_id, str(token))
    assert len(woken) == 1


class TestPages:
    @pytest.fixture(autouse=True)
    def _cut_off(self, firm):
        pass_minutes(firm, 2, REVOKED)

    def test_the_rail_is_marked_for_those_who_may_act(self, firm):
        for user in (firm.admin, firm.manager, firm.community):
            assert MARK in page_of(user)
        for user in (firm.stranger, firm.agent, firm.bystander):
            assert 'n hot"><span' not in page_of(user)

    def test_the_inbox_says_it_with_the_act_to_those_who_may(self, firm):
        sentence = "<b>@kettle on X has been cut off since 10:02.</b> X no longer accepts our credential"
        html = page_of(firm.admin)
        assert sentence in html
        assert f'href="/brand-accounts/connect/x/?again={firm.account.pk}">Connect again' in html
        html = page_of(firm.manager)
        assert sentence in html
        assert "The administrators were told." in html
        assert f'href="/brand-accounts/#account-{firm.account.pk}">Show the account' in html
        assert "Connect again" not in html

    def test_who_works_on_the_account_reads_a_plain_sentence(self, firm):
        case = CaseFactory(brand_account=firm.account, department=firm.agent.departments.get())
        for html in (page_of(firm.agent), page_of(firm.agent, "inbox:case", case.pk)):
            assert "<b>@kettle on X has been cut off since 10:02.</b>" in html
            assert "nothing new comes in, and answers wait. The administrators were told." in html
            assert "Connect again" not in html
        assert "cut off" not in page_of(firm.bystander)
        assert "cut off" not in page_of(firm.stranger)

    def test_agents_are_not_bothered_with_what_only_others_can_settle(self, firm):
        Trouble.objects.update(kind="gap")
        assert "may be missing" not in page_of(firm.agent)
        assert "Messages to @kettle on X may be missing." in page_of(firm.community)

    def test_the_numbers_that_refresh_bring_the_banner_along(self, firm):
        html = page_of(firm.admin, "inbox:navigation")
        assert 'id="troubles" hx-swap-oob="true"' in html
        assert "cut off" in html
        Trouble.objects.update(ended_at=NOW)
        assert '<div class="troubles" id="troubles" hx-swap-oob="true"></div>' in page_of(
            firm.admin, "inbox:navigation"
        )

    def test_a_notice_opens_the_account(self, firm):
        notice = Notice.objects.get(user=firm.admin)
        client = signed_in(firm.admin)
        assert "Account in trouble" in squeezed(client.get(reverse("inbox:notices")))
        answer = client.post(reverse("inbox:notice_open", args=[notice.pk]))
        assert answer["Location"] == f"/brand-accounts/#account-{firm.account.pk}"
        assert f'id="account-{firm.account.pk}"' in page_of(firm.admin, "accounts:brand_accounts")

    def test_more_than_two_are_counted(self, firm):
        for n in range(3):
            Trouble.objects.create(brand_account=BrandAccountFactory(handle=f"x{n}"), kind="gap", since=NOW)
        html = page_of(firm.admin)
        assert len(re.findall(r"▲ </span><b>", html)) == 2
        assert "2 more under Brand accounts" in html

    def test_a_sick_account_costs_the_inbox_one_statement_and_a_well_one_none(self, firm):
        client, address = signed_in(firm.admin), reverse("inbox:queue")
        sick = count_statements(client, address)
        Trouble.objects.update(ended_at=NOW)
        assert count_statements(client, address) == sick - 1


@pytest.mark.django_db(transaction=True)
def test_workers_that_review_at_once_tell_once(firm):
    BrandAccount.objects.update(health="reauthorise", health_since=NOW)
    start = threading.Barrier(4)

    def review():
        start.wait()
        try:
            troubles.review_brand_accounts(NOW)
        finally:
            connection.close()

    threads = [threading.Thread(target=review) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Trouble.objects.count() == 1
    assert len(told(firm.admin)) == 1
