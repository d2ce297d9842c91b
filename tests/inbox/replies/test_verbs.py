import datetime as dt
import uuid
from types import SimpleNamespace

import pytest

from accounts.models import BrandAccount, BrandAccountGrant, Health, Lifecycle, Role
from inbox.case_page.timeline import MESSAGES_PER_PAGE, read_timeline
from inbox.cases.verbs import Conflict, Invalid, NotAllowed, add_note, claim_case, hand_over_case
from inbox.models import Case, CaseEvent, Custody, Draft, Message, Reply, ReplyState, Verb, Visibility
from inbox.replies import drafts, outbox, verbs
from inbox.replies.composer import is_late_answer, measure_text, reply_window_end
from networks import registry
from networks.base import SentMessage
from tests.factories import (
    NOW,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    ReplyFactory,
    UserFactory,
)
from tests.inbox.reply_fixtures import *  # noqa: F403
from tests.inbox.reply_fixtures import draft_text, shown_composer

pytestmark = pytest.mark.django_db
SOON = NOW + dt.timedelta(minutes=1)
LATER = NOW + dt.timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _on_a_fake_network(network):
    pass


def answer(question, by, text="We are on it.", seen=1, now=NOW, composer=None, **more):
    return verbs.queue_reply(
        question.case_id, by, question.pk, text, composer or uuid.uuid4(), seen, now=now, **more
    )


def draft_of(question, user):
    return draft_text(question.case_id, user)


class TestQueueing:
    def test_an_answer_waits_for_the_undo_window(self, question, agent, settings):
        settings.UNDO_SECONDS = 10
        reply = answer(question, agent)
        assert (reply.state, reply.send_after) == (ReplyState.QUEUED, NOW + dt.timedelta(seconds=10))
        assert (reply.brand_account, reply.visibility) == (question.brand_account, Visibility.PUBLIC)
        case = Case.objects.get(pk=question.case_id)
        assert case.version == 2
        event = CaseEvent.objects.get(case=case, verb=Verb.REPLY_QUEUED)
        assert (event.actor, event.data) == (agent, {"reply": reply.pk, "version": 2})
        assert Custody.objects.get(case=case).accepted_by == agent

    @pytest.mark.parametrize("text", ["We are on it.", "We are on it. ^AB", "  We are on it. ^AB\r\n"])
    def test_the_signature_stands_there_once(self, question, agent, text):
        assert answer(question, agent, text).text == "We are on it. ^AB"

    def test_without_initials_nothing_is_signed(self, question, agent):
        agent.initials = ""
        agent.save()
        assert answer(question, agent).text == "We are on it."

    def test_the_signature_counts(self, question, agent):
        with pytest.raises(Invalid, match="281 long; X takes 280. Shorten it by 1"):
            answer(question, agent, "x" * 277)
        assert answer(question, agent, "x" * 276).text == "x" * 276 + " ^AB"

    def test_a_direct_message_may_be_longer(self, brand, service, agent):
        direct = MessageFactory(
            case=CaseFactory(brand_account=brand, department=service, visibility=Visibility.DIRECT)
        )
        assert answer(direct, agent, "x" * 900).visibility == Visibility.DIRECT

    @pytest.mark.parametrize("text", ["", "  \n", "^AB", "\ufeff", "\u200b\u200d", "\u2800\u3164"])
    def test_an_empty_answer_is_refused(self, question, agent, text):
        with pytest.raises(Invalid, match="Write an answer"):
            answer(question, agent, text)

    def test_what_the_database_cannot_store_is_repaired(self, question, agent):
        assert answer(question, agent, "Sorry\x00 \ud800!").text == "Sorry� �! ^AB"

    def test_the_draft_is_gone_once_queued(self, question, agent):
        drafts.save_draft(question.case_id, agent, "We are", NOW)
        answer(question, agent)
        assert not Draft.objects.exists()

    def test_a_message_of_another_case_is_not_answered_here(self, question, agent, brand, service):
        other = MessageFactory(case=CaseFactory(brand_account=brand, department=service))
        with pytest.raises(Invalid, match="not part of this case"):
            verbs.queue_reply(question.case_id, agent, other.pk, "Hm.", uuid.uuid4(), 1, now=NOW)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"deleted_at": NOW}, "deleted"),
            ({"can_reply": False}, "does not let us answer"),
            ({"direction": "out"}, "Only a customer's message"),
        ],
    )
    def test_a_message_that_cannot_be_answered(self, question, agent, change, words):
        Message.objects.filter(pk=question.pk).update(**change)
        with pytest.raises(Invalid, match=words):
            answer(question, agent, "Let me help.")
        assert draft_of(question, agent) == "Let me help."

    def test_a_public_message_is_not_answered_privately(self, question, agent):
        with pytest.raises(Invalid):
            answer(question, agent, visibility="direct")


