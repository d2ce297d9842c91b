"""The alert of linked customers: who is in it, who is notified, once; and who vanishes from it."""

from __future__ import annotations

import re

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Role
from inbox.models import Notice
from inbox.retention.erasing import erase_customer
from reports.models import CustomerLink, TopicAlert
from reports.topics.active import active_alerts
from reports.topics.alerts import look_for_alerts
from tests.factories import NOW, BrandAccountFactory, DepartmentFactory, IdentityFactory, UserFactory
from tests.inbox.page_requests import signed_in
from tests.markup import squeezed
from tests.reports.stories import ZONE
from tests.reports.test_year import rows_behind
from tests.reports.topics.telling import DAY, HOUR, read_all, say

pytestmark = pytest.mark.django_db
ADDRESS = reverse("reports:outcomes")
TEXT = "The app freezes"


@pytest.fixture(autouse=True)
def _today(settings):
    settings.DISPLAY_TIME_ZONE = str(ZONE)
    settings.LINKED_CUSTOMERS_ALERT = 5
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def technical():
    return DepartmentFactory(name="Technical support")


@pytest.fixture
def manager(technical):
    return UserFactory(role=Role.MANAGER, departments=[technical])


@pytest.fixture
def talk(technical):
    """Tell who answered whom: five who report it in a chain, with one between who does not; and cases of every day."""
    brand = BrandAccountFactory()
    shared = {"department": technical, "brand_account": brand}

    def tell(**fields):
        for n in range(10):
            say("Parcel late", NOW - (n + 1) * DAY, **shared)
        last, cases = None, []
        for n in range(6):
            text = "Me too!" if n == 2 else TEXT
            last = say(text, NOW - (40 - n) * HOUR, parent=last, **shared | fields)
            cases.append(last.case)
        return cases

    return tell


def notice(now=NOW):
    read_all(now)
    return look_for_alerts(now)


def test_customers_who_talk_and_report_the_same_are_one_alert_and_one_notice(talk, manager, technical):
    cases = talk()
    others = [UserFactory(role=Role.AGENT, departments=[technical]), UserFactory(role=Role.MANAGER)]
    assert notice() == 1 and notice() == 0
    alert = TopicAlert.objects.get()
    assert alert.label == "app freezes" and alert.case_ids == sorted(
        case.pk for case in cases if case != cases[2]
    )
    assert (alert.first_at, alert.last_at) == (cases[0].created_at, cases[5].created_at)
    told = Notice.objects.get()
    assert (
        told.user == manager and told.case == cases[5] and not Notice.objects.filter(user__in=others).exists()
    )
    assert (
        told.text == "5 customers who talk with each other report “app freezes”. See “Outcomes and topics”."
    )
    opened = signed_in(manager).post(reverse("inbox:notice_open", args=[told.pk]))
    assert opened["Location"] == f"{ADDRESS}#linked"


def test_the_page_draws_it_with_its_links_and_opens_its_cases(talk, manager):
    cases = talk()
    notice()
    response = signed_in(manager).get(f"{ADDRESS}?period=2026-01")
    page, alert = squeezed(response.content.decode()), response.context["alert"]
    assert "5 customers within three steps report “<bdi>app freezes</bdi>”</b> in 5 h." in page
    handles = [f"@{case.identity.handle}" for case in cases]
    assert [(row["author"], row["addressed"]) for row in alert["links"]] == list(
        zip(handles[1:], handles, strict=False)
    )
    assert [bool(person["number"]) for person in alert["people"]] == [True] * 5 + [False]
    assert len(alert["edges"]) == 5 and f'href="/cases/{cases[0].pk}/"' in page
    assert rows_behind(manager, alert["href"].split("?")[1]) == 5
    # Of its own dates, whatever period the page has; another department's manager sees nothing of it.
    stranger = UserFactory(role=Role.MANAGER, departments=[DepartmentFactory()])
    assert signed_in(stranger).get(ADDRESS).context["alert"] is None
    assert rows_behind(stranger, alert["href"].split("?")[1]) == 0
    for kind in ("table=linked-table", "chart=linked-chart"):
        name = "reports:table_csv" if "table" in kind else "reports:chart_svg"
        assert signed_in(manager).get(f"{reverse(name)}?board=outcomes&{kind}").status_code == 200


