"""Drafts of one person on several pages: none replaces another unseen."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import Role
from inbox.live.hub import Audience, Listener, _offer
from inbox.live.publish import DRAFTS_CHANNEL
from inbox.models import Draft
from inbox.visibility import case_scope
from tests.factories import CaseFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("stored", "base", "text", "status", "kept"),
    [
        ("", "", "First", 200, "First"),
        ("First", "First", "First and more", 200, "First and more"),
        ("First\r\nline", "First\nline", "Other", 200, "Other"),
        ("On the phone", "First", "At the desk", 409, "On the phone"),
        ("On the phone", "", "At the desk", 409, "On the phone"),
        ("On the phone", "First", "", 409, "On the phone"),
        ("The same", "First", "The same", 200, "The same"),
        ("On the phone", None, "From a form without a script", 200, "From a form without a script"),
    ],
)
def test_a_text_that_was_not_shown_is_not_replaced(stored, base, text, status, kept):
    billing = DepartmentFactory()
    case, ann = CaseFactory(department=billing), UserFactory(departments=[billing], role=Role.AGENT)
    if stored:
        Draft.objects.create(case=case, user=ann, text=stored, updated_at=case.created_at)

    fields = {"text": text} | ({} if base is None else {"base": base})
    answer = signed_in(ann).post(reverse("inbox:draft", args=[case.pk]), fields)

    assert (answer.status_code, Draft.objects.get().text) == (status, kept)
    assert answer.json().get("text") == (stored if status == 409 else None)


def test_only_ones_own_pages_hear_of_a_draft():
    ann, ben = UserFactory(), UserFactory()
    mine, theirs = (Listener(Audience(case_scope(user), user.pk)) for user in (ann, ben))
    _offer([mine, theirs], DRAFTS_CHANNEL.encode(), [ann.pk, 7, "annspage1"])

    assert mine.pop_events() == b'event: drafts\ndata: {"7":"annspage1"}\n\n'
    assert not theirs.has_news
