"""Links of the navigation: kept, escaped, and never those of a moment ago; and who a page sees."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.templatetags.static import static
from django.urls import reverse

from accounts.models import User
from inbox.queue.markup import FoundText, NavigationEntry, found_case_markup, list_markup
from inbox.search_words.snippets import SnippetPart
from tests.factories import NOW, CaseFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import signed_in
from wording.times import display_time


def test_a_view_says_its_key_its_number_and_where_one_is():
    plain = NavigationEntry("Mine", "/queue/mine/", "3", go="m")
    assert plain.markup == '<li><a href="/queue/mine/" data-go="m">Mine <span class="n">3</span></a></li>'
    here = NavigationEntry("Mine", "/queue/mine/", "4", current=True, go="m").markup
    assert here == (
        '<li><a href="/queue/mine/" aria-current="page" data-go="m">Mine <span class="n">4</span></a></li>'
    )


def test_names_are_escaped():
    markup = NavigationEntry('<b>"Legal" & co', "/queue/department/legal/", "1").markup
    assert '>&lt;b&gt;&quot;Legal&quot; &amp; co <span class="n">1</span>' in markup


def test_entries_stand_below_one_another_as_they_are():
    entries = (NavigationEntry("A & B", "/a/", "1"), NavigationEntry("C", "/c/"))
    assert list_markup(entries) == "\n".join(entry.markup for entry in entries)
    assert list_markup(()) == ""


@pytest.mark.parametrize("between", ["", "\x00"])
def test_a_found_message_shows_every_text_as_it_is(between):
    parts = [SnippetPart(f"<i>{between} {{0}} ", False), SnippetPart("a&b", True), SnippetPart('"', False)]
    row = found_case_markup(
        pk=7, network="{gone}", name="<b>", initials="'", when=display_time(NOW, NOW), department="{5} >",
        state="resolved", assignee="<u>", texts=[FoundText(True, tuple(parts))], query_string="?found=a%20b",
    )  # fmt: skip
    assert f"&lt;i&gt;{between} {{0}} <mark>a&amp;b</mark>&quot;" in row
    assert (
        f'href="{reverse("inbox:case", args=[7])}?found=a%20b">Our answer to <bdi hx-disable>&lt;b&gt;</bdi>'
        in row
    )
    assert "on {gone}<" in row
    assert ">&#x27;<span" in row
    assert '<span class="chip" title="Assigned">&lt;u&gt;</span>' in row
    assert "{5} &gt;</span>" in row


def test_addresses_that_are_made_once_are_those_of_django():
    page = Template("{% load navigation %}{% static_address 'css/base.css' %} {% address 'inbox:search' %}")
    assert page.render(Context()) == f"{static('css/base.css')} {reverse('inbox:search')}"


@pytest.mark.django_db
def test_a_page_shows_the_numbers_of_now_and_the_department_as_it_is_called_now():
    billing = DepartmentFactory(name="Billing", slug="billing")
    client = signed_in(UserFactory(departments=[billing]))
    assert 'Billing <span class="n">0</span>' in client.get("/").content.decode()
    CaseFactory(department=billing)
    billing.name = "Money"
    billing.save()
    assert 'Money <span class="n">1</span>' in client.get("/").content.decode()


@pytest.mark.django_db
def test_a_view_gets_the_user_itself():
    response = signed_in(UserFactory()).get("/")
    assert type(response.wsgi_request.user) is User
