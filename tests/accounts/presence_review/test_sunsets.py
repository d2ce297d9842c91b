"""A sunset: one step after another, none past open cases, each taken back, two signatures at the end."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import (
    AuditEntry,
    BrandAccount,
    Credential,
    Lifecycle,
    Stream,
    Sunset,
    SunsetEvent,
    SunsetStep,
)
from accounts.presence_review import sunsets
from accounts.presence_review.sunsets import SunsetRefused
from inbox.models import Case
from inbox.replies.composer import why_cannot_answer_as
from tests.accounts.conftest import signed_in
from tests.factories import NOW, CaseFactory, UserFactory

DAY = dt.timedelta(days=1)
STEP = SunsetStep


@pytest.fixture
def credential(brand_account):
    return Credential.objects.create(brand_account=brand_account, envelope=b"sealed", updated_at=NOW)


@pytest.fixture
def manager(cast):
    return cast["manager"]


def stored(account):
    return BrandAccount.objects.get(pk=account.pk)


def go_to(step, account, by, now=NOW):
    """Begin and complete the steps before `step`."""
    sunset = sunsets.begin_sunset(account, by=by, now=now)
    for before in STEP:
        if before < step:
            sunset = sunsets.complete_step(
                sunset, before, note="Said so", moved_to="@help on X", by=by, now=now
            )
    return sunset


class TestSteps:
    def test_each_works_on_what_there_is(self, brand_account, manager):
        sunset = go_to(STEP.DRAIN, brand_account, manager)
        account = stored(brand_account)
        assert (account.lifecycle, account.moved_to) == (Lifecycle.SUNSETTING, "@help on X")
        writer = UserFactory(publishes=[brand_account])
        assert why_cannot_answer_as(writer, account, NOW) == ""
        for step in (STEP.DRAIN, STEP.LISTEN):
            sunset = sunsets.complete_step(sunset, step, by=manager, now=NOW)
        account = stored(brand_account)
        assert "only listens. Its customers are sent to @help on X." in why_cannot_answer_as(
            writer, account, NOW
        )
        assert Stream.objects.get(brand_account=account).enabled
        sunset = sunsets.complete_step(sunset, STEP.ARCHIVE, by=manager, now=NOW + 31 * DAY)
        assert not Stream.objects.get(brand_account=account).enabled
        assert sunset.step == STEP.REVOKE

    def test_only_the_next_one(self, brand_account, manager):
        sunset = go_to(STEP.REDIRECT, brand_account, manager)
        for step in (STEP.ANNOUNCE, STEP.DRAIN):
            with pytest.raises(SunsetRefused, match="“Redirect” is next"):
                sunsets.complete_step(sunset, step, by=manager, now=NOW)

    @pytest.mark.parametrize("step", [STEP.DRAIN, STEP.LISTEN, STEP.ARCHIVE, STEP.REVOKE])
    def test_none_past_an_open_case(self, brand_account, manager, step):
        sunset = go_to(step, brand_account, manager)
        case = CaseFactory(brand_account=brand_account)
        with pytest.raises(SunsetRefused, match="1 case is still open"):
            if step == STEP.REVOKE:
                sunsets.sign_revocation(sunset, by=manager, now=NOW)
            else:
                sunsets.complete_step(sunset, step, note="now", by=manager, now=NOW)
        Case.objects.filter(pk=case.pk).update(status="resolved", closed_at=NOW)
        if step != STEP.REVOKE:
            assert sunsets.complete_step(sunset, step, note="now", by=manager, now=NOW).step == step + 1

    def test_it_listens_for_thirty_days_or_says_why_not(self, brand_account, manager):
        sunset = go_to(STEP.ARCHIVE, brand_account, manager)
        with pytest.raises(SunsetRefused, match="listens until 18 Dec 2026"):
            sunsets.complete_step(sunset, STEP.ARCHIVE, by=manager, now=NOW + 29 * DAY)
        sunsets.complete_step(sunset, STEP.ARCHIVE, note="The token is dead", by=manager, now=NOW + 29 * DAY)
        assert SunsetEvent.objects.filter(note="The token is dead").exists()


class TestTakingBack:
    def test_every_step_puts_back_what_it_changed(self, brand_account, manager):
        fields = ("lifecycle", "moved_to", "answers_until")
        before = [BrandAccount.objects.values(*fields).get(pk=brand_account.pk), True]
        sunset = go_to(STEP.REVOKE, brand_account, manager)
        for step in (STEP.ARCHIVE, STEP.LISTEN, STEP.DRAIN, STEP.REDIRECT, STEP.ANNOUNCE):
            sunset = sunsets.take_step_back(sunset, step, by=manager, now=NOW)
            assert sunset.step == step
        sunsets.stop_sunset(sunset, by=manager, now=NOW)
        after = [BrandAccount.objects.values(*fields).get(pk=brand_account.pk), Stream.objects.get().enabled]
        assert after == before

    def test_stopping_puts_everything_back_at_once(self, brand_account, manager):
        until = stored(brand_account).answers_until
        Stream.objects.create(brand_account=brand_account, kind="dms", next_poll_at=NOW, enabled=False)
        sunset = go_to(STEP.REVOKE, brand_account, manager)
        sunsets.stop_sunset(sunset, by=manager, now=NOW)
        account = stored(brand_account)
        assert (account.lifecycle, account.moved_to, account.answers_until) == (Lifecycle.ACTIVE, "", until)
        assert dict(Stream.objects.values_list("kind", "enabled")) == {"mentions": True, "dms": False}
        with pytest.raises(SunsetRefused, match="ended already"):
            sunsets.complete_step(sunset, STEP.REVOKE, by=manager, now=NOW)
        assert go_to(STEP.REDIRECT, brand_account, manager).pk != sunset.pk

    def test_no_step_is_skipped_by_taking_the_last_one_back(self, brand_account, manager):
        sunset = sunsets.begin_sunset(brand_account, by=manager, now=NOW)
        with pytest.raises(SunsetRefused, match="can’t be taken back"):
            sunsets.take_step_back(sunset, STEP.REVOKE, by=manager, now=NOW)
        assert Sunset.objects.get().step == STEP.ANNOUNCE


class TestRevoking:
    def test_two_people_sign_and_the_second_is_an_administrator(self, brand_account, cast, credential):
        manager, administrator = cast["manager"], cast["administrator"]
        other = UserFactory(role="manager", departments=[brand_account.owner_department])
        sunset = go_to(STEP.REVOKE, brand_account, manager)
        assert "You signed first" in sunsets.sign_revocation(sunset, by=manager, now=NOW)
        assert Credential.objects.exists()
        for person, words in ((manager, "another person’s"), (other, "an administrator’s")):
            with pytest.raises(SunsetRefused, match=words):
                sunsets.sign_revocation(sunset, by=person, now=NOW)
        assert "is disconnected" in sunsets.sign_revocation(sunset, by=administrator, now=NOW)
        assert not Credential.objects.exists()
        assert stored(brand_account).lifecycle == Lifecycle.CLOSED
        with pytest.raises(SunsetRefused, match="ended already"):
            sunsets.take_step_back(sunset, STEP.ARCHIVE, by=manager, now=NOW)

    def test_a_signature_is_taken_back(self, brand_account, cast, credential):
        sunset = go_to(STEP.REVOKE, brand_account, cast["manager"])
        sunsets.sign_revocation(sunset, by=cast["manager"], now=NOW)
        sunsets.withdraw_signature(sunset, by=cast["manager"], now=NOW)
        assert "You signed first" in sunsets.sign_revocation(sunset, by=cast["administrator"], now=NOW)
        assert Credential.objects.exists()


class TestHistory:
    def test_it_is_kept_and_audited(self, brand_account, manager):
        sunset = go_to(STEP.DRAIN, brand_account, manager)
        sunsets.take_step_back(sunset, STEP.REDIRECT, by=manager, now=NOW)
        acts = list(SunsetEvent.objects.order_by("pk").values_list("act", "step"))
        assert acts == [("begun", 1), ("done", 1), ("done", 2), ("undone", 2)]
        assert AuditEntry.objects.filter(verb__startswith="accounts.sunset").count() == 4
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            SunsetEvent.objects.all().delete()


class TestPage:
    def post(self, client, account, **values):
        return client.post(
            reverse("accounts:sunset", args=[account.pk]), values, follow=True
        ).content.decode()

    def test_from_the_first_step_to_the_last(self, brand_account, cast, credential):
        manager, admin = signed_in(cast["manager"]), signed_in(cast["administrator"])
        assert "has begun" in self.post(manager, brand_account, act="begin")
        assert "This field is required" in self.post(manager, brand_account, act="complete", step="1")
        assert "Announce: completed" in self.post(
            manager, brand_account, act="complete", step="1", note="Pinned"
        )
        assert "Redirect: completed" in self.post(
            manager, brand_account, act="complete", step="2", moved_to="@help on X"
        )
        case = CaseFactory(brand_account=brand_account)
        refused = self.post(manager, brand_account, act="complete", step="3")
        assert f'href="/?brand={brand_account.pk}"' in refused
        Case.objects.filter(pk=case.pk).update(status="resolved", closed_at=timezone.now())
        for step in ("3", "4"):
            self.post(manager, brand_account, act="complete", step=step)
        assert "say why" in self.post(manager, brand_account, act="complete", step="5")
        self.post(manager, brand_account, act="complete", step="5", note="Nobody writes there")
        assert "You signed first" in self.post(manager, brand_account, act="sign")
        assert "Access is revoked" in self.post(admin, brand_account, act="sign")
        assert Sunset.objects.get().ended_at is not None

    def test_it_says_before_each_step_what_it_leaves_alone(self, brand_account, cast):
        page = (
            signed_in(cast["manager"])
            .get(reverse("accounts:sunset", args=[brand_account.pk]))
            .content.decode()
        )
        assert page.count("What it leaves alone:") == len(STEP)
        assert not Sunset.objects.exists()

    def test_unknown_acts_are_not_there(self, brand_account, cast):
        client = signed_in(cast["manager"])
        client.post(reverse("accounts:sunset", args=[brand_account.pk]), {"act": "begin"})
        for values in ({"act": "sing"}, {"act": "complete", "step": "9"}, {"act": "take-back", "step": ""}):
            assert client.post(reverse("accounts:sunset", args=[brand_account.pk]), values).status_code == 404
