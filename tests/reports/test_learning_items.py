"""Learning items: what customers keep saying, from proposing it to shipping it."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import parse_qsl

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts.models import Role
from inbox.learning_items import items, linking
from inbox.models import (
    Case,
    CaseEvent,
    ItemState,
    LearningEvent,
    LearningItem,
    LearningLink,
    LearningVerb,
    Notice,
    Verb,
)
from reports.dashboards.learning_items import listing
from reports.measures.learning_items import measure_repeats
from reports.topics.choosing import Topic, Topics
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import HTMX, count_statements, signed_in
from wording.times import company_zone

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def world(monkeypatch):
    """Service, which hears it, and Product, which can change it; a public case and a direct one of Service."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    service, product = DepartmentFactory(slug="service"), DepartmentFactory(slug="product", name="Product")
    brand = BrandAccountFactory()
    people = {
        "administrator": UserFactory(role=Role.ADMINISTRATOR),
        "manager": UserFactory(role=Role.MANAGER, departments=[product]),
        "other manager": UserFactory(role=Role.MANAGER, departments=[service]),
        "community": UserFactory(role=Role.COMMUNITY, publishes=[brand]),
        "agent": UserFactory(role=Role.AGENT, departments=[service]),
        "analyst": UserFactory(role=Role.ANALYST, departments=[service]),
        "owner": UserFactory(role=Role.AGENT, departments=[product]),
    }
    public, direct = (
        MessageFactory(
            case__department=service,
            case__brand_account=brand,
            case__visibility=visibility,
            text=f"The cord gets hot, {visibility}",
        ).case
        for visibility in ("public", "direct")
    )
    item = items.create_item(people["agent"], "The cord gets hot", product, now=NOW)
    return people, item, public, direct


def act(user, item, slug, **form):
    return signed_in(user).post(reverse("reports:learning_item_act", args=[item.pk, slug]), form)


def verbs_of(item):
    return list(LearningEvent.objects.filter(item=item).order_by("id").values_list("verb", flat=True))


def page_of(user, item):
    return signed_in(user).get(reverse("reports:learning_item", args=[item.pk])).content.decode()


#: Who may do what, as docs/permissions.md says. Each act would otherwise succeed.
MAY = {
    "link": {"community", "agent", "other manager"},
    "unlink": {"community", "agent", "other manager"},
    "change": {"administrator", "manager"},
    "owner": {"administrator", "manager"},
    "decide": {"administrator", "manager", "owner"},
    "ship": {"administrator", "manager", "owner"},
    "reopen": {"administrator", "manager"},
    "merge": {"administrator", "manager"},
}


def test_each_act_is_for_those_whom_the_table_names(world):
    people, item, public, _ = world
    other = items.create_item(people["agent"], "Another", item.department, now=NOW)
    LearningLink.objects.create(item=item, case=public, at=NOW, by=people["agent"])
    fresh = MessageFactory(case__department=public.department, case__brand_account=public.brand_account).case
    forms = {
        "link": {"cases": str(fresh.pk)},
        "unlink": {"case": str(public.pk)},
        "change": {"title": "The cord burns", "department": "product"},
        "owner": {"owner": str(people["owner"].pk)},
        "decide": {"decision": "will_change", "reason": "It is dangerous"},
        "ship": {"shipped_on": "2026-11-17", "what_changed": "A thicker cord"},
        "reopen": {},
        "merge": {"other": str(other.pk)},
    }
    states = {
        "decide": {"state": ItemState.WITH_OWNER},
        "ship": {"state": ItemState.DECIDED, "decision": "will_change", "reason": "x"},
        "reopen": {"state": ItemState.TOLD},
    }
    for name, form in forms.items():
        for who, person in people.items():
            start = transaction.savepoint()
            LearningItem.objects.filter(pk=item.pk).update(owner=people["owner"], **states.get(name, {}))
            status = act(person, item, name, **form).status_code
            transaction.savepoint_rollback(start)
            # Somebody who may link, but read none of these cases, is told that nothing can be linked.
            refused = {403, 422, 404} if name in ("link", "unlink") else {403}
            assert status == 302 if who in MAY[name] else status in refused, (name, who, status)


