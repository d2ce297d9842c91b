"""Charters: signing, what an account without one may do, reminders, and who reads and signs."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.brand_accounts.charter import (
    charter_state,
    describe_account,
    quarter_end,
    quarter_of,
    why_charter_stops_answers,
)
from accounts.models import BrandAccount, CharterSignature, Lifecycle
from inbox.models import Notice
from inbox.notices.charters import remind_of_charters_and_reviews
from inbox.replies.composer import why_cannot_answer_as
from tests.accounts.conftest import signed_in
from tests.factories import NOW, UserFactory

DAY = dt.timedelta(days=1)
UNSIGNED = {"charter_signed_at": None, "charter_until": None, "answers_until": None}
TEXTS = {
    "purpose": "Help in public",
    "audience": "People who bought a kettle",
    "objective": "Nobody waits a day",
    "persona": "Warm and brief",
    "promised_hours": "4",
}


def change(account, **values):
    BrandAccount.objects.filter(pk=account.pk).update(**values)
    account.refresh_from_db()
    return account


def sign(client, account, **values):
    return client.post(reverse("accounts:charter", args=[account.pk]), {**TEXTS, **values})


class TestState:
    @pytest.mark.parametrize(
        ("until", "answers_until", "key", "may_answer"),
        [
            (None, None, "missing", False),
            (None, 5, "missing", True),
            (None, -1, "missing", False),
            (100, 130, "signed", True),
            (30, 60, "ending", True),
            (0, 30, "expired", True),
            (-29, 1, "expired", True),
            (-30, 0, "expired", False),
        ],
    )
    def test_every_state(self, brand_account, until, answers_until, key, may_answer):
        brand_account.charter_until = until if until is None else NOW + until * DAY
        brand_account.answers_until = answers_until if answers_until is None else NOW + answers_until * DAY
        state = charter_state(brand_account, NOW)
        assert (state.key, state.may_answer) == (key, may_answer)
        assert bool(why_charter_stops_answers(brand_account, NOW)) is not may_answer

    def test_an_end_is_announced_while_one_can_answer(self, brand_account):
        change(brand_account, charter_until=NOW - DAY, answers_until=NOW + 29 * DAY)
        assert "expired on 17 Nov 2026: from 17 Dec 2026 nobody" in describe_account(brand_account, NOW)

    @pytest.mark.parametrize(
        ("day", "later", "end"),
        [
            ((2026, 1, 1), 0, (2026, 3, 31)),
            ((2026, 12, 31), 0, (2026, 12, 31)),
            ((2026, 11, 2), 1, (2027, 3, 31)),
        ],
    )
    def test_quarters(self, day, later, end):
        assert quarter_end(dt.date(*day), later) == dt.date(*end)
        assert quarter_of(dt.date(*day)) == f"{day[0]}-Q{(day[1] + 2) // 3}"


class TestAnswering:
    def test_the_sentence_names_who_may_sign(self, brand_account, cast):
        owner = UserFactory(first_name="Ola", last_name="Brandt")
        change(brand_account, owner=owner, **UNSIGNED)
        writer = UserFactory(departments=[brand_account.owner_department], publishes=[brand_account])
        reason = why_cannot_answer_as(writer, brand_account, NOW)
        assert reason.startswith(
            "@kettle has no signed charter. Nobody can answer in its name until it is signed."
        )
        assert f"Ask Ola Brandt, {cast['manager']} or {cast['administrator']} to sign it." in reason

    def test_a_signed_charter_lets_people_answer(self, brand_account, cast):
        change(brand_account, **UNSIGNED)
        assert sign(signed_in(cast["manager"]), brand_account, owner=cast["manager"].pk).status_code == 302
        brand_account.refresh_from_db()
        writer = UserFactory(departments=[brand_account.owner_department], publishes=[brand_account])
        assert why_cannot_answer_as(writer, brand_account, timezone.now()) == ""
        assert brand_account.answers_until - brand_account.charter_until == 30 * DAY


class TestSigning:
    def test_the_signature_is_kept_as_it_was_given(self, brand_account, cast):
        sign(signed_in(cast["manager"]), brand_account, owner=cast["agent"].pk)
        change(brand_account, purpose="Something else")
        row = CharterSignature.objects.get()
        assert (row.person_name, row.owner_name) == (str(cast["manager"]), str(cast["agent"]))
        assert (row.purpose, row.persona, row.promised_response) == (
            "Help in public", "Warm and brief", dt.timedelta(hours=4)
        )  # fmt: skip
        for refused in (
            CharterSignature.objects.all().delete,
            lambda: CharterSignature.objects.update(purpose="x"),
        ):
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                refused()

    def test_every_part_is_needed(self, brand_account, cast):
        change(brand_account, **UNSIGNED)
        answer = sign(signed_in(cast["manager"]), brand_account, owner=cast["agent"].pk, objective=" ")
        assert "This field is required" in answer.content.decode()
        assert not CharterSignature.objects.exists()

    def test_the_owner_signs_but_gives_it_to_nobody(self, brand_account, cast):
        change(brand_account, owner=cast["agent"], owner_department=None)
        assert sign(signed_in(cast["agent"]), brand_account, owner=cast["manager"].pk).status_code == 302
        brand_account.refresh_from_db()
        assert brand_account.owner == cast["agent"]
        assert sign(signed_in(cast["manager"]), brand_account).status_code == 404

    def test_not_while_it_is_sunset(self, brand_account, cast):
        change(brand_account, lifecycle=Lifecycle.SUNSETTING)
        answer = sign(signed_in(cast["manager"]), brand_account, owner=cast["agent"].pk)
        assert "Stop the sunset first" in answer.content.decode()

    def test_persona_and_roster_stand_beside_it(self, brand_account, cast):
        change(brand_account, persona="Never in capitals")
        page = (
            signed_in(cast["analyst"])
            .get(reverse("accounts:charter", args=[brand_account.pk]))
            .content.decode()
        )
        assert "Never in capitals" in page
        assert "Its roster is empty" in page
        assert "Save and sign" not in page


class TestReminders:
    def texts(self, user):
        return list(Notice.objects.filter(user=user).order_by("pk").values_list("text", flat=True))

    def remind(self, account, now, **values):
        change(account, review_due_on=dt.date(2099, 12, 31), **values)
        return remind_of_charters_and_reviews(now)

    def test_once_for_each_stage(self, brand_account, cast):
        values = {"charter_until": NOW + 20 * DAY, "answers_until": NOW + 50 * DAY}
        stages = [
            self.remind(brand_account, NOW + days * DAY, **values) for days in (0, 1, 21, 22, 44, 51, 52)
        ]
        assert stages == [1, 0, 1, 0, 1, 1, 0]
        ends, expired, last, over = self.texts(cast["manager"])
        assert "ends on 8 Dec 2026" in ends
        assert "expired on 8 Dec 2026: from 7 Jan 2027 nobody can answer" in expired
        assert last == expired
        assert over.startswith("The charter of @kettle expired on 8 Dec 2026. Sign")
        assert self.texts(cast["administrator"]) == self.texts(cast["manager"])
        assert self.texts(cast["agent"]) == []

    def test_an_account_from_before_is_warned_before_anything_stops(self, brand_account, cast):
        self.remind(
            brand_account, NOW, charter_signed_at=None, charter_until=None, answers_until=NOW + 30 * DAY
        )
        assert "has no signed charter: from 18 Dec 2026 nobody can answer" in self.texts(cast["manager"])[0]

    def test_reviews_that_are_due(self, brand_account, cast):
        change(brand_account, review_due_on=dt.date(2026, 12, 31), owner=cast["agent"])
        in_december = dt.datetime(2026, 12, 2, 9, tzinfo=dt.UTC)
        assert [remind_of_charters_and_reviews(at) for at in (NOW, in_december, in_december + DAY)] == [
            0,
            1,
            0,
        ]
        assert self.texts(cast["agent"]) == [
            "The review of @kettle on X is due by 31 Dec 2026: keep, refocus or sunset it."
        ]

    def test_nothing_changes_nothing_is_asked(self, brand_account, cast, django_assert_num_queries):
        self.remind(brand_account, NOW, **UNSIGNED)
        # Accounts, reminders that were sent; the signers are asked for the words of no new one.
        with django_assert_num_queries(2):
            remind_of_charters_and_reviews(NOW)
