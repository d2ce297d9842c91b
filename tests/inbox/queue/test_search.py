"""Search: what is found, by whom, and how it is shown."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from accounts.models import Role
from inbox.models import Case, Direction, Identity, Message
from inbox.queue.search import HITS_PER_PAGE, clean_query
from tests.factories import (
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    IdentityFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.page_requests import HTMX, count_statements, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def service():
    return DepartmentFactory()


@pytest.fixture
def brand():
    return BrandAccountFactory()


@pytest.fixture
def client(service):
    return signed_in(UserFactory(departments=[service]))


def write(service, brand, text, **more):
    case = CaseFactory(department=service, brand_account=brand, **more)
    return MessageFactory(case=case, text=text)


def cases(response):
    return [hit.case_id for hit in response.context["found"].hits]


def test_it_finds_words_phrases_and_leaves_words_out(client, service, brand):
    twice = write(service, brand, "You charged me twice for order 88213")
    once = write(service, brand, "Charged once, and the lid is broken")
    for query, expected in (
        ("charged", {twice.case_id, once.case_id}),
        ("CHARGED twice", {twice.case_id}),
        ('"charged me"', {twice.case_id}),
        ("charged -twice", {once.case_id}),
        ("lid OR 88213", {twice.case_id, once.case_id}),
        ("kettle", set()),
    ):
        assert set(cases(client.get("/search/", {"q": query}))) == expected, query


def test_it_finds_customers_by_name(client, service, brand):
    identity = IdentityFactory(handle="maple_fern", name="Maple Fern")
    case = CaseFactory(department=service, brand_account=brand, identity=identity)
    response = client.get("/search/", {"q": "maple"})
    assert [one.case_id for one in response.context["found"].customers] == [case.pk]


def test_it_finds_nothing_that_the_person_may_not_read(client, service, brand):
    identity = IdentityFactory(handle="hidden_person", name="Hidden Person")
    MessageFactory(case=CaseFactory(brand_account=brand, identity=identity), text="hidden words")
    direct = write(service, brand, "direct words", visibility="direct", identity=identity)
    found = client.get("/search/", {"q": "hidden"}).context["found"]
    assert [one.case_id for one in found.customers] == [direct.case_id]
    assert found.hits == []
    for role in (Role.ANALYST, Role.ADMINISTRATOR):
        reader = signed_in(UserFactory(role=role, departments=[service]))
        assert cases(reader.get("/search/", {"q": "direct words"})) == []


def test_paging_shows_every_hit_once_newest_first(client, service, brand):
    now = timezone.now()
    expected = [
        write(service, brand, "broken lid", created_at=now - dt.timedelta(minutes=n // 3)).pk
        for n in range(HITS_PER_PAGE * 2 + 4)
    ]
    seen, path = [], "/search/?q=lid"
    while path:
        response = client.get(path, HTTP_ACCEPT="text/html")
        seen += cases(response)
        path = f"/search/{response.context['next']}" if response.context["next"] else ""
    assert len(seen) == len(set(seen)) == len(expected)


def test_htmx_gets_the_next_hits_alone(client, service, brand):
    for _ in range(HITS_PER_PAGE + 1):
        write(service, brand, "broken lid")
    more = client.get("/search/?q=lid").context["next"]
    fragment = client.get(f"/search/{more}", **HTMX).content.decode()
    assert "<html" not in fragment
    assert fragment.count('<li class="row">') == 1


def test_hits_are_marked_and_inert(client, service, brand):
    write(service, brand, "<b onclick=x>broken</b> lid & <script>alert(1)</script>")
    shown = client.get("/search/", {"q": "broken lid"}).content.decode()
    assert "<mark>broken</mark>" in shown
    assert "&lt;b onclick=x&gt;" in shown
    assert "<script>alert" not in shown
    echoed = client.get("/search/", {"q": '"><script>alert(2)</script>'}).content.decode()
    assert "<script>alert" not in echoed


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "'",
        '"',
        "(",
        "a & | !",
        "-",
        "x" * 5000,
        "%",
        "🙂",
        "\\",
        "x " + "-" * 40,
        "or " * 60,
        "1-" * 99,
        "a:* & !b",
        "\\'",
    ],
)
def test_odd_queries_are_answered(client, query):
    assert client.get("/search/", {"q": query}).status_code == 200


def test_a_query_is_bounded():
    assert clean_query(" a\x00b  \n c ") == "a b c"
    assert len(clean_query("x" * 9999)) == 200


def test_the_number_of_a_case_leads_to_it(client, service, brand):
    case = write(service, brand, "broken lid").case
    hidden = CaseFactory(brand_account=brand)
    for query in (f"#{case.pk}", str(case.pk), f"case {case.pk}", f"Case #{case.pk}"):
        found = client.get("/search/", {"q": query}).context["found"]
        assert [hit.case_id for hit in found.cases] == [case.pk], query
    assert client.get("/search/", {"q": f"#{hidden.pk}"}).context["found"].cases == ()
    assert client.get("/search/", {"q": "9" * 40}).status_code == 200


def test_a_tag_finds_the_cases_that_carry_it(client, service, brand):
    tagged = CaseFactory(department=service, brand_account=brand, tags=["lost parcel", "safety"])
    CaseFactory(brand_account=brand, tags=["safety"])
    for query in ("#safety", "#Safety", "#lost parcel"):
        response = client.get("/search/", {"q": query})
        assert [hit.case_id for hit in response.context["found"].cases] == [tagged.pk], query
    assert f"Case {tagged.pk}" in client.get("/search/", {"q": "#safety"}).content.decode()


def test_where_no_word_is_found_words_that_begin_so_are(client, service, brand):
    for _ in range(HITS_PER_PAGE + 1):
        write(service, brand, "the whistling never stops")
    response = client.get("/search/", {"q": "whistl"})
    assert len(cases(response)) == HITS_PER_PAGE
    assert "words that begin with them" in response.content.decode()
    assert "<mark>whistling</mark>" in response.content.decode()
    assert len(cases(client.get(f"/search/{response.context['next']}", HTTP_ACCEPT="text/html"))) == 1


def test_a_query_without_a_word_says_so(client):
    for query in ("- - -", "-" * 60, "!!!", '"' * 90, "(" * 100, "\u202e"):
        response = client.get("/search/", {"q": query})
        assert response.status_code == 200
        assert "Nothing to search for" in response.content.decode(), query


def test_it_costs_the_same_for_one_hit_and_for_thirty(client, service, brand):
    write(service, brand, "broken lid")
    one = count_statements(client, "/search/?q=lid")
    for _ in range(24):
        write(service, brand, "broken lid")
    assert count_statements(client, "/search/?q=lid") == one <= 6


def test_other_words_cost_no_compilation(client, service, brand, monkeypatch):
    write(service, brand, "broken lid")
    client.get("/search/", {"q": "lid"})
    seen, compile_ = [], SQLCompiler.as_sql
    monkeypatch.setattr(
        SQLCompiler,
        "as_sql",
        lambda self, *args, **kw: seen.append(self.query.model) or compile_(self, *args, **kw),
    )
    assert cases(client.get("/search/", {"q": "broken"}))
    assert not {Case, Message, Identity} & set(seen)


def test_texts_are_shown_as_they_are_in_every_place(service, brand):
    service.name = "{Care} <b>"
    service.save()
    identity = IdentityFactory(handle="", name="<i>{0}</i> {name}")
    case = CaseFactory(department=service, brand_account=brand, identity=identity)
    MessageFactory(case=case, text="the {lid} <u> & {} {pk} %s", direction=Direction.OUTBOUND, identity=None)
    shown = signed_in(UserFactory(departments=[service])).get("/search/", {"q": "lid"}).content.decode()
    assert "the {<mark>lid</mark>} &lt;u&gt; &amp; {} {pk} %s" in shown
    assert "Our answer to <bdi hx-disable>&lt;i&gt;{0}&lt;/i&gt; {name}</bdi>" in shown
    assert '<span class="chip dept">{Care} &lt;b&gt;</span>' in shown


def test_operators_narrow_a_search(service, brand):
    me = UserFactory(departments=[service], username="wren", initials="WO")
    client = signed_in(me)
    lid = write(service, brand, "the lid broke", tags=["late delivery"], assignee=me, priority=1)
    old = write(service, brand, "der Deckel, the lid", status="resolved", closed_at=timezone.now())
    Message.objects.filter(pk=old.pk).update(
        language="de", network_time=dt.datetime(2024, 5, 6, tzinfo=dt.UTC)
    )
    ours = MessageFactory(case=old.case, text="a new lid is on its way", direction=Direction.OUTBOUND)
    Identity.objects.filter(pk=lid.case.identity_id).update(handle="maren_bakes")
    both, first, second = {lid.case_id, old.case_id}, {lid.case_id}, {old.case_id}
    for query, expected in (
        ("lid is:open", first), ("lid is:closed", second), ("lid -is:closed", first), ("lid is:resolved is:open", set()),
        ('lid tag:"late delivery"', first), ("lid tag:“late delivery”", first), ('lid -tag:"late delivery"', second),
        ("lid assignee:me", first), ("lid assignee:@WREN", first), ("lid assignee:nobody", second), ("lid is:urgent", first),
        ("lid from:@Maren_Bakes", first), ("lid -from:maren_bakes", second), (f"lid dept:{service.slug}", both),
        (f'lid department:"{service.name.upper()}"', both), (f"lid account:{brand.handle}", both), ("lid is:direct", set()),
        (f"lid network:{brand.network}", both), (f"lid -network:{brand.network}", set()), ("lid lang:German", second),
        ("lid lang:de before:2024-05", set()), ("lid lang:de since:2024-05-06 before:2024-06", second),
        ("lid -since:2024-06", second), ("lid is:answer", second), ("lid -is:message", second), ("is:open", first),
        ("before:2025", second), ("lid is:open is:mine", first), ("lid assignee:me assignee:nobody", both), ("IS:Open", first),
    ):  # fmt: skip
        response = client.get("/search/", {"q": query})
        assert set(cases(response)) == expected, query
        assert not response.context["found"].problems, query
    assert "Our answer" in client.get("/search/", {"q": "lid is:answer"}).content.decode()
    assert ours.case_id == old.case_id


def test_an_operator_that_is_not_understood_says_so_and_a_word_with_a_colon_stays_a_word(
    client, service, brand
):
    found = write(service, brand, "see https://shop.example/lid and order:12, it is a dept")
    for query, said in (
        ("lid is:opne", "There is no state “opne”. Try open"), ("before:someday", "“someday” is not a day"),
        ("dept:nowhere", "There is no department “nowhere”"), ("since:9999-99", "is not a day"), ("assignee:zz9", "no person"),
    ):  # fmt: skip
        page = client.get("/search/", {"q": query})
        assert said in page.content.decode(), query
        assert cases(page) == []
    for query in ("https://shop.example/lid", "order:12", "is: lid", "lid is:open dept:"):
        assert cases(client.get("/search/", {"q": query})) == [found.case_id], query


def test_an_operator_never_widens_what_a_person_may_read(client, service, brand):
    hidden = write(DepartmentFactory(slug="legal"), brand, "the lid", tags=["safety"])
    for query in ("lid dept:legal", "dept:legal", "tag:safety", "is:open", f"lid account:{brand.handle}"):
        assert cases(client.get("/search/", {"q": query})) == [], query
    assert hidden.case_id not in cases(client.get("/search/", {"q": "before:today"}))


def test_a_case_is_one_row_with_its_messages_and_comes_once(client, service, brand):
    long = write(service, brand, "lid one")
    for number in range(HITS_PER_PAGE + 3):
        MessageFactory(case=long.case, text=f"lid again {number}")
    other = write(service, brand, "an older lid")
    Message.objects.filter(pk=other.pk).update(network_time=dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
    response = client.get("/search/", {"q": "lid"})
    assert cases(response) == [long.case_id]
    assert response.content.decode().count("<mark>lid</mark>") == 3
    assert cases(client.get(f"/search/{response.context['next']}", HTTP_ACCEPT="text/html")) == [
        other.case_id
    ]
    assert cases(client.get("/search/", {"q": "lid", "sort": "oldest"}))[0] == other.case_id


def test_pages_whose_cases_were_all_shown_before_are_passed_over(client, service, brand):
    long = write(service, brand, "lid one")
    for number in range(HITS_PER_PAGE * 3):
        MessageFactory(case=long.case, text=f"lid again {number}")
    other = write(service, brand, "an older lid")
    Message.objects.filter(pk=other.pk).update(network_time=dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
    following = client.get("/search/", {"q": "lid"}).context["next"]
    second = client.get(f"/search/{following}", HTTP_ACCEPT="text/html")
    assert cases(second) == [other.case_id]
    assert not second.context["next"]


def test_a_name_stands_for_everybody_who_bears_it(service, brand):
    first, second = (
        UserFactory(departments=[service], first_name="Priya", last_name=name) for name in ("Shah", "Rao")
    )
    both = {write(service, brand, "the lid", assignee=person).case_id for person in (first, second)}
    client = signed_in(UserFactory(departments=[service], first_name="Ann"))
    assert set(cases(client.get("/search/", {"q": "lid assignee:priya"}))) == both
    assert len(cases(client.get("/search/", {"q": 'lid assignee:"priya rao"'}))) == 1


def test_snoozed_cases_can_be_asked_for(client, service, brand):
    now = timezone.now()
    asleep = write(
        service, brand, "the lid", snoozed_since=now, snoozed_until=now + dt.timedelta(days=1)
    ).case_id
    awake = write(service, brand, "the lid").case_id
    assert cases(client.get("/search/", {"q": "lid is:snoozed"})) == [asleep]
    assert cases(client.get("/search/", {"q": "lid -is:snoozed"})) == [awake]


def test_a_case_that_was_found_leads_back_to_the_results(client, service, brand):
    case = write(service, brand, "lid & spout").case
    row = client.get("/search/", {"q": "lid & is:open"}).content.decode()
    address = f"/cases/{case.pk}/?found=lid+%26+is%3Aopen"
    assert f'href="{address}"' in row
    back = 'href="/search/?q=lid+%26+is%3Aopen">‹ Results'
    assert back in client.get(address).content.decode()
    fragment = client.get(
        f"/cases/{case.pk}/", **HTMX, headers={"HX-Current-URL": f"http://testserver{address}"}
    )
    assert back in fragment.content.decode()
    assert "‹ Results" not in client.get(f"/cases/{case.pk}/").content.decode()
