"""A case on its way between departments: accepted, bounced back, sent on as misrouted, taken back."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from inbox.cases import hand_overs, verbs
from inbox.decisions.likely_departments import rank_likely_departments, sort_by_likelihood
from inbox.models import Case, CaseEvent, Custody, Decision, Status, Verb
from routing.rules import versions
from routing.rules.editing import RuleContent, add_rule, set_default_department
from tests.factories import NOW, CaseFactory, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.page_requests import HTMX, signed_in

pytestmark = pytest.mark.django_db
LATER, LATER_STILL = NOW + dt.timedelta(hours=1), NOW + dt.timedelta(hours=2)
SOON = dt.timedelta(seconds=5)


@pytest.fixture
def service():
    return DepartmentFactory(name="Service", slug="service")


@pytest.fixture
def billing():
    return DepartmentFactory(name="Billing", slug="billing")


@pytest.fixture
def ann(service):
    return UserFactory(departments=[service], first_name="Ann", last_name="Bell")


@pytest.fixture
def ben(billing):
    return UserFactory(departments=[billing], first_name="Ben", last_name="Cole")


@pytest.fixture
def case(service):
    case = CaseFactory(department=service)
    MessageFactory(case=case)
    return case


@pytest.fixture
def sent(case, ann, billing):
    """The case, handed over from Service to Billing at NOW."""
    verbs.hand_over_case(case.pk, ann, billing, "A charge", now=NOW)
    return Case.objects.get(pk=case.pk)


def held(case):
    return Custody.objects.get(case=case, left_at__isnull=True)


def events(case):
    return list(CaseEvent.objects.filter(case=case).order_by("at", "id").values_list("verb", flat=True))


class TestAccepting:
    def test_we_have_it(self, sent, ben):
        hand_overs.accept_case(sent.pk, ben, version=sent.version, now=LATER)
        custody = held(sent)
        assert (custody.accepted_at, custody.accepted_by) == (LATER, ben)
        assert Case.objects.get(pk=sent.pk).status == Status.OPEN
        assert Case.objects.get(pk=sent.pk).assignee is None

    def test_accepting_twice_is_one_event(self, sent, ben):
        hand_overs.accept_case(sent.pk, ben, now=LATER)
        hand_overs.accept_case(sent.pk, ben, version=1, now=LATER_STILL)
        assert held(sent).accepted_at == LATER
        assert events(sent).count(Verb.ACCEPTED) == 2

    def test_only_the_department_that_has_it_accepts(self, sent):
        community = UserFactory(role=Role.COMMUNITY, publishes=[sent.brand_account])
        with pytest.raises(verbs.Invalid, match="Only people of Billing"):
            hand_overs.accept_case(sent.pk, community, now=LATER)

    def test_what_changed_meanwhile_is_a_conflict(self, sent, ben):
        with pytest.raises(verbs.Conflict):
            hand_overs.accept_case(sent.pk, ben, version=sent.version - 1, now=LATER)

    def test_a_closed_case_is_not_accepted(self, sent, ben):
        verbs.resolve_case(sent.pk, ben, now=LATER)
        with pytest.raises(verbs.Invalid, match="closed"):
            hand_overs.accept_case(sent.pk, ben, now=LATER_STILL)


class TestBouncing:
    def test_it_goes_back_where_it_came_from(self, sent, ben, service, billing):
        hand_overs.bounce_case(sent.pk, ben, "Not for Billing", version=sent.version, now=LATER)
        case = Case.objects.get(pk=sent.pk)
        assert (case.department, case.assignee, case.returned_count) == (service, None, 1)
        custody = held(case)
        assert (custody.from_department, custody.reason, custody.sent_by) == (billing, "Not for Billing", ben)
        event = CaseEvent.objects.filter(case=case, verb=Verb.HANDED_OVER).last()
        assert event.data["bounced"] is True

    def test_who_bounces_has_not_accepted(self, sent, ben, billing):
        hand_overs.bounce_case(sent.pk, ben, "Not for Billing", now=LATER)
        custody = Custody.objects.get(case=sent, department=billing)
        assert (custody.accepted_at, custody.left_at) == (None, LATER)

    def test_the_intervals_still_sum_to_the_lifetime(self, sent, ben, ann):
        hand_overs.bounce_case(sent.pk, ben, "Not for Billing", now=LATER)
        verbs.resolve_case(sent.pk, ann, now=LATER_STILL)
        rows = Custody.objects.filter(case=sent)
        assert (
            sum((one.left_at - one.sent_at for one in rows), dt.timedelta()) == LATER_STILL - sent.created_at
        )

    def test_a_case_that_came_straight_here_has_nowhere_to_go_back(self, case, ann):
        with pytest.raises(verbs.Invalid, match="No department sent this case here"):
            hand_overs.bounce_case(case.pk, ann, "Not ours", now=LATER)
        assert Case.objects.get(pk=case.pk).version == 1

    def test_nor_does_one_from_a_department_that_has_closed(self, sent, ben, service):
        service.is_open = False
        service.save()
        with pytest.raises(verbs.Invalid, match="takes no new cases"):
            hand_overs.bounce_case(sent.pk, ben, "Not ours", now=LATER)

    def test_somebody_was_quicker(self, sent, ben, billing):
        colleague = UserFactory(departments=[billing], first_name="Cy", last_name="Dale")
        hand_overs.accept_case(sent.pk, colleague, now=LATER)
        with pytest.raises(verbs.Conflict, match="Cy Dale accepted this case"):
            hand_overs.bounce_case(sent.pk, ben, "Not ours", version=sent.version, now=LATER_STILL)

    def test_an_agent_does_not_bounce_a_colleagues_case(self, sent, ben, billing):
        colleague = UserFactory(departments=[billing])
        verbs.claim_case(sent.pk, colleague, now=LATER)
        with pytest.raises(verbs.NotAllowed):
            hand_overs.bounce_case(sent.pk, ben, "Not ours", now=LATER_STILL)

    def test_it_needs_a_reason(self, sent, ben):
        with pytest.raises(verbs.Invalid, match="Say why"):
            hand_overs.bounce_case(sent.pk, ben, "  ", now=LATER)


class TestTakingBack:
    def test_the_interval_is_gone_and_the_one_before_goes_on(self, case, ann, billing, service):
        verbs.claim_case(case.pk, ann, now=NOW)
        before = list(Custody.objects.filter(case=case).values())
        verbs.hand_over_case(case.pk, ann, billing, "A charge", True, now=LATER)
        hand_overs.take_back_hand_over(held(case).pk, ann, now=LATER + SOON)
        assert list(Custody.objects.filter(case=case).values()) == before
        case = Case.objects.get(pk=case.pk)
        assert (case.department, case.assignee) == (service, ann)
        assert events(case)[-2:] == [Verb.HANDED_OVER, Verb.TAKEN_BACK]

    def test_a_bounce_taken_back_counts_no_return(self, sent, ben, billing):
        hand_overs.bounce_case(sent.pk, ben, "Not ours", now=LATER)
        hand_overs.take_back_hand_over(held(sent).pk, ben, now=LATER + SOON)
        case = Case.objects.get(pk=sent.pk)
        assert (case.department, case.returned_count) == (billing, 0)

    def test_only_who_sent_it_and_only_once(self, sent, ann, ben):
        pk = held(sent).pk
        with pytest.raises(Custody.DoesNotExist):
            hand_overs.take_back_hand_over(pk, ben, now=NOW + SOON)
        hand_overs.take_back_hand_over(pk, ann, now=NOW + SOON)
        with pytest.raises(Custody.DoesNotExist):
            hand_overs.take_back_hand_over(pk, ann, now=NOW + SOON)

    def test_not_once_it_is_accepted(self, sent, ann, ben):
        hand_overs.accept_case(sent.pk, ben, now=NOW + SOON)
        with pytest.raises(verbs.Conflict, match="Billing has accepted it already"):
            hand_overs.take_back_hand_over(held(sent).pk, ann, now=NOW + SOON)

    def test_not_once_it_went_on(self, sent, ann, ben):
        pk = held(sent).pk
        hand_overs.bounce_case(sent.pk, ben, "Not ours", now=NOW + SOON)
        with pytest.raises(verbs.Conflict, match="passed it on"):
            hand_overs.take_back_hand_over(pk, ann, now=NOW + SOON)

    def test_not_for_ever(self, sent, ann):
        with pytest.raises(verbs.Conflict, match="too late"):
            hand_overs.take_back_hand_over(held(sent).pk, ann, now=LATER)
        assert hand_overs.find_undoable_hand_over(sent.pk, ann, LATER) is None

    def test_who_left_meanwhile_does_not_get_it_again(self, case, ann, billing):
        verbs.claim_case(case.pk, ann, now=NOW)
        verbs.hand_over_case(case.pk, ann, billing, "A charge", now=LATER)
        ann.is_active = False
        ann.save()
        hand_overs.take_back_hand_over(held(case).pk, ann, now=LATER + SOON)
        assert Case.objects.get(pk=case.pk).assignee is None


class TestLikelyDepartments:
    def test_votes_come_first_then_who_had_it_then_the_rest(self):
        one, two, three, four = DepartmentFactory.create_batch(4)
        ordered = sort_by_likelihood([one, two, three, four], [four.slug, "gone", four.slug], [999, three.pk])
        assert ordered == [four, three, one, two]

    def test_the_rules_next_votes_lead(self, sent, service, billing):
        closed, sales = DepartmentFactory(is_open=False), DepartmentFactory(slug="sales")
        editor = UserFactory(role=Role.ADMINISTRATOR)
        set_default_department(service, editor, NOW)
        parcel = {"field": "words", "any": ["parcel"]}
        for place in (billing, sales):
            add_rule(RuleContent(place.name, parcel, place), editor, "", NOW)
        versions.clear_rules_cache()
        assert rank_likely_departments(sent, [service, billing, closed, sales]) == [sales, service]

    def test_what_was_known_of_the_message_when_it_came_counts(self, sent, service):
        sales = DepartmentFactory(slug="sales")
        editor = UserFactory(role=Role.ADMINISTRATOR)
        set_default_department(service, editor, NOW)
        add_rule(RuleContent("Angry", {"field": "sentiment", "is": ["negative"]}, sales), editor, "", NOW)
        versions.clear_rules_cache()
        assert rank_likely_departments(sent, [service, sales]) == [service, sales]
        Decision.objects.create(
            message=sent.messages.get(), case=sent, department=service, decided_by="default", version=1, at=NOW,
            trace={"facts": {"sentiment": "negative"}},
        )  # fmt: skip
        assert rank_likely_departments(sent, [service, sales]) == [sales, service]

    def test_an_edited_message_counts_as_it_reads_now(self, sent, service):
        sales = DepartmentFactory(slug="sales")
        editor = UserFactory(role=Role.ADMINISTRATOR)
        set_default_department(service, editor, NOW)
        add_rule(RuleContent("Quote", {"field": "words", "any": ["quote"]}, sales), editor, "", NOW)
        versions.clear_rules_cache()
        sent.messages.update(text="A quote, please", history=[{"text": "Hello", "at": NOW.isoformat()}])
        assert rank_likely_departments(sent, [service, sales]) == [sales, service]

    def test_without_rules_or_messages_it_is_who_had_it_before(self, service, billing, ann):
        other, case = DepartmentFactory(), CaseFactory(department=service)
        verbs.hand_over_case(case.pk, ann, billing, "A charge", now=NOW)
        case.refresh_from_db()
        assert rank_likely_departments(case, [other, service, billing]) == [service, other]


@pytest.fixture
def now():
    """Behind all that the factories made, whatever the time of day."""
    with time_machine.travel(NOW + dt.timedelta(hours=1)):
        yield timezone.now()


@pytest.fixture
def fresh(case, ann, billing, now):
    """The case, handed over from Service to Billing just now."""
    verbs.hand_over_case(case.pk, ann, billing, "A charge <b>twice</b>", now=now)
    return Case.objects.get(pk=case.pk)


class TestPages:
    def address(self, name, pk):
        return reverse(f"inbox:{name}", args=[pk])

    def test_the_department_is_asked_whether_it_keeps_the_case(self, fresh, ben):
        shown = signed_in(ben).get(f"/cases/{fresh.pk}/").content.decode()
        for expected in (
            "Ann Bell moved this from Service to Billing", "A charge &lt;b&gt;twice", 'data-key="y"', 'data-key="b"',
            'data-key="w"', "Not for Billing",
        ):  # fmt: skip
            assert expected in shown, expected
        signed_in(ben).post(self.address("accept", fresh.pk))
        shown = signed_in(ben).get(f"/cases/{fresh.pk}/").content.decode()
        assert "moved this from" not in shown
        assert 'data-key="b"' in shown

    def test_a_bounce_leaves_an_undo_that_works_without_scripts(self, fresh, ben, billing):
        client = signed_in(ben)
        left = client.post(self.address("bounce", fresh.pk), {"reason": "Not for Billing"}, follow=True)
        shown = left.content.decode()
        assert left.redirect_chain[-1][0] == "/"
        undo = self.address("take_back", held(fresh).pk)
        assert "Handed over to Service." in shown
        assert f'action="{undo}"' in shown
        back = client.post(undo, follow=True)
        assert back.redirect_chain[-1][0] == f"/cases/{fresh.pk}/"
        assert "Undone." in back.content.decode()
        assert Case.objects.get(pk=fresh.pk).department == billing

    def test_who_still_sees_the_case_gets_the_undo_in_its_notice(self, fresh, service, billing):
        both = signed_in(UserFactory(departments=[service, billing], role=Role.MANAGER))
        shown = both.post(self.address("bounce", fresh.pk), {"reason": "x"}, **HTMX).content.decode()
        assert self.address("take_back", held(fresh).pk) in shown
        assert "⇄ came back" in shown
        assert "Service → Billing → Service" in shown
        assert "⇄ came back" in both.get("/").content.decode()

    def test_an_undo_that_comes_too_late_says_so(self, fresh, ann, ben, now):
        hand_overs.accept_case(fresh.pk, ben, now=now)
        late = signed_in(ann).post(self.address("take_back", held(fresh).pk), follow=True)
        assert "Billing has accepted it already" in late.content.decode()

    def test_taking_back_what_is_absent_or_somebody_elses_is_the_same_404(self, fresh, ben):
        for pk in (held(fresh).pk, 987654321):
            assert signed_in(ben).post(self.address("take_back", pk)).status_code == 404

    def test_wrong_department_asks_and_sends(self, fresh, ben, service):
        sales, client = DepartmentFactory(name="Sales", slug="sales"), signed_in(ben)
        page = client.get(self.address("wrong_department", fresh.pk)).content.decode()
        assert page.index('value="service"') < page.index('value="sales"')
        assert 'value="billing"' not in page
        fragment = client.get(self.address("wrong_department", fresh.pk), **HTMX).content.decode()
        assert "<html" not in fragment
        assert 'data-digit="1"' in fragment
        client.post(self.address("wrong_department", fresh.pk), {"department": "sales"})
        custody = held(fresh)
        assert (custody.department, custody.wrong_department, custody.reason) == (
            sales,
            True,
            "Wrong department",
        )
        assert Custody.objects.get(case=fresh, department__slug="billing").accepted_at is None

    def test_a_department_has_the_same_digit_on_every_case(self, fresh, ben, service, billing):
        DepartmentFactory(name="Sales", slug="sales")
        client = signed_in(ben)
        digits = {}
        for holder in (service, billing):
            Case.objects.filter(pk=fresh.pk).update(department=holder)
            ben.memberships.get_or_create(department=holder)
            shown = client.get(self.address("wrong_department", fresh.pk), **HTMX).content.decode()
            found = re.findall(r'value="([a-z]+)"\s+data-digit="(\d)"', shown)
            assert holder.slug not in dict(found)
            for slug, digit in found:
                assert digits.setdefault(slug, digit) == digit
        assert sorted(digits) == ["billing", "sales", "service"]
        assert len(set(digits.values())) == 3

    def test_a_stale_choice_is_refused(self, fresh, ben, now):
        verbs.add_note(fresh.pk, ben, "Hm.", now=now)
        response = signed_in(ben).post(
            self.address("wrong_department", fresh.pk), {"department": "service", "version": fresh.version}
        )
        assert response.status_code == 409

    def test_who_may_not_hand_over_is_not_asked(self, fresh, billing):
        analyst = signed_in(UserFactory(role=Role.ANALYST, departments=[billing]))
        assert "Not allowed" in analyst.get(self.address("wrong_department", fresh.pk)).content.decode()
        assert analyst.post(self.address("bounce", fresh.pk), {"reason": "x"}).status_code == 403

    def test_a_bounce_without_origin_is_explained(self, case, ann):
        response = signed_in(ann).post(self.address("bounce", case.pk), {"reason": "x"})
        assert response.status_code == 422
        assert "No department sent this case here" in response.content.decode()
