"""The pages of policies and calendars: who may do what, what is kept, what is said."""

from __future__ import annotations

import datetime as dt
import html
import re
import uuid

import pytest
import time_machine
from django.urls import reverse

from accounts.models import Role
from routing.departments import objection_to_closing
from routing.models import Calendar, CalendarVersion, Rule, SLAPolicy, SLAVersion
from routing.refusals import EditNotPermitted
from routing.service_levels import versions
from routing.service_levels.editing import (
    delete_calendar,
    delete_policy,
    install_starter_service_levels,
    move_policy,
    save_calendar,
    save_policy,
    switch_policy,
)
from routing.service_levels.policies import FIRST_STEP
from tests.factories import NOW, DepartmentFactory, UserFactory
from tests.inbox.page_requests import signed_in
from tests.inbox.service_levels import OFFICE, policy

pytestmark = pytest.mark.django_db

WEEK = {f"day{number}": "9:00–17:00" for number in range(5)}
CALENDAR = {"name": "Care", "time_zone": "Europe/Berlin", "country": "DE", "subdivision": "be", **WEEK}


@pytest.fixture(autouse=True)
def _no_memory_between_tests():
    versions.clear_service_levels_cache()
    yield
    versions.clear_service_levels_cache()


@pytest.fixture
def boss():
    return UserFactory(role=Role.ADMINISTRATOR, first_name="Maria", last_name="Berg")


@pytest.fixture
def client(boss):
    return signed_in(boss)


@pytest.fixture
def care():
    return DepartmentFactory(slug="care", name="Care")


@pytest.fixture
def narrow(care):
    """A manager of one department."""
    return signed_in(UserFactory(role=Role.MANAGER, departments=[care]))


def ask(client, name, data=None, *args, **headers):
    address = reverse(f"sla:{name}", args=args)
    with time_machine.travel(NOW, tick=False):
        return client.get(address, **headers) if data is None else client.post(address, data, **headers)


def text_of(response):
    return html.unescape(response.content.decode())


def policy_data(**more):
    calendar = Calendar.objects.first() or Calendar.objects.create(name="Hours")
    return {"name": "All", "calendar": calendar.pk, "first_response_minutes": "1 h", "enabled": "on", **more}


@pytest.mark.slow
def test_who_may(client):
    made = policy()
    calendar = made.calendar
    reading = {"policy_list": (), "policy_try": (), "progress": (), "calendar_list": ()}
    editing = {
        "policy_new": (), "policy_edit": (made.key,), "policy_delete": (made.key,), "calendar_new": (),
        "calendar_edit": (calendar.pk,), "calendar_delete": (calendar.pk,),
    }  # fmt: skip
    verbs = {"starter": (), "policy_switch": (made.key,), "policy_move": (made.key,)}
    for role in Role.values:
        someone = signed_in(UserFactory(role=role))
        edits = role == Role.ADMINISTRATOR
        for name, args in reading.items():
            assert ask(someone, name, None, *args).status_code in (200, 302), (role, name)
        for name, args in editing.items():
            assert ask(someone, name, None, *args).status_code == (200 if edits else 404), (role, name)
            if not edits:
                assert ask(someone, name, {}, *args).status_code == 404, (role, name)
        for name, args in verbs.items():
            assert ask(someone, name, {}, *args).status_code == (302 if edits else 404), (role, name)
            assert ask(someone, name, None, *args).status_code == 405
    assert "New policy" not in text_of(ask(signed_in(UserFactory()), "policy_list"))


