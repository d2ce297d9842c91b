"""What a message answers stands above it, when it is not in the same case."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from networks.registry import public_address
from tests.factories import BrandAccountFactory, CaseFactory, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.page_requests import count_statements, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def brand():
    return BrandAccountFactory()


@pytest.fixture
def case(brand):
    return CaseFactory(department=DepartmentFactory(name="Support"), brand_account=brand)


def thread_of(case):
    agent = UserFactory(departments=[case.department])
    page = signed_in(agent).get(reverse("inbox:case", args=[case.pk])).content.decode()
    return page.partition('id="thread"')[2].partition('id="composer"')[0]


def above(brand, text="The fee is new and nobody was told.", **more):
    """A post in a case of another department."""
    other = CaseFactory(department=DepartmentFactory(name="Billing"), brand_account=brand)
    return MessageFactory(case=other, text=text, **more)


def test_a_reply_is_read_with_the_post_above_it(case, brand):
    post = above(brand, text="<b>The fee</b> is new. " + "x" * 400)
    MessageFactory(case=case, text="Same here in Dundee", parent_remote_id=post.canonical_id)
    MessageFactory(case=case, text="And in Perth", parent_remote_id=post.canonical_id)
    thread = thread_of(case)
    assert thread.count('class="answered"') == 1
    assert f"In reply to {post.identity.display_name}, " in thread
    assert "&lt;b&gt;The fee&lt;/b&gt;" in thread
    assert "x" * 300 not in thread
    assert thread.index("The fee") < thread.index("Same here in Dundee")


def test_our_own_post_is_called_ours(case, brand):
    post = above(brand, text="The kettle is back in green.", outbound=True)
    MessageFactory(case=case, text="Finally!", parent_remote_id=post.canonical_id)
    assert "In reply to our post, " in thread_of(case)


def test_what_stands_in_the_same_case_is_not_repeated(case):
    first = MessageFactory(case=case, text="Where is it?")
    MessageFactory(case=case, text="Hello?", parent_remote_id=first.canonical_id)
    assert 'class="answered"' not in thread_of(case)


@pytest.mark.parametrize(
    "hidden", [{"visibility": "direct"}, {"deleted_at": timezone.now()}, {"hidden": True}]
)
def test_what_not_everybody_can_read_is_not_shown(case, brand, hidden):
    post = above(brand, **hidden)
    MessageFactory(case=case, parent_remote_id=post.canonical_id)
    thread = thread_of(case)
    assert "The fee" not in thread
    assert "In reply to a post that is not stored here: see it on X" in thread


def test_an_absent_post_is_said_to_be_absent_and_another_brands_is_absent(case, brand):
    foreign = above(BrandAccountFactory())
    MessageFactory(case=case, parent_remote_id=foreign.canonical_id)
    thread = thread_of(case)
    assert "The fee" not in thread
    assert "not stored here" in thread


def test_it_costs_no_statement(case, brand):
    agent = signed_in(UserFactory(departments=[case.department]))
    MessageFactory(case=case)
    address = reverse("inbox:case", args=[case.pk])
    before = count_statements(agent, address)
    for _ in range(4):
        MessageFactory(case=case, parent_remote_id=above(brand).canonical_id)
    assert count_statements(agent, address) == before


@pytest.mark.parametrize(
    ("network", "parent", "address"),
    [
        ("x", "2000000000000000009", "https://x.com/i/web/status/2000000000000000009"),
        ("facebook", "77_88", "https://www.facebook.com/77_88"),
        ("facebook", '7"><script>', ""),
        ("gone", "7", ""),
    ],
)
def test_a_post_that_is_not_kept_here_is_one_click_away(network, parent, address):
    assert public_address(network, parent) == address


def test_the_link_leads_to_the_post_on_its_network(case):
    MessageFactory(case=case, text="Same here", parent_remote_id="2000000000000000009")
    assert 'href="https://x.com/i/web/status/2000000000000000009"' in thread_of(case)


def test_what_a_message_quotes_is_read_below_it(case):
    """A quoted post, the options of a poll, and files by what they are."""
    attached = [
        {"kind": "quoted_post", "url": "https://x.com/i/web/status/19", "name": "@tom_k", "text": "Open on <b>Sunday</b>"},
        {"kind": "photo", "url": "https://pbs.example/1.jpg", "name": ""},
        {"kind": "poll", "text": "Rye\nSpelt"},
        {"kind": "application", "url": "", "name": "bill-7.pdf"},
    ]  # fmt: skip
    MessageFactory(case=case, text="It was shut", attachments=attached)
    thread = thread_of(case)
    assert "quoted post by @tom_k</a>" in thread
    assert "Open on &lt;b&gt;Sunday&lt;/b&gt;" in thread
    assert ">picture</a>" in thread
    assert "Rye\nSpelt" in thread
    assert ">bill-7.pdf</p>" in thread