class TestWhoMay:
    def test_an_outsider_finds_no_case(self, question, brand):
        outsider = UserFactory(departments=[DepartmentFactory()], publishes=[brand])
        with pytest.raises(Case.DoesNotExist):
            answer(question, outsider)
        assert not Draft.objects.exists()

    def test_without_a_grant_nobody_answers(self, question, agent):
        BrandAccountGrant.objects.filter(user=agent).update(can_publish=False)
        with pytest.raises(NotAllowed, match="answer as @acme"):
            answer(question, agent, "Let me help.")
        assert draft_of(question, agent) == "Let me help."

    @pytest.mark.parametrize("role", [Role.ANALYST, Role.ADMINISTRATOR])
    def test_roles_that_do_not_answer(self, question, brand, service, role):
        with pytest.raises(NotAllowed):
            answer(question, UserFactory(departments=[service], publishes=[brand], role=role))

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"health": Health.REAUTHORISE}, "connect it again"),
            ({"lifecycle": Lifecycle.CLOSED}, "no longer connected"),
        ],
    )
    def test_an_account_that_cannot_send(self, question, agent, change, words):
        BrandAccount.objects.update(**change)
        with pytest.raises(NotAllowed, match=words):
            answer(question, agent, "Let me help.")
        assert draft_of(question, agent) == "Let me help."


class TestConflicts:
    def test_the_customer_wrote_again(self, question, agent):
        MessageFactory(case=question.case, network_time=SOON)
        Case.objects.filter(pk=question.case_id).update(version=2)
        with pytest.raises(Conflict, match="The customer wrote at 10:01"):
            answer(question, agent, "Let me help.", seen=1, now=LATER)
        assert draft_of(question, agent) == "Let me help."
        assert not Reply.objects.exists()

    def test_a_colleague_is_answering(self, question, agent, colleague):
        answer(question, colleague, now=SOON)
        with pytest.raises(Conflict, match="Ben Cole's answer of 10:01 on 18 November is still waiting"):
            answer(question, agent, "Let me help.", seen=2, now=LATER)
        assert draft_of(question, agent) == "Let me help."
        assert Reply.objects.count() == 1

    def test_a_colleague_has_answered_since(self, question, agent, colleague):
        first = answer(question, colleague)
        Reply.objects.filter(pk=first.pk).update(state=ReplyState.SENT, remote_id="1")
        with pytest.raises(Conflict, match="Ben Cole wrote an answer at 10:00"):
            answer(question, agent, seen=1, now=LATER)

    def test_what_a_colleague_took_back_does_not_stand_in_the_way(self, question, agent, colleague):
        verbs.cancel_reply(answer(question, colleague).pk, colleague, now=NOW)
        assert answer(question, agent, seen=1, now=LATER).state == ReplyState.QUEUED

    def test_a_note_does_not_stand_in_the_way(self, question, agent, colleague):
        add_note(question.case_id, colleague, "Regular customer.", now=SOON)
        claim_case(question.case_id, agent, now=SOON)
        assert answer(question, agent, seen=1, now=LATER).state == ReplyState.QUEUED

    def test_a_note_does_not_hide_the_customers_message(self, question, agent, colleague):
        add_note(question.case_id, colleague, "Regular customer.", now=NOW)
        MessageFactory(case=question.case, network_time=SOON)
        Case.objects.filter(pk=question.case_id).update(version=3)
        add_note(question.case_id, colleague, "Wrote again.", now=SOON)
        with pytest.raises(Conflict):
            answer(question, agent, seen=1, now=LATER)

    def test_a_version_from_the_future_is_refused(self, question, agent):
        with pytest.raises(Conflict):
            answer(question, agent, seen=7)

    def test_a_doubled_submit_finds_the_first_answer(self, question, agent):
        composer = uuid.uuid4()
        first = answer(question, agent, composer=composer)
        assert answer(question, agent, composer=composer) == first
        assert Reply.objects.count() == 1
        assert CaseEvent.objects.filter(verb=Verb.REPLY_QUEUED).count() == 1

    def test_another_persons_form_is_not_mine(self, question, agent, colleague):
        composer = uuid.uuid4()
        answer(question, colleague, composer=composer)
        with pytest.raises(Invalid, match="another case"):
            answer(question, agent, composer=composer)


