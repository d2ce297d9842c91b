"""A case that its reader can no longer work on: the page says who has it, and gives back what was typed."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from inbox.cases import hand_overs, verbs
from inbox.models import Draft, Watch
from tests.factories import BrandAccountFactory, CaseFactory, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.page_requests import HTMX, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def service():
    return DepartmentFactory(name="Service", slug="service")


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing", slug="billing")


@pytest.fixture
def brand():
    return BrandAccountFactory()


@pytest.fixture
def ann(service, brand):
    return UserFactory(departments=[service], publishes=[brand], first_name="Ann", last_name="Bell")


@pytest.fixture
def juno(service, billing, brand):
    return UserFactory(
        departments=[service, billing],
        publishes=[brand],
        role=Role.MANAGER,
        first_name="Juno",
        last_name="Ray",
    )


@pytest.fixture
def case(service, brand):
    case = CaseFactory(department=service, brand_account=brand, created_at=timezone.now())
    MessageFactory(case=case, text="Where is my parcel?")
    return case


def answer(case, parent=None):
    return {
        "parent": (parent or case.messages.get()).pk,
        "composer_id": str(uuid.uuid4()),
        "version": case.version,
        "text": "It left yesterday.",
    }


def thread(client, case, query=""):
    return client.get(f"/cases/{case.pk}/thread/{query}", **HTMX)


def composer(page):
    """The part of a page in which one answers."""
    return page[page.index('id="composer"') :] if 'id="composer"' in page else ""


class TestHandedAway:
    """By a colleague: Ann can no longer read it."""

    @pytest.fixture(autouse=True)
    def _hand_over(self, case, juno, billing, ann):
        Draft.objects.create(case=case, user=ann, text="It left", updated_at=timezone.now())
        verbs.hand_over_case(case.pk, juno, billing, "A charge", now=timezone.now())

    def test_the_refresh_says_who_has_it_and_gives_the_draft_back(self, case, ann):
        response = thread(signed_in(ann), case)
        page = response.content.decode()
        assert response.status_code == 404
        assert 'id="case-lost"' in page and "Billing has it now" in page
        assert "It left</textarea>" in page and "Your answer, not sent" in page
        assert "Back to the cases" in page
        assert "Where is my parcel?" not in page

    @pytest.mark.parametrize("headers", [{}, HTMX])
    def test_an_answer_says_that_nothing_was_sent_and_gives_the_text_back(self, case, ann, headers):
        response = signed_in(ann).post(reverse("inbox:reply", args=[case.pk]), answer(case), **headers)
        page = response.content.decode()
        assert response.status_code == 404
        assert "Billing has it now" in page and "Nothing was sent." in page
        assert "It left yesterday.</textarea>" in page
        assert "Where is my parcel?" not in page

    @pytest.mark.parametrize(
        ("name", "fields", "words"),
        [
            ("note", {"note": "Call her back."}, "Call her back."),
            ("hand_over", {"department": "billing", "reason": "A charge."}, "A charge."),
        ],
    )
    def test_other_acts_say_that_nothing_was_saved(self, case, ann, name, fields, words):
        response = signed_in(ann).post(reverse(f"inbox:{name}", args=[case.pk]), fields, **HTMX)
        page = response.content.decode()
        assert response.status_code == 404
        assert "Billing has it now" in page and "Nothing was saved." in page
        assert f"{words}</textarea>" in page

    def test_nobody_else_learns_that_the_case_exists(self, case, brand):
        stranger = signed_in(UserFactory(departments=[DepartmentFactory()], publishes=[brand]))
        shown = thread(stranger, case).content.decode()
        assert "Page not found" in shown
        assert "Billing" not in shown

    def test_of_a_direct_message_only_those_hear_who_may_read_it(self, case, service, ann):
        case.refresh_from_db()
        case.visibility = "direct"
        case.save(update_fields=["visibility"])
        analyst = signed_in(UserFactory(departments=[service], role=Role.ANALYST))
        assert "Billing" not in thread(analyst, case).content.decode()
        assert "Billing has it now" in thread(signed_in(ann), case).content.decode()


class TestWatched:
    """Ann handed it over herself, in another tab: she watches it and may still read it."""

    @pytest.fixture(autouse=True)
    def _hand_over(self, case, ann, billing):
        Draft.objects.create(case=case, user=ann, text="It left", updated_at=timezone.now())
        verbs.hand_over_case(case.pk, ann, billing, "A charge", now=timezone.now())
        assert Watch.objects.filter(case=case, user=ann).exists()

    def test_the_refresh_takes_the_answer_box_away_and_gives_the_draft_back(self, case, ann):
        page = thread(signed_in(ann), case).content.decode()
        assert 'class="composer lost" id="composer"' in page and 'hx-swap-oob="true"' in composer(page)
        assert "Billing has it now." in page and "because you are watching it" in page
        assert "It left</textarea>" in composer(page) and "readonly" in composer(page)
        assert 'id="reply-form"' not in page

    @pytest.mark.parametrize("headers", [{}, HTMX])
    def test_an_answer_is_refused_beside_the_case(self, case, ann, headers):
        response = signed_in(ann).post(reverse("inbox:reply", args=[case.pk]), answer(case), **headers)
        page = response.content.decode()
        assert response.status_code == 403
        assert "Billing has it now." in page and "Nothing was sent." in page
        assert "It left yesterday.</textarea>" in composer(page)
        assert "Where is my parcel?" in page

    def test_the_answer_box_is_back_when_the_case_is(self, case, ann, juno):
        assert 'name="lost" value="1"' in thread(signed_in(ann), case).content.decode()
        hand_overs.bounce_case(case.pk, juno, "Not ours", now=timezone.now())
        response = thread(signed_in(ann), case, "?lost=1")
        assert response["HX-Retarget"] == "#case"
        assert "It left</textarea>" in composer(response.content.decode())
        assert 'id="reply-form"' in response.content.decode()

    def test_an_answer_that_waits_can_still_be_taken_back(self, case, ann, juno, service):
        hand_overs.bounce_case(case.pk, juno, "Not ours", now=timezone.now())
        case.refresh_from_db()
        client = signed_in(ann)
        client.post(reverse("inbox:reply", args=[case.pk]), answer(case))
        reply = case.replies.get()
        verbs.hand_over_case(
            case.pk, ann, juno.memberships.get(department__slug="billing").department, "x", now=timezone.now()
        )
        assert f'action="/replies/{reply.pk}/cancel/"' in thread(client, case).content.decode()
        client.post(reverse("inbox:reply_cancel", args=[reply.pk]), **HTMX)
        reply.refresh_from_db()
        assert reply.state == "cancelled"


class TestTakenOver:
    def test_the_refresh_says_who_took_it_once(self, case, ann, juno):
        verbs.claim_case(case.pk, ann, now=timezone.now())
        Draft.objects.create(case=case, user=ann, text="It left", updated_at=timezone.now())
        client = signed_in(ann)
        assert 'name="mine" value="1"' in thread(client, case).content.decode()
        verbs.assign_case(case.pk, juno, juno, now=timezone.now())
        page = thread(client, case, "?mine=1").content.decode()
        assert "Juno Ray has taken this case over. What you typed is kept." in page
        assert 'name="mine"' not in page
        assert "has taken" not in thread(client, case).content.decode()

    @pytest.mark.parametrize(
        ("act", "words"),
        [
            (lambda case, juno, ben, now: verbs.assign_case(case.pk, juno, ben, now=now), "Juno Ray has given this case to Ben Cole."),
            (lambda case, juno, ben, now: verbs.assign_case(case.pk, juno, None, now=now), "Juno Ray has unassigned this case. Nobody has this case now."),
        ],
    )  # fmt: skip
    def test_it_says_to_whom_it_went(self, case, service, ann, juno, act, words):
        ben = UserFactory(departments=[service], first_name="Ben", last_name="Cole")
        verbs.claim_case(case.pk, ann, now=timezone.now())
        act(case, juno, ben, timezone.now())
        assert words in thread(signed_in(ann), case, "?mine=1").content.decode()

    def test_who_gave_it_away_in_another_tab_is_told_nothing(self, case, ann):
        verbs.claim_case(case.pk, ann, now=timezone.now())
        verbs.assign_case(case.pk, ann, None, now=timezone.now())
        page = thread(signed_in(ann), case, "?mine=1").content.decode()
        assert "this case" not in page[page.index('id="case-notice"') : page.index('id="case-hand-over"')]


def test_one_undo_has_the_key(case, ann):
    client = signed_in(ann)
    client.post(reverse("inbox:reply", args=[case.pk]), answer(case))
    newer = MessageFactory(case=case, text="Hello?")
    case.refresh_from_db()
    client.post(reverse("inbox:reply", args=[case.pk]), {**answer(case, newer), "text": "One more."})
    page = client.get(f"/cases/{case.pk}/").content.decode()
    first, second = case.replies.order_by("created_at")
    assert f'action="/replies/{first.pk}/cancel/"' in page
    assert page.count('data-key="z"') == 1
    assert page.index('data-key="z"') > page.index(f'id="reply-{second.pk}"')


class TestErasingFromTheCase:
    def test_an_administrator_is_led_to_the_customer_and_back(self, case):
        administrator = signed_in(UserFactory(role=Role.ADMINISTRATOR))
        address = f"/retention/customers/{case.customer_id}/?case={case.pk}"
        assert f'href="{address}"' in administrator.get(f"/cases/{case.pk}/").content.decode()

    def test_nobody_else_is(self, case, juno):
        assert "Erase this customer" not in signed_in(juno).get(f"/cases/{case.pk}/").content.decode()