class TestCalendars:
    def test_a_calendar_is_made(self, client, boss):
        assert (
            ask(
                client, "calendar_new", CALENDAR | {"day5": "10-14", "special": "2026-12-25: 10:00-12:00"}
            ).status_code
            == 302
        )
        version = CalendarVersion.objects.get()
        assert version.content == {
            "time_zone": "Europe/Berlin", "country": "DE", "subdivision": "BE", "closed": [],
            "week": [*[[[540, 1020]]] * 5, [[600, 840]], []], "special": {"2026-12-25": [[600, 720]]},
        }  # fmt: skip
        assert (version.number, version.in_force_from, version.created_by) == (1, None, boss)
        assert SLAVersion.objects.get().number == 1

    def test_other_hours_make_a_version_from_now_on(self, client):
        ask(client, "calendar_new", CALENDAR)
        calendar = Calendar.objects.get()
        form = text_of(ask(client, "calendar_edit", None, calendar.pk))
        assert 'value="9:00–17:00"' in form
        ask(client, "calendar_edit", CALENDAR | {"day0": "", "seen": "1"}, calendar.pk)
        newest = CalendarVersion.objects.get(number=2)
        assert newest.in_force_from == NOW
        assert newest.content["week"][0] == []

    def test_hours_can_begin_on_a_later_day_at_local_midnight(self, client):
        ask(client, "calendar_new", CALENDAR)
        calendar = Calendar.objects.get()
        ask(client, "calendar_edit", CALENDAR | {"day0": "", "in_force_from": "2027-01-01"}, calendar.pk)
        newest = CalendarVersion.objects.get(number=2)
        assert newest.in_force_from == dt.datetime(2026, 12, 31, 23, tzinfo=dt.UTC)
        assert "New hours from 1 Jan 2027" in text_of(ask(client, "calendar_list"))
        for never in ("soon", "0001-01-01", "9999-12-31"):
            refused = ask(client, "calendar_edit", CALENDAR | {"in_force_from": never}, calendar.pk)
            assert (refused.status_code, CalendarVersion.objects.count()) == (422, 2), never

    def test_the_same_hours_make_no_version(self, client):
        ask(client, "calendar_new", CALENDAR)
        ask(client, "calendar_edit", CALENDAR | {"name": "Renamed"}, Calendar.objects.get().pk)
        assert CalendarVersion.objects.count() == 1
        assert Calendar.objects.get().name == "Renamed"

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"day0": "9:00–25:00"}, "“25:00” is not a time of day"),
            ({"day0": "22:00–10:00"}, "goes on into Tuesday, which opens at 9:00 already"),
            ({"time_zone": "Mars/Olympus"}, "There is no time zone “Mars/Olympus”."),
            ({"time_zone": "lisbon"}, "There is no time zone “lisbon”. Do you mean Europe/Lisbon?"),
            ({"day0": "8-4"}, "“8-4” can be read in two ways: write 8:00–16:00, or 08:00–04:00"),
            ({"special": "2026-12-24 9-12, 2-4"}, "“2-4” can be read in two ways: write 14:00–16:00"),
            ({"time_zone": "Mars/Olympus", "name": ""}, "There is no time zone “Mars/Olympus”."),
            ({"subdivision": "ZZ"}, "DE has no subdivision “ZZ”"),
            ({"country": ""}, "A subdivision needs its country."),
            ({"closed": "Christmas"}, "“Christmas” is not a date: write it as 2026-12-24."),
            ({"special": "2026-12-24 9-12\n2026-12-24 9-13"}, "2026-12-24 is there twice."),
            ({"special": "2026-12-24 nine"}, "“nine” is not a time span"),
            ({"closed": "2026-12-24", "special": "2026-12-24 9-12"}, "both closed and open"),
            ({"name": ""}, "Give it a name"),
            ({"name": "a\x00b"}, "cannot be stored"),
        ],
    )
    def test_what_is_wrong_is_named_and_what_was_typed_is_kept(self, client, change, words):
        response = ask(client, "calendar_new", CALENDAR | {"day4": "8:15–9:45"} | change)
        assert response.status_code == 422
        page = text_of(response)
        assert words in page.replace("Null characters are not allowed.", "cannot be stored")
        assert 'value="8:15–9:45"' in page
        assert not Calendar.objects.exists()

    def test_a_week_without_hours_is_refused(self, client):
        empty = {f"day{number}": "" for number in range(7)} | {"special": "2026-12-31 9-12"}
        response = ask(client, "calendar_new", CALENDAR | empty)
        assert response.status_code == 422
        page = text_of(response)
        assert "No day of the week has hours" in page
        assert "2026-12-31 9-12" in page
        assert not Calendar.objects.exists()

    def test_a_country_goes_by_its_name(self, client):
        ask(client, "calendar_new", CALENDAR)
        assert '<option value="GB">United Kingdom</option>' in text_of(ask(client, "calendar_new"))
        assert "Holidays: Germany" in text_of(ask(client, "calendar_list"))

    def test_a_name_is_given_once(self, client):
        ask(client, "calendar_new", CALENDAR)
        assert "There is a calendar “care” already." in text_of(
            ask(client, "calendar_new", CALENDAR | {"name": "care"})
        )

    def test_a_change_in_the_meantime_is_told(self, client):
        ask(client, "calendar_new", CALENDAR)
        pk = Calendar.objects.get().pk
        ask(client, "calendar_edit", CALENDAR | {"day0": "8-16", "seen": "1"}, pk)
        response = ask(client, "calendar_edit", CALENDAR | {"day0": "7-15", "seen": "1"}, pk)
        assert response.status_code == 422
        assert "Maria Berg changed this calendar in the meantime (version 2)" in text_of(response)
        assert 'value="7-15"' in text_of(response)
        assert ask(client, "calendar_edit", CALENDAR | {"day0": "7-15", "seen": "2"}, pk).status_code == 302

    def test_the_preview_shows_holidays_and_days_on_which_the_clocks_change(self, client):
        with time_machine.travel("2026-10-20T10:00Z", tick=False):
            data = CALENDAR | {"preview": "1", "country": "DE", "subdivision": "BY", "day6": "22:00–04:00"}
            page = text_of(client.post(reverse("sla:calendar_new"), data))
        preview = page[page.index('id="preview"') :]
        assert "clocks go back 60 min" in preview
        assert "past midnight" in preview
        assert "Sun 1 Nov" in preview
        assert "All Saints' Day" in preview
        assert not Calendar.objects.exists()

    def test_a_day_that_ends_a_minute_before_midnight_gets_a_hint(self, client):
        hours = {"day2": "0:00–23:59"}
        preview = text_of(ask(client, "calendar_new", CALENDAR | hours | {"preview": "1"}))
        assert "closed for the minute before midnight" in preview
        saved = client.post(reverse("sla:calendar_new"), CALENDAR | hours, follow=True)
        assert "write 24:00 if midnight is meant" in text_of(saved)
        assert CalendarVersion.objects.get().content["week"][2] == [[0, 1439]]

    def test_what_was_planned_gives_way_to_a_newer_version(self, client):
        ask(client, "calendar_new", CALENDAR)
        pk = Calendar.objects.get().pk
        ask(client, "calendar_edit", CALENDAR | {"day0": "", "in_force_from": "2027-01-01"}, pk)
        ask(client, "calendar_edit", CALENDAR | {"day0": "10-16"}, pk)
        page = text_of(ask(client, "calendar_list"))
        assert "New hours from" not in page
        assert "10:00–16:00" in page

    def test_one_in_use_is_not_deleted(self, client):
        made = policy()
        assert "count" in text_of(ask(client, "calendar_delete", None, made.calendar_id))
        ask(client, "calendar_delete", {}, made.calendar_id)
        assert Calendar.objects.exists()
        made.delete()
        ask(client, "calendar_delete", {}, made.calendar_id)
        assert not Calendar.objects.exists()