def test_an_item_goes_from_proposal_to_shipping_and_each_step_is_kept(world):
    people, item, public, direct = world
    agent, manager, owner = people["agent"], people["manager"], people["owner"]
    assert act(agent, item, "link", cases=f"#{public.pk}, {direct.pk} 999999").status_code == 302
    act(manager, item, "owner", owner=owner.pk, due_on="2026-11-25", version=2)
    notice = Notice.objects.get(user=owner)
    assert "The cord gets hot" in notice.text
    opened = signed_in(owner).post(reverse("inbox:notice_open", args=[notice.pk]))
    assert opened["Location"] == reverse("reports:learning_item", args=[item.pk])
    act(owner, item, "decide", decision="will_change", reason="It is dangerous", version=3)
    act(owner, item, "ship", shipped_on="2026-11-17", what_changed="A thicker cord", version=4)
    item.refresh_from_db()
    assert (item.state, item.shipped_on) == (ItemState.SHIPPED, dt.date(2026, 11, 17))
    assert verbs_of(item) == ["created", "linked", "given", "decided", "shipped"]
    assert CaseEvent.objects.filter(verb=Verb.LEARNING_LINKED, case__in=[public, direct]).count() == 2
    page = page_of(manager, item)
    assert "decided “Will change”: It is dangerous" in page
    assert "A thicker cord" in page


@pytest.mark.parametrize(
    ("name", "form", "says"),
    [
        ("decide", {"decision": "maybe", "reason": "x"}, "one of the three"),
        ("decide", {"decision": "will_change", "reason": " "}, "Give a reason"),
        ("decide", {"decision": "will_change", "reason": "x" * 501}, "at most 500"),
        ("ship", {"shipped_on": "2026-11-17", "what_changed": "x"}, "decided to change"),
        ("ship", {"shipped_on": "tomorrow", "what_changed": "x"}, "like 2026-11-30"),
        ("ship", {"shipped_on": "2026-11-19", "what_changed": "x"}, "today or earlier"),
        ("owner", {"owner": "0"}, "who works here"),
        ("owner", {"owner": "9" * 40}, "who works here"),
        ("link", {"cases": "none"}, "numbers of cases"),
        ("link", {"cases": "9" * 40}, "numbers of cases"),
        ("link", {"cases": "987654"}, "you may read"),
        ("change", {"title": "", "department": "product"}, "in a few words"),
        ("change", {"title": "x", "department": "nowhere"}, "Choose the department"),
        ("change", {"title": "x", "department": "product", "repeats_by": "tag"}, "Give the tag"),
        ("merge", {"other": "-1"}, "another item"),
        ("decide", {"decision": "will_change", "reason": "x", "version": "77"}, "has changed"),
        ("reopen", {}, "open already"),
    ],
)
def test_bad_input_is_refused_with_the_reason_and_changes_nothing(world, name, form, says):
    people, item, _, _ = world
    person = people["other manager"] if name == "link" else people["manager"]
    answer = act(person, item, name, **form)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    item.refresh_from_db()
    assert (item.state, item.version, verbs_of(item)) == (ItemState.COLLECTING, 1, ["created"])


def test_a_second_click_on_decide_changes_nothing(world):
    people, item, _, _ = world
    form = {"decision": "wont_change", "reason": "Too dear", "version": "1"}
    assert [act(people["manager"], item, "decide", **form).status_code for _ in range(2)] == [302, 422]
    assert verbs_of(item).count(LearningVerb.DECIDED) == 1


def test_everybody_reads_the_item_but_of_its_cases_only_their_own(world):
    people, item, public, direct = world
    linking.link_cases(item.pk, people["agent"], [public.pk, direct.pk], now=NOW)
    sees = {
        "agent": {"public", "direct"},
        "community": {"public", "direct"},
        "analyst": {"public"},
        "administrator": {"public"},
        "manager": set(),
        "owner": set(),
    }
    for who, expected in sees.items():
        client, page = signed_in(people[who]), page_of(people[who], item)
        files = [
            b"".join(client.get(reverse(f"reports:{name}", args=args)).streaming_content).decode()
            for name, args in (("learning_item_csv", [item.pk]), ("learning_items_csv", []))
        ]
        assert "The cord gets hot" in page
        for visibility in ("public", "direct"):
            assert (f"hot, {visibility}" in page) == (visibility in expected), (who, visibility)
            assert (f"hot, {visibility}" in files[0]) == (visibility in expected), (who, visibility)
        row = signed_in(people[who]).get(reverse("reports:learning_items")).context["rows"][0]
        assert row["cases"] == str(len(expected))
        assert f",{len(expected)},{len(expected)}," in files[1]


