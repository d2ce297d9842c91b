"""Two approvers and two workers at once: one answer to each customer, whatever the order."""

from __future__ import annotations

import datetime as dt

import pytest

from accounts.models import Role
from inbox.changes.refusals import Invalid
from inbox.learning_items import rounds
from inbox.learning_items.releasing import release_due_answers
from inbox.models import LearningEvent, LearningVerb, PlannedAnswer, Reply
from tests.factories import NOW, UserFactory
from tests.inbox.learning_items.cast import link_case, shipped_item
from tests.inbox.replies.test_races import at_once
from tests.inbox.reply_fixtures import *  # noqa: F403

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_two_of_everything_at_once_tell_each_customer_once(agent, manager, brand, service):
    item = shipped_item(service)
    for _ in range(6):
        link_case(item, agent, brand, service)
    other = UserFactory(role=Role.MANAGER, departments=[service])

    def prepare():
        return rounds.prepare_round(item.pk, agent, "Hello {name}: {what changed}", per_hour=600, now=NOW)

    made = at_once(prepare, prepare)
    (pk,) = {each.pk for each in made}
    approvals = at_once(
        *(lambda by=by: rounds.approve_round(item.pk, by, pk, now=NOW) for by in (manager, other, manager))
    )
    assert sorted(each for each in approvals if isinstance(each, int)) == [6]
    assert all(isinstance(each, int | Invalid) for each in approvals)
    later = NOW + dt.timedelta(hours=1)
    at_once(*[lambda: release_due_answers(later)] * 3)
    release_due_answers(later)
    assert Reply.objects.count() == 6
    assert len(set(Reply.objects.values_list("case__customer", flat=True))) == 6
    assert set(PlannedAnswer.objects.values_list("state", flat=True)) == {"queued"}
    assert LearningEvent.objects.filter(item=item, verb=LearningVerb.TOLD).count() == 1