def test_today_says_it_to_whoever_may_read_enough_of_it(talk, manager, technical):
    talk()
    assert "who talk with each other" not in signed_in(manager).get(reverse("reports:today")).content.decode()
    notice()
    page = squeezed(signed_in(manager).get(reverse("reports:today")).content.decode())
    assert "5 customers who talk with each other report “app freezes”</bdi></b> within 5 h." in page
    href = re.search(r'<a href="([^"]*of=linked[^"]*)">Open the 5</a>', page)
    assert rows_behind(manager, href[1].replace("&amp;", "&").split("?")[1]) == 5
    stranger = UserFactory(role=Role.MANAGER, departments=[DepartmentFactory()])
    assert (
        "who talk with each other" not in signed_in(stranger).get(reverse("reports:today")).content.decode()
    )


def test_direct_messages_are_in_no_alert_and_in_no_link(talk, manager):
    talk(visibility="direct")
    assert notice() == 0 and not CustomerLink.objects.exists()


def test_an_erased_customer_vanishes_at_once_and_with_them_the_alert(talk, manager):
    cases = talk()
    notice()
    assert len(active_alerts(manager, NOW)) == 1
    erase_customer(cases[5].customer, by=UserFactory(role=Role.ADMINISTRATOR), now=NOW)
    assert active_alerts(manager, NOW) == []
    read_all()
    links = CustomerLink.objects.all()
    assert not links.filter(from_identity_id=cases[5].identity_id).exists() and links.count() == 4
    assert cases[5].pk not in TopicAlert.objects.get().case_ids


def test_two_accounts_of_one_customer_are_one_customer(talk, manager):
    cases = talk()
    # The fifth reporter turns out to be the first one.
    cases[5].identity.customer = cases[0].customer
    cases[5].identity.save(update_fields=["customer"])
    assert notice() == 0


def test_a_mention_links_as_an_answer_does_but_nobody_to_themselves(technical):
    other = IdentityFactory(handle="lid.hunter")
    say("Where is it?", who=other, department=technical)
    author = say("@Lid.Hunter. @nobody_here me too", department=technical).identity
    own = IdentityFactory(handle="maple_fern")
    say("@maple_fern thread 2", who=own, department=technical)
    read_all()
    link = CustomerLink.objects.get()
    assert (link.from_identity_id, link.to_identity_id, link.kind) == (author.pk, other.pk, "mentioned")


def test_a_dismissed_cluster_stays_dismissed_and_keeps_the_reason(talk, manager, technical):
    talk()
    notice()
    address = reverse("reports:dismiss_alert", args=[TopicAlert.objects.get().pk])
    client = signed_in(manager)
    agent = UserFactory(role=Role.AGENT, departments=[technical])
    stranger = UserFactory(role=Role.MANAGER, departments=[DepartmentFactory()])
    assert signed_in(agent).post(address, {"reason": "x"}).status_code in (403, 404)
    assert signed_in(stranger).post(address, {"reason": "x"}).status_code == 404
    client.post(address, {"reason": "  "})
    assert TopicAlert.objects.get().dismissed_at is None
    client.post(address, {"reason": "A joke that goes round"})
    alert = TopicAlert.objects.get()
    assert (alert.dismissed_by, alert.dismissed_because) == (manager, "A joke that goes round")
    assert active_alerts(manager, NOW) == [] and notice() == 0 and client.post(address).status_code == 404


def test_what_is_as_frequent_as_ever_links_nobody(talk, technical, manager):
    for n in range(30):
        say(TEXT, NOW - (4 + n / 2) * DAY, department=technical)
    talk()
    assert notice() == 0