def test_a_case_is_linked_from_its_page_and_the_undo_unlinks_it(world):
    people, item, public, _ = world
    client, address = signed_in(people["agent"]), reverse("inbox:link_to_item", args=[public.pk])
    assert "The cord gets hot" in client.get(address).content.decode()
    linked = client.post(address, {"item": item.pk}, follow=True).content.decode()
    undo = reverse("inbox:unlink_item", args=[public.pk, item.pk])
    assert "Part of:" in linked
    assert linked.count(undo) >= 2
    fragment = client.post(address, {"item": item.pk}, **HTMX).content.decode()
    assert "Part of:" in fragment
    assert LearningLink.objects.filter(case=public).count() == 1
    assert "Part of:" not in client.post(undo, follow=True).content.decode()
    assert not LearningLink.objects.exists()
    events = CaseEvent.objects.filter(case=public).order_by("id").values_list("verb", flat=True)
    assert list(events) == [Verb.LEARNING_LINKED, Verb.LEARNING_UNLINKED]


def test_merging_moves_each_case_once_and_the_old_address_leads_on(world):
    people, item, public, direct = world
    agent = people["agent"]
    other = items.create_item(agent, "Cable is hot", item.department, now=NOW)
    linking.link_cases(item.pk, agent, [public.pk], now=NOW)
    linking.link_cases(other.pk, agent, [public.pk, direct.pk], now=NOW)
    assert act(people["manager"], item, "merge", other=other.pk).status_code == 302
    assert set(LearningLink.objects.values_list("item", "case")) == {
        (item.pk, public.pk),
        (item.pk, direct.pk),
    }
    moved = signed_in(agent).get(reverse("reports:learning_item", args=[other.pk]))
    assert moved["Location"] == reverse("reports:learning_item", args=[item.pk])
    assert act(people["manager"], other, "decide", decision="will_change", reason="x").status_code == 422


def test_the_history_cannot_be_rewritten(world):
    _, item, _, _ = world
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        LearningEvent.objects.filter(item=item).update(verb="told")
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM inbox_learningevent")


def test_an_answer_being_written_survives_the_linking(world):
    from inbox.replies.freshness import require_nothing_new

    people, item, public, _ = world
    seen = Case.objects.get(pk=public.pk).version
    linking.link_cases(item.pk, people["agent"], [public.pk], now=NOW)
    require_nothing_new(Case.objects.get(pk=public.pk), seen, people["agent"])


def test_pages_take_as_many_statements_for_thirty_items_and_cases(world):
    people, item, public, _ = world
    addresses = [reverse("reports:learning_items"), reverse("reports:learning_item", args=[item.pk])]
    linking.link_cases(item.pk, people["agent"], [public.pk], now=NOW)
    few = [count_statements(signed_in(people["agent"]), address) for address in addresses]
    cases = [CaseFactory(department=public.department, brand_account=public.brand_account) for _ in range(30)]
    linking.link_cases(item.pk, people["agent"], [case.pk for case in cases], now=NOW)
    LearningItem.objects.bulk_create(
        LearningItem(
            title=f"T{n}", department=item.department, owner=people["owner"], created_at=NOW, changed_at=NOW
        )
        for n in range(30)
    )
    assert [count_statements(signed_in(people["agent"]), address) for address in addresses] == few


def test_nobody_without_the_role_proposes_and_an_empty_list_explains_itself(world):
    people, _, public, _ = world
    address = reverse("reports:learning_item_new")
    statuses = {who: signed_in(person).get(address).status_code for who, person in people.items()}
    assert {who for who, status in statuses.items() if status == 404} == {"analyst"}
    form = {"title": "Late parcels", "department": "product", "cases": str(public.pk), "repeats_by": "words"}
    refused = signed_in(people["agent"]).post(address, form)
    assert (refused.status_code, "Late parcels" in refused.content.decode()) == (422, True)
    signed_in(people["agent"]).post(address, form | {"repeats_of": "late parcel"})
    item = LearningItem.objects.get(title="Late parcels")
    assert item.links.get().quote.text == "The cord gets hot, public"
    LearningLink.objects.all().delete()
    connection.cursor().execute("SET LOCAL session_replication_role = replica")
    LearningEvent.objects.all().delete()
    LearningItem.objects.all().delete()
    page = signed_in(people["analyst"]).get(reverse("reports:learning_items")).content.decode()
    assert "No learning items yet." in page