class TestReplyWindow:
    @pytest.fixture(autouse=True)
    def _messenger(self, network, monkeypatch):
        connector = network.connector("x", reply_window=dt.timedelta(hours=24))
        monkeypatch.setitem(registry.CONNECTORS, "x", connector)

    @pytest.fixture
    def direct(self, brand, service):
        return MessageFactory(
            case=CaseFactory(brand_account=brand, department=service, visibility=Visibility.DIRECT)
        )

    def test_within_the_window(self, direct, agent):
        now = NOW + dt.timedelta(hours=23, minutes=59)
        assert answer(direct, agent, now=now).state == ReplyState.QUEUED

    def test_after_the_window(self, direct, agent):
        now = NOW + dt.timedelta(hours=24)
        with pytest.raises(Invalid, match="It ended at 10:00 on 19 November"):
            answer(direct, agent, now=now)
        shown = shown_composer(direct.case, agent, now)
        assert "limited time" in shown.disabled
        assert reply_window_end(direct.case) == now

    def test_within_the_window_its_end_is_said(self, direct, agent):
        assert "until 10:00 on 19 November" in shown_composer(direct.case, agent, NOW).window_note

    def test_after_the_window_the_way_out_is_shown(self, direct, agent):
        direct.permalink = "https://example.org/inbox/7"
        direct.save(update_fields=["permalink"])
        shown = shown_composer(direct.case, agent, NOW + dt.timedelta(hours=63))
        assert shown.elsewhere == "https://example.org/inbox/7"
        assert not shown.window_note

    def test_where_the_network_grants_a_longer_window_it_counts(
        self, direct, agent, settings, network, monkeypatch
    ):
        longer = network.connector(
            "x", reply_window=dt.timedelta(hours=24), late_reply_window=dt.timedelta(days=7), late_reply_permission="A permission"
        )  # fmt: skip
        monkeypatch.setitem(registry.CONNECTORS, "x", longer)
        monday = NOW + dt.timedelta(hours=63)
        assert "A permission would make it 7 days." in shown_composer(direct.case, agent, monday).disabled
        settings.ANSWERS_LATE = {"x": True}
        assert not shown_composer(direct.case, agent, monday).disabled
        with pytest.raises(Invalid, match="It ended at 10:00 on 25 November"):
            answer(direct, agent, now=NOW + dt.timedelta(days=7))
        reply = answer(direct, agent, now=monday)
        assert is_late_answer(reply, monday)
        assert not is_late_answer(reply, NOW + dt.timedelta(hours=23))
        drafts = []
        probe = SimpleNamespace(send_dm=lambda ref, draft, key: drafts.append(draft) or SentMessage("m_1"))
        for at in (monday, NOW + dt.timedelta(hours=23)):
            outbox._post_reply(probe, reply, uuid.uuid4(), lambda at=at: at)
        assert [draft.is_late for draft in drafts] == [True, False]

    def test_public_messages_have_none(self, question, agent):
        assert reply_window_end(question.case) is None
        assert shown_composer(question.case, agent, NOW + dt.timedelta(days=30)).disabled == ""


