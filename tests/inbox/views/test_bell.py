"""The bell of every page: the newest notices, their number, marking them as read, and the icon with the number."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from inbox.live import publish
from inbox.models import Notice, NoticeKind
from inbox.notices import notify
from tests.factories import CaseFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import HTMX, count_statements, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def department():
    return DepartmentFactory()


@pytest.fixture
def ann(department):
    return UserFactory(departments=[department])


@pytest.fixture
def case(department):
    return CaseFactory(department=department)


def tell(user, case, text="Solved it"):
    notify.notify_users(
        [user.pk], case.pk, NoticeKind.SOLVED, text, key=f"{text}:{case.pk}", now=timezone.now()
    )
    return Notice.objects.get(user=user, key=f"{text}:{case.pk}")


def ask(user):
    return signed_in(user).get(reverse("inbox:bell"), **HTMX).content.decode()


def test_it_brings_the_number_and_the_newest_of_ones_own_alone(ann, case, department):
    other = UserFactory(departments=[department])
    tell(ann, case, "<b>Mine</b>")
    tell(other, case, "Not mine")
    shown = ask(ann)
    assert 'data-unread="1"' in shown
    assert "&lt;b&gt;Mine" in shown
    assert "Not mine" not in shown


def test_a_notice_of_a_case_out_of_sight_is_not_opened(ann):
    tell(ann, CaseFactory(department=DepartmentFactory()), "Elsewhere")
    assert "disabled title=" in ask(ann)


def test_marking_leaves_what_came_later_and_shows_the_list_again(ann, case):
    first, second = tell(ann, case, "First"), tell(ann, case, "Second")
    client = signed_in(ann)
    shown = client.post(reverse("inbox:bell"), {"until": first.pk}, **HTMX).content.decode()
    assert 'data-unread="1"' in shown
    assert Notice.objects.get(pk=second.pk).read_at is None
    assert client.post(reverse("inbox:bell"), {"until": second.pk}).url == reverse("inbox:notices")
    assert not Notice.objects.filter(user=ann, read_at__isnull=True).exists()
    assert client.post(reverse("inbox:bell"), {"until": "x"}).status_code == 404


def test_without_scripts_it_leads_to_the_page(ann):
    assert signed_in(ann).get(reverse("inbox:bell")).url == reverse("inbox:notices")


def test_one_notice_takes_as_many_statements_as_thirty(ann, case):
    client, address = signed_in(ann), reverse("inbox:bell")
    tell(ann, case, "One")
    few = count_statements(client, address, **HTMX)
    for number in range(30):
        tell(ann, case, f"Number {number}")
    assert count_statements(client, address, **HTMX) == few


@pytest.mark.parametrize(("number", "words"), [(1, ">1<"), (9, ">9<"), (10, ">9+<")])
def test_the_icon_shows_the_number_without_a_style_of_its_own(client, number, words):
    icon = client.get(reverse("inbox:bell_icon", args=[number]))
    assert icon["Content-Type"] == "image/svg+xml"
    assert words in icon.content.decode()
    assert "style" not in icon.content.decode()


@pytest.mark.parametrize("number", [0, 11, 987654])
def test_no_icon_has_another_number(client, number):
    assert client.get(reverse("inbox:bell_icon", args=[number])).status_code == 404


def test_every_page_says_where_its_bell_and_its_stream_are(ann):
    for address in ("/", "/notices/", "/presence/"):
        shown = signed_in(ann).get(address).content.decode()
        assert f'data-bell="{reverse("inbox:bell")}"' in shown
        assert shown.count("js/stream") == shown.count("js/bell") == 1


def test_deleting_what_was_undone_tells_the_open_pages(
    ann, case, monkeypatch, django_capture_on_commit_callbacks
):
    tell(ann, case)
    sent = []
    monkeypatch.setattr(publish, "_publish_payload", lambda channel, payload: sent.append(payload))
    with django_capture_on_commit_callbacks(execute=True):
        notify.delete_unread_notices(Notice.objects.filter(case=case))
    assert sent == [f"[{ann.pk}]".encode()]
    with django_capture_on_commit_callbacks(execute=True):
        notify.delete_unread_notices(Notice.objects.filter(case=case))
    assert len(sent) == 1
    assert not Notice.objects.exists()