#: Which of the cases repeats the item, by what counts as a repeat.
CRITERIA = {
    ("linked", ""): "is_linked",
    ("tag", "toaster"): "is_tagged",
    ("words", "hot CORD"): "has_words",
}


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("shipped_days_ago", [40, 10])
def test_repeats_before_and_after_are_those_of_a_plain_count(world, criterion, shipped_days_ago):
    people, item, public, direct = world
    Case.objects.filter(pk__in=[public.pk, direct.pk]).update(historical=True)
    shipped = NOW.date() - shipped_days_ago * DAY
    kind, of = criterion
    LearningItem.objects.filter(pk=item.pk).update(
        state="shipped", shipped_on=shipped, repeats_by=kind, repeats_of=of
    )
    item.refresh_from_db()
    rows, midnight = [], dt.datetime.combine(shipped, dt.time(), company_zone())
    # Around both ends of both windows, to the second.
    edges = [
        midnight + days * DAY + second * dt.timedelta(seconds=1)
        for days in (-28, 0, 28)
        for second in (-1, 0)
    ]
    for number, at in enumerate([*edges, *(midnight + days * DAY for days in range(-30, 10, 3))]):
        row = {"at": at, "is_linked": number % 2, "is_tagged": number % 3 == 0, "has_words": number % 4 == 0}
        text = "A HOT cord again" if row["has_words"] else "The cord is hot"
        case = MessageFactory(
            case__department=public.department,
            case__brand_account=public.brand_account,
            case__created_at=at,
            case__tags=["toaster"] if row["is_tagged"] else [],
            text=text,
        ).case
        if row["is_linked"]:
            LearningLink.objects.create(item=item, case=case, at=NOW, by=people["agent"])
        rows.append(row)
    measured = measure_repeats(people["agent"], item, now=NOW, zone=company_zone())
    windows = ((-28, 0, measured.before), (0, 28, measured.after))
    for first, end, window in windows:
        inside = [row for row in rows if first * DAY <= row["at"] - midnight < end * DAY and row["at"] < NOW]
        repeats = sum(bool(row[CRITERIA[criterion]]) for row in inside)
        assert (window.cases, window.repeats) == (len(inside), repeats)
    assert measured.days_left == (0 if shipped_days_ago == 40 else 18)
    page = page_of(people["agent"], item)
    assert ("still counting: 10 of 28 days" in page) == (shipped_days_ago == 10)
    assert measure_repeats(people["analyst"], item, now=NOW, zone=company_zone()).before == measured.before


def test_few_cases_have_no_rate_and_all_that_say_it_are_linked_at_once(world):
    people, item, public, direct = world
    LearningItem.objects.filter(pk=item.pk).update(
        state="shipped", shipped_on=NOW.date(), repeats_by="words", repeats_of="gets hot"
    )
    assert "few" in page_of(people["agent"], item)
    assert act(people["analyst"], item, "link-found").status_code == 403
    assert act(people["agent"], item, "link-found").status_code == 302
    assert set(item.links.values_list("case", flat=True)) == {public.pk, direct.pk}
    assert act(people["agent"], item, "link-found").status_code == 422
    views = {
        name: count
        for name, _, count in signed_in(people["agent"])
        .get(reverse("reports:learning_items"))
        .context["views"]
    }
    assert (views["open"], views["shipped"]) == (0, 1), "what shipped is not open any more"


def test_what_rises_is_suggested_until_it_is_an_item(world, monkeypatch):
    people, item, public, _ = world
    rising = Topic("w:gets hot", "gets hot", (1, 2, 9, 9), (1, 0, 1, 0), 100, 100, public.department_id)
    monkeypatch.setattr(listing, "choose_topics", lambda *args, **kwargs: Topics([rising], 100, 100))
    client = signed_in(people["agent"])
    page = client.get(reverse("reports:learning_items"))
    said = re.sub(r"\s+", " ", page.content.decode())
    sentence = r'<a href="([^"]+)">21 cases</a> of the last four weeks say “gets hot”; in the four weeks before it was 2\.'
    href = re.search(sentence, said)[1].replace("&amp;", "&")
    assert href.startswith(reverse("reports:cases")) and "of=topic&topic=" in href
    (suggestion,) = page.context["suggestions"]
    form = dict(parse_qsl(suggestion.as_query)) | {"department": "product"}
    assert (
        "gets hot"
        in client.get(f"{reverse('reports:learning_item_new')}?{suggestion.as_query}").content.decode()
    )
    assert client.post(reverse("reports:learning_item_new"), form).status_code == 302
    assert LearningItem.objects.latest("pk").links.count() == 2
    assert client.get(reverse("reports:learning_items")).context["suggestions"] == []


def test_only_who_may_answer_is_sent_on_to_tell_the_customers(world):
    people, item, *_ = world
    for who, words in (
        ("administrator", "Your agents can tell those"),
        ("manager", "Now tell the customers"),
    ):
        LearningItem.objects.filter(pk=item.pk).update(
            state=ItemState.DECIDED, decision="will_change", reason="x"
        )
        client = signed_in(people[who])
        form = {"shipped_on": "2026-11-17", "what_changed": "A thicker cord"}
        page = client.post(reverse("reports:learning_item_act", args=[item.pk, "ship"]), form, follow=True)
        assert words in page.content.decode(), who
