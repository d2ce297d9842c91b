"""Links of the navigation: kept, escaped, and never those of a moment ago; and who a page sees."""

from __future__ import annotations

import pytest

from accounts.models import User
from inbox.queue.markup import NavigationEntry
from tests.factories import CaseFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import signed_in


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