class TestComposer:
    def test_it_answers_the_newest_message_that_can_be_answered(self, question, agent):
        newer = MessageFactory(case=question.case, network_time=SOON)
        MessageFactory(case=question.case, network_time=LATER, deleted_at=LATER)
        drafts.save_draft(question.case_id, agent, "We are", NOW)
        shown = shown_composer(question.case, agent, LATER)
        assert (shown.parent, shown.disabled, shown.draft) == (newer, "", "We are")
        assert (shown.handle, shown.signature, shown.max_length, shown.unit) == ("@acme", "^AB", 280, "char")
        assert shown.seen_version == question.case.version
        assert shown.composer_id != shown_composer(question.case, agent, LATER).composer_id

    @pytest.mark.parametrize("refreshed", [False, True])
    def test_it_answers_a_message_that_stands_before_all_that_is_shown(self, question, agent, refreshed):
        for _ in range(MESSAGES_PER_PAGE + 1):
            MessageFactory(case=question.case, outbound=True, network_time=LATER)
        thread = read_timeline(question.case, agent, LATER)
        assert question not in thread.messages
        start = thread.start if refreshed else ""
        shown = shown_composer(question.case, agent, LATER, start=start)
        assert (shown.parent, shown.disabled) == (question, "")

    def test_it_says_why_not(self, question, agent, colleague):
        answer(question, colleague, now=NOW)
        assert "Ben Cole's answer" in shown_composer(question.case, agent, NOW).disabled
        BrandAccountGrant.objects.filter(user=agent).delete()
        again = type(agent).objects.get(pk=agent.pk)
        assert "Ask an administrator" in shown_composer(question.case, again, NOW).disabled

    def test_there_may_be_nothing_to_answer(self, case, agent):
        shown = shown_composer(case, agent, NOW)
        assert shown.parent is None
        assert "nothing left to answer" in shown.disabled


class TestTakingBack:
    def test_the_text_goes_back_into_the_draft(self, question, agent):
        reply = answer(question, agent)
        assert verbs.cancel_reply(reply.pk, agent, now=SOON).state == ReplyState.CANCELLED
        assert draft_of(question, agent) == "We are on it. ^AB"
        assert CaseEvent.objects.filter(verb=Verb.REPLY_CANCELLED, actor=agent).count() == 1

    def test_a_newer_draft_is_kept(self, question, agent):
        reply = answer(question, agent)
        drafts.save_draft(question.case_id, agent, "Something better", SOON)
        verbs.cancel_reply(reply.pk, agent, now=SOON)
        assert draft_of(question, agent) == "Something better"

    def test_twice_is_once(self, question, agent):
        reply = answer(question, agent)
        verbs.cancel_reply(reply.pk, agent, now=SOON)
        verbs.cancel_reply(reply.pk, agent, now=LATER)
        assert CaseEvent.objects.filter(verb=Verb.REPLY_CANCELLED).count() == 1

    @pytest.mark.parametrize("state", ["sending", "unconfirmed", "failed"])
    def test_what_has_left_cannot_be_taken_back(self, question, agent, state):
        reply = answer(question, agent)
        Reply.objects.filter(pk=reply.pk).update(state=state)
        with pytest.raises(Conflict, match="Sending has already begun"):
            verbs.cancel_reply(reply.pk, agent, now=SOON)
        assert Reply.objects.get().state == state

    def test_a_colleague_may_not_a_manager_may(self, question, agent, colleague, manager):
        reply = answer(question, agent)
        with pytest.raises(NotAllowed):
            verbs.cancel_reply(reply.pk, colleague, now=SOON)
        verbs.cancel_reply(reply.pk, manager, now=SOON)
        assert draft_of(question, agent) == "We are on it. ^AB"

    def test_an_outsider_finds_no_answer(self, question, agent):
        outsider = UserFactory(role=Role.MANAGER, departments=[DepartmentFactory()])
        with pytest.raises(Reply.DoesNotExist):
            verbs.cancel_reply(answer(question, agent).pk, outsider, now=SOON)

    def test_its_author_may_even_after_the_hand_over(self, question, agent):
        reply = answer(question, agent)
        hand_over_case(question.case_id, agent, DepartmentFactory(), "Not ours", now=SOON)
        assert verbs.cancel_reply(reply.pk, agent, now=SOON).state == ReplyState.CANCELLED