class TestPolicies:
    def test_a_policy_is_made_before_the_one_for_everything(self, client):
        policy(name="Everything else")
        pr = DepartmentFactory(slug="pr", name="PR")
        data = policy_data(
            name="PR", department=pr.pk, priority="2", network="x", next_response_minutes="30", resolution_minutes="8 h",
            warning_minutes="15 min", after0="2 h", notify0=["managers", "assignee"], raise0="on",
            after1="30", clock1="resolution", move1="pr",
        )  # fmt: skip
        assert ask(client, "policy_new", data).status_code == 302
        assert list(SLAPolicy.objects.values_list("name", flat=True)) == ["PR", "Everything else"]
        made = SLAPolicy.objects.get(name="PR")
        targets = (made.first_response_minutes, made.next_response_minutes, made.resolution_minutes)
        assert targets == (60, 30, 480)
        assert (made.department, made.priority, made.network, made.warning_minutes) == (pr, 2, "x", 15)
        numbers = [one.pop("number") for one in made.steps]
        assert len(set(numbers)) == 2
        assert made.steps == [
            {"after": 30, "clock": "resolution", "notify": [], "raise": False, "move_to": "pr"},
            {"after": 120, "clock": "", "notify": ["managers", "assignee"], "raise": True, "move_to": ""},
        ]
        page = text_of(ask(client, "policy_list"))
        assert "2 h overdue: notify the managers and the assignee, raise the priority." in page
        assert "30 min overdue of the resolution: move it to PR." in page

    def test_steps_stored_without_numbers_get_those_of_their_places_when_the_policy_is_saved(self, client):
        step = {"after": 60, "clock": "", "notify": [], "raise": True, "move_to": ""}
        stored = policy(steps=[step, {**step, "after": 90}])
        page = ask(client, "policy_edit", None, stored.key).content.decode()
        numbers = [FIRST_STEP, FIRST_STEP + 1]
        for place, number in enumerate(numbers):
            assert re.search(rf'name="number{place}"[^>]* value="{number}"', page)
        data = policy_data(
            after0="60", raise0="on", number0=numbers[0], after1="90", raise1="on", number1=numbers[1]
        )
        assert ask(client, "policy_edit", data, stored.key).status_code == 302
        stored.refresh_from_db()
        assert stored.steps == [
            {**step, "number": numbers[0]},
            {**step, "after": 90, "number": numbers[1]},
        ]

    def test_a_step_keeps_its_number_wherever_it_moves_and_none_is_given_twice(self, client):
        policy(name="Everything else")
        first = policy_data(name="Two", after0="30", raise0="on", after1="60", notify1=["managers"])
        ask(client, "policy_new", first)
        made = SLAPolicy.objects.get(name="Two")
        raises, tells = (one["number"] for one in made.steps)
        # The first step goes behind the second, and a new one comes before both.
        page = ask(client, "policy_edit", None, made.key).content.decode()
        for number in (raises, tells):
            assert f'value="{number}"' in page
        again = policy_data(
            name="Two", seen=SLAVersion.objects.first().number,
            after0="90", raise0="on", number0=raises, after1="60", notify1=["managers"], number1=tells,
            after2="10", notify2=["assignee"],
        )  # fmt: skip
        assert ask(client, "policy_edit", again, made.key).status_code == 302
        made.refresh_from_db()
        numbers = {one["after"]: one["number"] for one in made.steps}
        assert (numbers[60], numbers[90]) == (tells, raises)
        assert numbers[10] not in (raises, tells)
        # A number that is not this policy's own is not taken over, nor is one of a step that was removed.
        other = policy_data(name="Other", after0="5", raise0="on", number0=tells)
        ask(client, "policy_new", other)
        assert SLAPolicy.objects.get(name="Other").steps[0]["number"] not in numbers.values()

    def test_the_form_of_a_stored_policy_says_the_same(self, client):
        made = policy(
            steps=[{"after": 90, "clock": "resolution", "notify": ["managers"], "raise": True, "move_to": ""}]
        )
        page = text_of(ask(client, "policy_edit", None, made.key))
        assert 'value="1 h 30 min"' in page
        assert '<option value="resolution" selected>' in page

    def test_steps_that_say_nothing_are_folded_but_for_the_next(self, client):
        def shown(page):
            return page.partition("More steps")[0].count("<legend>Step ")

        tell = {"clock": "", "notify": ["managers"], "raise": False, "move_to": ""}
        made = policy(steps=[{"after": 0, **tell}, {"after": 60, **tell}])
        assert shown(text_of(ask(client, "policy_new"))) == 1
        assert shown(text_of(ask(client, "policy_edit", None, made.key))) == 3
        typed = text_of(ask(client, "policy_new", policy_data(name="") | {"after3": "5 min", "raise3": "on"}))
        assert "More steps" not in typed
        assert shown(typed) == 4

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"first_response_minutes": ""}, "at least one of the three targets"),
            ({"first_response_minutes": "soon"}, "“soon” is not a duration"),
            ({"first_response_minutes": "0"}, "A target cannot be zero"),
            ({"resolution_minutes": "99999 h"}, "at most 90 days"),
            ({"after0": "5 min"}, "Step 1 does nothing"),
            ({"raise2": "on", "after2": "x"}, "“x” is not a duration"),
            ({"move0": "nowhere"}, "Select a valid choice"),
            ({"warning_percent": "95"}, "less than or equal to 90"),
            ({"calendar": "987654"}, "Select a valid choice"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_is_stored(self, client, change, words):
        policy(name="Old")
        response = ask(client, "policy_new", policy_data(name="New one") | change)
        assert response.status_code == 422
        assert words in text_of(response)
        assert 'value="New one"' in text_of(response)
        assert not SLAPolicy.objects.filter(name="New one").exists()

    def test_a_change_in_the_meantime_is_told(self, client):
        made = policy()
        data = policy_data(seen="1")
        assert ask(client, "policy_edit", data | {"name": "Mine"}, made.key).status_code == 302
        response = ask(client, "policy_edit", data | {"name": "Yours"}, made.key)
        assert response.status_code == 422
        assert "Maria Berg changed this policy in the meantime" in text_of(response)
        assert ask(client, "policy_edit", data | {"name": "Yours", "seen": "2"}, made.key).status_code == 302

    def test_a_name_that_is_taken_is_named_beside_other_mistakes(self, client):
        made = policy(name="Everything else")
        refused = text_of(
            ask(
                client, "policy_new", policy_data(name="everything ELSE", first_response_minutes="1 h 90 min")
            )
        )
        assert "There is a policy “everything ELSE” already." in refused
        assert "Write 2 h 30 min, if you mean that." in refused
        assert SLAPolicy.objects.count() == 1
        assert ask(client, "policy_edit", policy_data(name="Everything else"), made.key).status_code == 302

    def test_a_change_of_another_policy_is_none_of_this_one(self, client):
        made, other = policy(), policy(name="Other", network="x")
        ask(client, "policy_switch", {"enabled": "0"}, other.key)
        assert ask(client, "policy_edit", policy_data(seen="2"), made.key).status_code == 302

    def test_it_is_switched_moved_and_deleted(self, client):
        first, second = policy(name="First"), policy(name="Second")
        ask(client, "policy_move", {"direction": "up"}, second.key)
        assert list(SLAPolicy.objects.values_list("name", flat=True)) == ["Second", "First"]
        ask(client, "policy_switch", {"enabled": "0"}, first.key)
        assert [
            one.name for one in versions.service_levels_by_number(SLAVersion.objects.first().number).policies
        ] == ["Second"]
        assert "Delete “" in text_of(ask(client, "policy_delete", None, second.key))
        ask(client, "policy_delete", {}, second.key)
        assert list(SLAPolicy.objects.values_list("name", flat=True)) == ["First"]

    def test_it_tries_a_moment(self, client):
        policy(OFFICE, name="Office", first=120, resolution=None)
        service = DepartmentFactory(name="Service")
        asked = {"at": "2026-11-18T16:30", "department": service.pk, "priority": "0", "network": "x"}
        page = text_of(ask(client, "policy_try", asked))
        assert "Thursday, 19 November 2026, 10:30 UTC" in page
        assert "after 2 h of business time; warned Thursday, 19 November 2026, 10:00 UTC" in page
        for never in ("noon", "0001-01-01T00:00", "9999-12-31T23:59"):
            assert ask(client, "policy_try", asked | {"at": never}).status_code == 422, never

    def test_it_says_that_no_policy_matches(self, client):
        policy(network="facebook")
        asked = {
            "at": "2026-11-18T16:30",
            "department": DepartmentFactory().pk,
            "priority": "0",
            "network": "x",
        }
        assert "No policy matches" in text_of(ask(client, "policy_try", asked))

    def test_the_progress_of_the_newest_version_is_shown(self, client):
        policy()
        SLAVersion.objects.update(to_recompute=5000, recomputed=1240)
        assert "1,240 of 5,000" in text_of(ask(client, "policy_list"))
        SLAVersion.objects.update(recomputed_at=NOW)
        assert "of 5,000" not in text_of(ask(client, "progress"))

    def test_the_starter_is_for_an_empty_house(self, client):
        assert "Use the starter policies" in text_of(ask(client, "policy_list"))
        ask(client, "starter", {})
        assert list(SLAPolicy.objects.values_list("name", flat=True)) == ["Urgent", "Everything else"]
        ask(client, "starter", {})
        assert SLAPolicy.objects.count() == 2
        page = text_of(ask(client, "policy_list"))
        assert "Version 1: <bdi>Starter policies</bdi>" in page
        assert "Maria Berg" in page

    def test_what_is_absent_is_404(self, client):
        for name in ("policy_edit", "policy_delete"):
            assert ask(client, name, None, uuid.uuid4()).status_code == 404


class TestManagers:
    """Managers edit what holds for their departments only; the rest they read."""

    def test_policies_of_their_departments(self, narrow, care):
        mine, others = (
            policy(name="Mine", department=care),
            policy(name="Others", department=DepartmentFactory()),
        )
        everybody = policy(name="Everybody")
        page = text_of(ask(narrow, "policy_list"))
        assert "An administrator changes the others." in page
        assert reverse("sla:policy_edit", args=[mine.key]) in page
        ask(narrow, "policy_switch", {"enabled": "0"}, mine.key)
        ask(narrow, "policy_move", {"direction": "down"}, mine.key)
        assert list(SLAPolicy.objects.values_list("name", "enabled")) == [
            ("Others", True), ("Mine", False), ("Everybody", True),
        ]  # fmt: skip
        before = SLAVersion.objects.count()
        for one in (others, everybody):
            assert str(one.key) not in page.replace(f"policy-{one.key}", "")
            for name, data in (
                ("policy_edit", None), ("policy_edit", policy_data()), ("policy_delete", None), ("policy_delete", {}),
                ("policy_switch", {"enabled": "0"}), ("policy_move", {"direction": "up"}),
            ):  # fmt: skip
                assert ask(narrow, name, data, one.key).status_code == 404, name
        assert SLAVersion.objects.count() == before
        ask(narrow, "policy_delete", {}, mine.key)
        assert SLAPolicy.objects.count() == 2

    def test_a_new_policy_is_one_of_theirs(self, narrow, care):
        other = DepartmentFactory(slug="other", name="Elsewhere")
        Calendar.objects.create(name="Hours").versions.create(number=1, content=OFFICE, created_at=NOW)
        form = text_of(ask(narrow, "policy_new"))
        assert "Any department" not in form
        assert ">Elsewhere</option>" not in form.split('name="calendar"')[0]
        for department in (other.pk, ""):
            refused = ask(narrow, "policy_new", policy_data(department=department))
            assert refused.status_code == 422
        assert ask(narrow, "policy_new", policy_data(department=care.pk)).status_code == 302
        made = SLAPolicy.objects.get()
        assert made.department == care
        assert ask(narrow, "policy_edit", policy_data(department=other.pk), made.key).status_code == 422

    def test_the_verbs_refuse_it_too(self, care):
        person, everybody = UserFactory(role=Role.MANAGER, departments=[care]), policy()
        values = {"name": "N", "department": None}
        for attempt in (
            lambda: save_policy(None, values, person, NOW),
            lambda: save_policy(everybody.key, values | {"department": care}, person, NOW),
            lambda: switch_policy(everybody.key, False, person, NOW),
            lambda: move_policy(everybody.key, 1, person, NOW),
            lambda: delete_policy(everybody.key, person, NOW),
            lambda: install_starter_service_levels({}, [], {}, person, NOW),
            lambda: save_calendar(everybody.calendar, "New", OFFICE, person, NOW),
            lambda: delete_calendar(everybody.calendar_id, person, NOW),
        ):
            with pytest.raises(EditNotPermitted):
                attempt()

    @pytest.mark.parametrize("by", ["policy", "company", "rule"])
    def test_a_calendar_by_which_others_count_is_read_only(self, narrow, care, by):
        made = policy(name="Mine", department=care)
        address = reverse("sla:calendar_edit", args=[made.calendar_id])
        assert address in text_of(ask(narrow, "calendar_list"))
        assert ask(narrow, "calendar_edit", CALENDAR | {"day0": "8-16"}, made.calendar_id).status_code == 302
        other = DepartmentFactory()
        if by == "rule":
            condition = {
                "none": [{"any": [{"field": "hours", "calendar": str(made.calendar_id), "is": "open"}]}]
            }
            Rule.objects.create(key=uuid.uuid4(), position=1, name="R", condition=condition, department=other)
        else:
            another = policy(name="Another", department=other if by == "policy" else None)
            SLAPolicy.objects.filter(pk=another.pk).update(calendar=made.calendar_id)
        page = text_of(ask(narrow, "calendar_list"))
        assert address not in page
        assert "Other departments use it, so only an administrator can change it." in page
        for name, data in (("calendar_edit", None), ("calendar_edit", CALENDAR), ("calendar_delete", None), ("calendar_delete", {})):  # fmt: skip
            assert ask(narrow, name, data, made.calendar_id).status_code == 404, name
        assert CalendarVersion.objects.filter(calendar=made.calendar_id).count() == 2

    def test_a_calendar_of_their_own(self, narrow):
        assert ask(narrow, "calendar_new", CALENDAR).status_code == 302
        ask(narrow, "calendar_delete", {}, Calendar.objects.get().pk)
        assert not Calendar.objects.exists()

    def test_the_starter_is_not_theirs(self, narrow):
        page = text_of(ask(narrow, "policy_list"))
        assert "Use the starter policies" not in page
        assert "Administrators write policies for every case" in page
        assert ask(narrow, "starter", {}).status_code == 404

    def test_a_manager_of_nothing_edits_nothing(self):
        nobody = signed_in(UserFactory(role=Role.MANAGER))
        policy()
        for name in ("policy_new", "calendar_new"):
            assert reverse(f"sla:{name}") not in text_of(ask(nobody, "policy_list"))
            assert ask(nobody, name).status_code == 404


def test_a_department_that_a_policy_moves_cases_to_stays_open():
    named, moved_to = DepartmentFactory(slug="a"), DepartmentFactory(slug="b")
    policy(department=named, steps=[{"after": 5, "clock": "", "notify": [], "raise": False, "move_to": "b"}])
    assert "policy “Everybody”" in objection_to_closing(moved_to)
    assert objection_to_closing(named) == ""
