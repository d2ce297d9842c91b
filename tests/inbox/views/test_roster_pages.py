"""The roster's pages, and what arriving messages keep of it."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
import time_machine
from django.urls import reverse

from accounts.models import BrandAccount, BrandAccountGrant, Leave, Role, Shift
from inbox.ingest.page import store_messages
from inbox.models import Message
from networks.base import Author
from tests.factories import (
    NOW,
    BrandAccountFactory,
    CaseFactory,
    DepartmentFactory,
    MessageFactory,
    UserFactory,
)
from tests.inbox.fake_connector import message
from tests.inbox.leased_streams import Feed
from tests.inbox.page_requests import count_statements, signed_in
from tests.markup import squeezed

pytestmark = pytest.mark.django_db
#: The Wednesday of NOW, and its Monday.
TODAY = NOW.date()
MONDAY = TODAY - dt.timedelta(days=2)
WEEK = "2026-W47"


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def marketing():
    return DepartmentFactory(name="Marketing")


@pytest.fixture
def brand(marketing):
    return BrandAccountFactory(handle="kettle", owner_department=marketing)


@pytest.fixture
def ada(marketing):
    return UserFactory(first_name="Ada", last_name="Holm", departments=[marketing])


@pytest.fixture
def bo(marketing):
    return UserFactory(first_name="Bo", last_name="Ek", departments=[marketing])


@pytest.fixture
def manager(marketing):
    return UserFactory(role=Role.MANAGER, departments=[marketing])


@pytest.fixture
def client(manager):
    return signed_in(manager)


def shift(brand, primary, starts=8, ends=16, **about):
    if "date" not in about:
        about.setdefault("weekday", TODAY.weekday())
    return Shift.objects.create(
        brand_account=brand, primary=primary, starts_at=dt.time(starts), ends_at=dt.time(ends % 24), **about
    )


def on_leave(user, first=0, last=0):
    """Leave from so many days from today until so many."""
    day = dt.timedelta(days=1)
    return Leave.objects.create(user=user, starts_on=TODAY + first * day, ends_on=TODAY + last * day)


def form(who, /, **changes):
    return {
        "weekdays": ["0", "1"], "starts_at": "08:00", "ends_at": "16:00", "primary": who.pk, "week": WEEK,
    } | changes  # fmt: skip


def page_of(client, brand, week=WEEK):
    return client.get(reverse("accounts:roster_week", args=[brand.pk]), {"week": week}).content.decode()


def add(client, brand, *given, **changes):
    return client.post(reverse("accounts:shift_add", args=[brand.pk]), form(*given, **changes), follow=True)


class TestArrivingMessages:
    def test_each_keeps_who_was_on_point_whatever_the_roster_says_later(self, feed: Feed, ada, bo):
        kept = shift(feed.brand_account, ada, backup=bo)
        feed.store(message("1"), message("2", by="2002"))
        assert set(Message.objects.values_list("on_point", "on_point_backup")) == {(ada.pk, bo.pk)}
        kept.primary, kept.backup = bo, None
        kept.save()
        feed.store(message("3", by="3003"))
        assert list(Message.objects.order_by("pk").values_list("on_point", "on_point_backup")) == [
            (ada.pk, bo.pk), (ada.pk, bo.pk), (bo.pk, None),
        ]  # fmt: skip

    def test_in_the_zone_of_the_brand_account_and_past_midnight(self, feed: Feed, ada):
        BrandAccount.objects.update(time_zone="Asia/Tokyo")
        shift(feed.brand_account, ada, 18, 20, weekday=TODAY.weekday())
        feed.store(message("1"))
        assert Message.objects.get().on_point == ada, "10:00 UTC is 19:00 there"
        Shift.objects.update(weekday=TODAY.weekday() - 1, starts_at=dt.time(22), ends_at=dt.time(19, 30))
        feed.store(message("2"))
        assert Message.objects.get(remote_id="2").on_point == ada

    def test_our_own_words_keep_nobody(self, feed: Feed, ada, bo):
        shift(feed.brand_account, ada, backup=bo)
        us = Author("9000", handle="brand", is_self=True)
        feed.store(message("1"), message("2", author=us, parent_id="1", thread_id="1"))
        ours = Message.objects.get(remote_id="2")
        assert (ours.direction, ours.on_point, ours.on_point_backup) == ("out", None, None)

    def test_history_keeps_nobody(self, feed: Feed, ada):
        shift(feed.brand_account, ada)
        BrandAccount.objects.update(connected_at=NOW)
        feed.store(message("1"))
        assert Message.objects.get().on_point is None

    def test_who_cannot_sign_in_any_more_is_nobody(self, feed: Feed, ada, bo):
        shift(feed.brand_account, ada, backup=bo)
        ada.is_active = False
        ada.save()
        feed.store(message("1"))
        assert (Message.objects.get().on_point, Message.objects.get().on_point_backup) == (bo, None)

    def test_who_is_on_leave_is_nobody(self, feed: Feed, ada, bo):
        shift(feed.brand_account, ada, backup=bo)
        on_leave(ada, first=-3, last=-1)
        on_leave(bo, first=1, last=3)
        feed.store(message("1"))
        on_leave(ada)
        feed.store(message("2"))
        on_leave(bo)
        feed.store(message("3"))
        assert list(Message.objects.order_by("pk").values_list("on_point", "on_point_backup")) == [
            (ada.pk, bo.pk), (bo.pk, None), (None, None),
        ]  # fmt: skip

    def test_also_when_they_did_not_come_by_polling(self, feed: Feed, ada):
        shift(feed.brand_account, ada)
        store_messages(feed.stream, [message("1")], NOW)
        assert Message.objects.get().on_point == ada

    def test_a_roster_costs_no_statement(self, feed: Feed, ada, django_assert_num_queries):
        feed.store(message("0"))
        for number in range(14):
            shift(feed.brand_account, ada, number, number + 1)
        with django_assert_num_queries(9):
            feed.store(*[message(str(n), by=str(n)) for n in range(1, 30)])


class TestTheWeek:
    def test_it_shows_people_gaps_and_coverage(self, client, brand, ada, bo):
        brand.promised_hours = [[2, 8 * 60, 18 * 60]]
        brand.save()
        shift(brand, ada, backup=bo)
        page = page_of(client, brand)
        assert "08:00–16:00: Ada Holm, backup Bo Ek" in page
        assert "80%" in page
        assert "8 of 10 promised hours" in page
        assert "Wed 18 16:00–18:00" in page
        assert "08:00–16:00: Ada Holm, backup Bo Ek" in page_of(client, brand, "2026-W48")

    def test_an_odd_week_shows_this_one(self, client, brand):
        for week in ("", "x", "2026-W99", "0001-W01", "99999-W01"):
            assert "16 Nov – 22 Nov 2026" in page_of(client, brand, week)

    def test_everybody_reads_it_and_few_change_it(self, brand, ada, marketing):
        shift(brand, ada)
        outsider = UserFactory(role=Role.MANAGER, departments=[DepartmentFactory()])
        juno = UserFactory(role=Role.COMMUNITY)
        for user in (outsider, juno, ada, UserFactory(role=Role.ANALYST)):
            assert "Add shifts" not in page_of(signed_in(user), brand)
            assert (
                signed_in(user).post(reverse("accounts:shift_add", args=[brand.pk]), form(ada)).status_code
                == 404
            )
            kept = Shift.objects.get()
            for name in ("shift_edit", "shift_remove"):
                assert signed_in(user).post(reverse(f"accounts:{name}", args=[kept.pk])).status_code == 404
            for name in ("roster_copy", "roster_swap", "roster_hours"):
                assert signed_in(user).post(reverse(f"accounts:{name}", args=[brand.pk])).status_code == 404
        BrandAccountGrant.objects.create(user=juno, brand_account=brand)
        assert "Add shifts" in page_of(signed_in(juno), brand)
        assert "Add shifts" in page_of(signed_in(UserFactory(role=Role.ADMINISTRATOR)), brand)

    def test_conflicts_are_named(self, client, brand, ada, bo):
        shift(brand, ada)
        other = BrandAccountFactory(handle="fern")
        shift(other, ada, 12, 20)
        Leave.objects.create(user=ada, starts_on=TODAY, ends_on=TODAY)
        page = page_of(client, brand)
        assert "Ada Holm is on leave: Wed 18 08:00–16:00." in page
        assert "Wed 18 08:00–16:00: who is named is on leave" in page
        assert (
            "Ada Holm is also on point for @fern on X: 4 h at the same time, from Wed 18 12:00–16:00." in page
        )

    def test_accounts_of_one_department_may_be_covered_together(self, client, brand, ada, marketing):
        shift(brand, ada)
        shift(BrandAccountFactory(handle="fern", owner_department=marketing), ada, 12, 20)
        page = page_of(client, brand)
        assert "Ada Holm also covers @fern on X at these hours." in page
        assert "Conflicts" not in page

    def test_a_backup_on_leave_is_flagged_where_they_stand(self, client, brand, ada, bo):
        shift(brand, ada, backup=bo)
        Leave.objects.create(user=bo, starts_on=TODAY, ends_on=TODAY)
        page = page_of(client, brand)
        assert '<span aria-hidden="true">⚠</span> Bo Ek (backup) is on leave</small>' in page
        assert "Bo Ek (backup) is on leave: Wed 18 08:00–16:00." in page
        assert "who is named is on leave" not in page
        Leave.objects.create(user=ada, starts_on=TODAY, ends_on=TODAY)
        assert "Wed 18 08:00–16:00: who is named is on leave" in page_of(client, brand)
        assert "on leave:" not in page_of(client, brand, "2026-W48")

    def test_gaps_come_as_they_happen(self, client, brand, ada):
        brand.promised_hours = [[2, 480, 960], [4, 480, 960]]
        brand.save()
        shift(brand, ada)
        Leave.objects.create(user=ada, starts_on=TODAY, ends_on=TODAY)
        page = page_of(client, brand)
        assert page.index("Wed 18 08:00–16:00: who is named is on leave") < page.index(
            "<li>Fri 20 08:00–16:00</li>"
        )

    def test_leave_is_flagged_on_its_days_of_a_shift_past_midnight(self, client, brand, ada):
        shift(brand, ada, 20, 6)
        Leave.objects.create(
            user=ada, starts_on=TODAY + dt.timedelta(days=1), ends_on=TODAY + dt.timedelta(days=9)
        )
        page = page_of(client, brand)
        assert "Ada Holm is on leave: Thu 19 00:00–06:00." in page
        assert "Ada Holm is on leave: Wed" not in page

    def test_who_cannot_sign_in_any_more_is_flagged(self, client, brand, ada, bo):
        shift(brand, ada, backup=bo)
        shift(brand, ada, 18, 20)
        type(ada).objects.filter(pk=ada.pk).update(is_active=False)
        page = page_of(client, brand)
        assert "Ada Holm cannot sign in: Wed 18 08:00–16:00." in page
        assert 'title="08:00–16:00: Bo Ek, no backup; Ada Holm cannot sign in"' in page
        assert (
            'title="18:00–20:00: nobody is on point, though it is promised; Ada Holm cannot sign in"' in page
        )
        assert "<li>Wed 18 16:00–" in page

    def test_the_list_says_who_is_on_point_now(self, client, brand, ada, bo):
        shift(brand, ada, backup=bo)
        BrandAccountFactory(handle="fern")
        page = client.get(reverse("accounts:roster")).content.decode()
        assert "<b>Ada Holm</b>" in page
        assert page.count(">Nobody<") == 1
        accounts = squeezed(client.get(reverse("accounts:brand_accounts")))
        assert 'Ada Holm <span class="sub">backup Bo Ek</span>' in accounts

    def test_the_lists_name_nobody_who_is_on_leave_now(self, client, brand, ada, bo):
        shift(brand, ada, backup=bo)
        on_leave(ada, first=-1)
        on_leave(bo, first=1, last=5)
        page, accounts = (
            squeezed(client.get(reverse(f"accounts:{name}"))) for name in ("roster", "brand_accounts")
        )
        assert '<b>Bo Ek</b> <span class="sub">Ada Holm is on leave</span>' in page
        assert 'data-label="Backup">–<' in page
        assert '<dd>Bo Ek <span class="sub">Ada Holm is on leave</span>' in accounts
        on_leave(bo)
        page, accounts = (
            squeezed(client.get(reverse(f"accounts:{name}"))) for name in ("roster", "brand_accounts")
        )
        said = '<span class="sub">Ada Holm and Bo Ek are on leave</span>'
        assert f'<span class="chip late">Nobody</span> {said}' in page
        assert f"<dd>nobody {said}" in accounts

    def test_the_list_counts_the_hours_that_leave_empties(self, client, brand, ada, bo):
        brand.promised_hours = [[TODAY.weekday(), 480, 1080]]
        brand.save()
        shift(brand, ada, backup=bo)

        def hours():
            page = squeezed(client.get(reverse("accounts:roster")))
            return page.partition('data-label="Uncovered hours">')[2].partition("</span>")[0]

        assert hours() == '<span class="chip risk">2 h'
        for away in (TODAY - dt.timedelta(days=9), TODAY + dt.timedelta(days=9)):
            Leave.objects.create(user=bo, starts_on=away, ends_on=away)
        Leave.objects.create(user=ada, starts_on=TODAY, ends_on=TODAY)
        assert hours() == '<span class="chip risk">2 h'  # the backup is there
        Leave.objects.create(user=bo, starts_on=MONDAY, ends_on=TODAY)
        assert hours() == '<span class="chip risk">10 h'

    def test_the_lists_cost_the_same_for_many(self, client, brand, ada):
        shift(brand, ada)
        few = [count_statements(client, reverse(f"accounts:{name}")) for name in ("roster", "brand_accounts")]
        for _ in range(5):
            shift(BrandAccountFactory(), ada)
        assert few == [
            count_statements(client, reverse(f"accounts:{name}")) for name in ("roster", "brand_accounts")
        ]


class TestEditing:
    def test_shifts_are_added_on_several_days_at_once(self, client, brand, ada, bo):
        page = add(client, brand, ada, backup=bo.pk, valid_from="2026-11-01").content.decode()
        assert "The roster is saved." in page
        assert list(Shift.objects.values_list("weekday", "primary", "backup")) == [
            (0, ada.pk, bo.pk), (1, ada.pk, bo.pk),
        ]  # fmt: skip

    def test_a_new_weekly_shift_begins_today_where_the_brand_account_is(self, client, brand, ada):
        """`NOW` is still Wednesday in Berlin, but Thursday far in the east by half past ten at night."""
        add(client, brand, ada)
        assert set(Shift.objects.values_list("valid_from", flat=True)) == {TODAY}
        Shift.objects.all().delete()
        BrandAccount.objects.update(time_zone="Pacific/Kiritimati")
        with time_machine.travel(NOW.replace(hour=22, minute=30), tick=False):
            add(client, brand, ada)
        assert set(Shift.objects.values_list("valid_from", flat=True)) == {TODAY + dt.timedelta(days=1)}

    def test_a_new_weekly_shift_leaves_last_weeks_coverage_as_it_was(self, client, brand, ada):
        brand.promised_hours = [[0, 8 * 60, 16 * 60]]
        brand.save()
        before = page_of(client, brand, "2026-W46")
        assert "0 of 8 promised hours" in before
        add(client, brand, ada, weekdays=["0"])
        assert "0 of 8 promised hours" in page_of(client, brand, "2026-W46")
        assert "8 of 8 promised hours" in page_of(client, brand, "2026-W48")

    def test_a_shift_of_the_past_needs_its_first_day(self, client, brand, ada):
        assert "give its first day, too" in add(client, brand, ada, valid_until="2026-11-10").content.decode()
        assert not Shift.objects.exists()
        add(client, brand, ada, valid_from="2026-11-01", valid_until="2026-11-10")
        assert Shift.objects.count() == 2

    def test_a_shift_on_a_date_and_a_changed_one_get_no_first_day(self, client, brand, ada, bo):
        add(client, brand, ada, weekdays=[], date="2026-11-18")
        old = shift(brand, ada, weekday=4)
        client.post(reverse("accounts:shift_edit", args=[old.pk]), form(bo, weekdays=["4"]))
        assert list(Shift.objects.values_list("valid_from", flat=True)) == [None, None]
        old.refresh_from_db()
        assert old.primary == bo

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"weekdays": []}, "Choose days of the week, or one date."),
            ({"date": "2026-11-18"}, "Choose days of the week, or one date."),
            ({"starts_at": "08:10"}, "Use quarter hours, for example 9:00 or 9:15."),
            ({"starts_at": "soon"}, "Enter a valid time."),
            ({"primary": ""}, "Choose who is on point."),
            ({"primary": "987654"}, "not one of the available choices"),
            ({"weekdays": ["7"]}, "not one of the available choices"),
            ({"valid_from": "2026-11-18", "valid_until": "2026-11-17"}, "before the first"),
            ({"weekdays": [], "date": "2026-11-18", "valid_from": "2026-11-18"}, "needs no validity"),
        ],
    )
    def test_what_makes_no_sense_is_refused_with_the_reason(self, client, brand, ada, changes, says):
        page = add(client, brand, ada, **changes).content.decode()
        assert says in page
        assert not Shift.objects.exists()

    def test_a_backup_is_somebody_else(self, client, brand, ada):
        assert "has to be somebody else" in add(client, brand, ada, backup=ada.pk).content.decode()

    def test_a_stranger_cannot_be_on_point(self, client, brand):
        assert "available choices" in add(client, brand, UserFactory()).content.decode()

    def test_overlaps_are_named_and_nothing_is_saved(self, client, brand, ada, bo):
        shift(brand, ada, weekday=1)
        page = add(client, brand, bo, starts_at="15:00", ends_at="20:00").content.decode()
        assert "Tuesday 15:00–20:00 overlaps with Tuesday 08:00–16:00, Ada Holm. Nothing was saved." in page
        assert Shift.objects.count() == 1

    def test_a_date_without_anybody_makes_a_gap(self, client, brand, ada):
        shift(brand, ada)
        add(client, brand, ada, weekdays=[], date=f"{TODAY}", starts_at="10:00", ends_at="12:00", primary="")
        assert "Wed 18 10:00–12:00" in page_of(client, brand)

    def test_one_is_changed_and_taken_away(self, client, brand, ada, bo):
        kept = shift(brand, ada)
        address = reverse("accounts:shift_edit", args=[kept.pk])
        assert "08:00" in client.get(address).content.decode()
        client.post(address, form(bo, weekdays=["3"]))
        kept.refresh_from_db()
        assert (kept.weekday, kept.primary) == (3, bo)
        assert "has one day" in client.post(address, form(bo, weekdays=["3", "4"])).content.decode()
        client.post(reverse("accounts:shift_remove", args=[kept.pk]), {"week": WEEK})
        assert not Shift.objects.exists()

    def test_a_removed_shift_is_put_back_by_one_click_unless_its_time_is_taken(self, client, brand, ada, bo):
        removed = shift(brand, ada)
        post = {"week": WEEK}
        page = client.post(
            reverse("accounts:shift_remove", args=[removed.pk]), post, follow=True
        ).content.decode()
        undo = html.unescape(re.search(r'class="undo" method="post" action="([^"]+)"', page)[1])
        other = BrandAccountFactory()
        client.force_login(UserFactory(role=Role.ADMINISTRATOR))
        elsewhere = undo.replace(f"/{brand.pk}/", f"/{other.pk}/")
        assert "belongs to another" in client.post(elsewhere, follow=True).content.decode()
        taken = shift(brand, bo)
        assert "overlaps with" in client.post(undo, follow=True).content.decode()
        taken.delete()
        for _ in range(2):
            page = client.post(undo, follow=True).content.decode()
            assert f"{removed} is back." in page
        back = Shift.objects.get()
        assert (back.pk, back.primary, back.starts_at) == (removed.pk, ada, removed.starts_at)
        assert "too late" in client.post(undo + "x", follow=True).content.decode()

    def test_last_week_is_copied_without_overwriting(self, client, brand, ada, bo):
        for day in (0, 1):
            shift(brand, ada, date=MONDAY - dt.timedelta(days=7 - day))
        shift(brand, bo, 10, 12, date=MONDAY)
        address = reverse("accounts:roster_copy", args=[brand.pk])
        page = client.post(address, {"week": WEEK}, follow=True).content.decode()
        assert "1 shift copied, 1 left out" in page
        assert list(Shift.objects.filter(date__gte=MONDAY).values_list("date", "primary")) == [
            (MONDAY, bo.pk), (MONDAY + dt.timedelta(days=1), ada.pk),
        ]  # fmt: skip
        page = client.post(address, {"week": "2026-W50"}, follow=True).content.decode()
        assert "Nothing to copy: last week had only the weekly shifts." in page

    def test_two_people_swap_for_one_time(self, client, brand, ada, bo):
        one, other = shift(brand, ada, weekday=0), shift(brand, bo, weekday=1)
        days = [MONDAY, MONDAY + dt.timedelta(days=1)]
        data = {"first": f"{one.pk}:{days[0]}", "second": f"{other.pk}:{days[1]}", "week": WEEK}
        address = reverse("accounts:roster_swap", args=[brand.pk])
        assert "Swapped, for these days only." in client.post(address, data, follow=True).content.decode()
        dated = Shift.objects.filter(date__isnull=False)
        assert list(dated.values_list("date", "primary")) == [(days[0], bo.pk), (days[1], ada.pk)]
        assert Shift.objects.filter(weekday__isnull=False).count() == 2
        again = client.post(address, {**data, "second": data["first"]}).content.decode()
        assert "two shifts of different people" in again or "available choices" in again
        assert "available choices" in client.post(address, {**data, "first": "1:2026-01-01"}).content.decode()

    def test_promised_hours_are_written_as_people_write_them(self, client, brand):
        address = reverse("accounts:roster_hours", args=[brand.pk])
        hours = {"time_zone": "Europe/Berlin", "day-0": "08:00-12:00, 13.00 – 18.00", "day-4": "22:00-06:00"}
        client.post(address, hours)
        brand.refresh_from_db()
        assert (brand.time_zone, brand.promised_hours) == (
            "Europe/Berlin", [[0, 480, 720], [0, 780, 1080], [4, 1320, 1800]],
        )  # fmt: skip
        for wrong, says in (
            ("morning", "is not a time span"), ("08:05-09:00", "quarter hours"), ("25:00-26:00", "not a time of day"),
            ("08:00-12:00, 11:00-13:00", "overlap"), ("8-4", "can be read in two ways: write 8:00–16:00"),
            ("0:00-23:59", "Midnight is 24:00."),
        ):  # fmt: skip
            assert says in client.post(address, {**hours, "day-0": wrong}).content.decode()
        assert "available choices" in client.post(address, {"time_zone": "Mars/Base"}).content.decode()


class TestTheCase:
    def test_it_says_who_is_and_who_was_on_point(self, marketing, brand, ada, bo):
        shift(brand, bo)
        case = CaseFactory(department=marketing, brand_account=brand)
        MessageFactory(case=case, on_point=ada)
        page = signed_in(ada).get(f"/cases/{case.pk}/").content.decode()
        card = page.split("<h3>On point</h3>")[1].split("</section>")[0]
        assert "<b>Bo Ek</b>" in card
        assert "Ada Holm" in card

    def test_nobody_leads_to_the_roster(self, marketing, brand, ada):
        case = CaseFactory(department=marketing, brand_account=brand)
        page = signed_in(ada).get(f"/cases/{case.pk}/").content.decode()
        assert f'<a href="/roster/{brand.pk}/">nobody</a>' in page

    def test_it_names_nobody_who_is_on_leave_now(self, marketing, brand, ada, bo):
        shift(brand, ada, backup=bo)
        case = CaseFactory(department=marketing, brand_account=brand)
        reader = signed_in(UserFactory(role=Role.MANAGER, departments=[marketing]))

        def card():
            page = squeezed(reader.get(f"/cases/{case.pk}/"))
            return page.split("<h3>On point</h3>")[1].split("</section>")[0]

        assert "<b>Ada Holm</b>, then Bo Ek</dd>" in card()
        on_leave(ada)
        assert '<b>Bo Ek</b> <span class="soft-text">(Ada Holm is on leave)</span></dd>' in card()
        on_leave(bo)
        assert ">nobody</a></span> " in card()
        assert "(Ada Holm and Bo Ek are on leave)" in card()
        with time_machine.travel(NOW + dt.timedelta(days=7), tick=False):
            assert "<b>Ada Holm</b>, then Bo Ek</dd>" in card()