class TestSettling:
    @pytest.fixture
    def doubtful(self, question, agent):
        return ReplyFactory(
            parent=question, author=agent, state=ReplyState.UNCONFIRMED, needs_person=True, sending_since=SOON
        )

    def test_it_is_there_under_the_pasted_address(self, doubtful, manager):
        reply = verbs.settle_reply(
            doubtful.pk, manager, "sent", now=LATER, remote_id="https://x.com/acme/status/1799?s=20"
        )
        assert (reply.state, reply.remote_id, reply.settled_by) == (ReplyState.SENT, "1799", manager)
        message = Message.objects.get(canonical_id="1799")
        assert (message.user, message.direction, message.text) == (doubtful.author, "out", doubtful.text)

    def test_a_customers_message_is_not_our_answer(self, doubtful, question, manager):
        with pytest.raises(Invalid, match="customer's message"):
            verbs.settle_reply(doubtful.pk, manager, "sent", now=LATER, remote_id=question.remote_id)
        assert Reply.objects.get(pk=doubtful.pk).state == ReplyState.UNCONFIRMED

    def test_another_answers_id_is_refused(self, doubtful, manager, brand):
        ReplyFactory(parent=MessageFactory(case=doubtful.case), remote_id="1799", state=ReplyState.SENT)
        with pytest.raises(Invalid, match="another answer"):
            verbs.settle_reply(doubtful.pk, manager, "sent", now=LATER, remote_id="1799")

    def test_without_an_id_it_is_looked_for_again(self, doubtful, manager):
        reply = verbs.settle_reply(doubtful.pk, manager, "sent", now=LATER)
        assert (reply.state, reply.check_after) == (ReplyState.UNCONFIRMED, LATER)

    def test_send_again(self, doubtful, manager):
        reply = verbs.settle_reply(doubtful.pk, manager, "again", now=LATER)
        assert (reply.state, reply.send_after, reply.needs_person) == (ReplyState.QUEUED, LATER, False)

    def test_give_up(self, doubtful, manager):
        reply = verbs.settle_reply(doubtful.pk, manager, "give_up", now=LATER)
        assert reply.state == ReplyState.FAILED
        assert draft_of(doubtful.parent, doubtful.author) == doubtful.text

    def test_only_once(self, doubtful, manager):
        verbs.settle_reply(doubtful.pk, manager, "again", now=LATER)
        with pytest.raises(Conflict, match="already settled: queued"):
            verbs.settle_reply(doubtful.pk, manager, "give_up", now=LATER)

    def test_not_while_it_is_still_being_looked_for(self, doubtful, manager):
        Reply.objects.update(needs_person=False)
        with pytest.raises(Conflict):
            verbs.settle_reply(doubtful.pk, manager, "again", now=LATER)

    def test_an_agent_may_not(self, doubtful, agent):
        with pytest.raises(NotAllowed):
            verbs.settle_reply(doubtful.pk, agent, "again", now=LATER)

    def test_an_outsider_finds_nothing(self, doubtful):
        outsider = UserFactory(role=Role.MANAGER, departments=[DepartmentFactory()])
        with pytest.raises(Reply.DoesNotExist):
            verbs.settle_reply(doubtful.pk, outsider, "again", now=LATER)


class TestDrafts:
    def test_one_each(self, question, agent, colleague):
        drafts.save_draft(question.case_id, agent, "One", NOW)
        drafts.save_draft(question.case_id, agent, "Two", SOON)
        drafts.save_draft(question.case_id, colleague, "Three", SOON)
        assert (draft_of(question, agent), draft_of(question, colleague)) == ("Two", "Three")

    def test_an_empty_one_is_removed(self, question, agent):
        drafts.save_draft(question.case_id, agent, "One", NOW)
        assert drafts.save_draft(question.case_id, agent, " ", NOW) is None
        assert not Draft.objects.exists()

    def test_not_on_a_case_one_cannot_see(self, question):
        with pytest.raises(Case.DoesNotExist):
            drafts.save_draft(question.case_id, UserFactory(), "One", NOW)


def test_the_networks_own_unit_is_measured_without_a_credential():
    assert measure_text("facebook", "Grüße 👍") == 7
