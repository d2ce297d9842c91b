"""Signs of life, being away with one click, leave, and what administrators say somebody can do."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.http import StreamingHttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.middleware import record_presence
from accounts.models import Department, Leave, Role, Skill, User
from accounts.working_time import presence
from tests.factories import NOW, CaseFactory, DepartmentFactory, MessageFactory, UserFactory
from tests.inbox.page_requests import signed_in
from wording.times import show_times_in

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def ada():
    return UserFactory(username="ada", departments=[DepartmentFactory(slug="service")])


@pytest.fixture
def admin():
    return signed_in(UserFactory(role=Role.ADMINISTRATOR))


def there(now=NOW):
    return set(
        User.objects.filter(presence.available_users_condition(now)).values_list("username", flat=True)
    )


def test_a_page_is_a_sign_of_life_written_once_a_minute(ada):
    client = signed_in(ada)
    with time_machine.travel(NOW, tick=False):
        client.get("/presence/")
    assert User.objects.get(pk=ada.pk).last_seen_at == NOW
    with time_machine.travel(NOW + dt.timedelta(seconds=59), tick=False):
        with CaptureQueriesContext(connection) as captured:
            client.get("/presence/")
        assert not [one for one in captured.captured_queries if one["sql"].startswith("UPDATE")]
    with time_machine.travel(NOW + dt.timedelta(seconds=61), tick=False):
        client.get("/presence/")
    assert User.objects.get(pk=ada.pk).last_seen_at == NOW + dt.timedelta(seconds=61)


def test_who_signs_out_is_not_there(ada):
    client = signed_in(ada)
    with time_machine.travel(NOW, tick=False):
        client.get("/presence/")
        assert there() == {"ada"}
        client.post(reverse("account_logout"))
    assert there() == set()


def test_who_is_not_seen_for_ten_minutes_is_not_there(ada):
    User.objects.update(last_seen_at=NOW)
    assert there(NOW + dt.timedelta(minutes=9, seconds=59)) == {"ada"}
    assert there(NOW + dt.timedelta(minutes=10)) == set()


def test_leave_counts_by_whole_days_where_people_read_the_time(ada, settings):
    settings.DISPLAY_TIME_ZONE = "Pacific/Auckland"
    User.objects.update(last_seen_at=NOW + DAY)
    # 10:00 UTC is 23:00 there; two hours later the next day has begun.
    Leave.objects.create(user=ada, starts_on=NOW.date() + DAY, ends_on=NOW.date() + DAY)
    assert there(NOW) == {"ada"}
    assert there(NOW + dt.timedelta(hours=2)) == set()


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.ANALYST])
def test_who_takes_no_cases_has_no_queue_of_their_own_and_no_presence(db, role):
    client = signed_in(UserFactory(role=role))
    page = client.get("/").content.decode()
    for absent in ("/queue/mine/", "Set to away", ">Available"):
        assert absent not in page, absent
    assert "/queue/unassigned/" in page.split('class="tabs"')[1]
    own = client.get(reverse("inbox:presence")).content.decode()
    assert "<h1>Your settings</h1>" in own
    assert "You are available" not in own
    assert "Your time zone" in own


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("/", False),
        ("/queue/mine/", False),
        ("/notices/", False),
        ("/presence/", True),
        ("/queue/watching/", True),
    ],
)
def test_the_tab_more_is_marked_on_pages_that_have_no_tab(path, marked):
    page = signed_in(UserFactory(departments=[DepartmentFactory()])).get(path).content.decode()
    more = page.split('class="tabs"')[1].split('href="#rail"')[1].split(">")[0]
    assert ('aria-current="true"' in more) is marked


def test_away_and_back_take_one_click_each(ada):
    client = signed_in(ada)
    assert "Set to away" in client.get("/queue/mine/").content.decode()
    page = client.post(reverse("inbox:set_presence"), {"to": "away"}, follow=True).content.decode()
    assert "You are away" in page
    assert "I am back" in page
    assert User.objects.get(pk=ada.pk).away_since is not None
    assert there(dt.datetime.now(dt.UTC)) == set()
    client.post(reverse("inbox:set_presence"), {"to": "available"})
    assert there(dt.datetime.now(dt.UTC)) == {"ada"}
    assert client.post(reverse("inbox:set_presence"), {"to": "moon"}).status_code == 404


def test_being_away_keeps_the_time_at_which_it_began(ada):
    presence.set_away(ada, True, NOW)
    presence.set_away(ada, True, NOW + DAY)
    assert User.objects.get(pk=ada.pk).away_since == NOW


def test_ones_own_leave_is_planned_and_taken_away(ada):
    client, other = signed_in(ada), UserFactory()
    days = {"starts_on": "2031-05-02", "ends_on": "2031-05-09", "substitute": other.pk}
    client.post(reverse("inbox:plan_leave"), days)
    leave = ada.leaves.get()
    assert (leave.starts_on, leave.ends_on, leave.substitute) == (
        dt.date(2031, 5, 2), dt.date(2031, 5, 9), other,
    )  # fmt: skip
    assert signed_in(other).post(reverse("inbox:remove_leave", args=[leave.pk])).status_code == 404
    client.post(reverse("inbox:remove_leave", args=[leave.pk]))
    assert not Leave.objects.exists()


@pytest.mark.parametrize(
    ("days", "says"),
    [
        ({"starts_on": "2031-05-02", "ends_on": "2031-05-01"}, "before the first"),
        ({"starts_on": "2031-05-02", "ends_on": ""}, "required"),
        ({"starts_on": "tomorrow", "ends_on": "2031-05-01"}, "valid date"),
        ({"starts_on": "2031-04-01", "ends_on": "2031-04-03"}, "There is leave from"),
        ({"starts_on": "2031-05-02", "ends_on": "2031-05-02", "substitute": "987654"}, "available choices"),
    ],
)
def test_leave_that_makes_no_sense_is_refused_with_the_reason(ada, days, says):
    Leave.objects.create(user=ada, starts_on=dt.date(2031, 4, 3), ends_on=dt.date(2031, 4, 9))
    page = signed_in(ada).post(reverse("inbox:plan_leave"), days).content.decode()
    assert says in page
    assert Leave.objects.count() == 1


def test_an_administrator_says_what_somebody_can_do(admin, ada):
    Skill.objects.create(slug="refunds", name="Refunds")
    work = {"languages": "german, en; French", "skills": "refunds, Coffee machines", "capacity": "7"}
    admin.post(reverse("accounts:user_work", args=[ada.pk]), work)
    ada.refresh_from_db()
    assert (ada.languages, ada.capacity) == (["de", "en", "fr"], 7)
    assert [skill.slug for skill in ada.skills.all()] == ["coffee-machines", "refunds"]
    page = admin.get(reverse("accounts:people")).content.decode()
    assert "German, English, French, Coffee machines, Refunds" in page


@pytest.mark.parametrize(
    ("work", "says"),
    [
        ({"languages": "Klingon", "capacity": "7"}, "is not a language"),
        ({"capacity": "501"}, "At most 500"),
        ({"capacity": "-1"}, "greater than or equal to 0"),
        ({"capacity": "7", "skills": "!!!"}, "cannot be a skill"),
        ({"capacity": "7", "skills": "x" * 61}, "cannot be a skill"),
    ],
)
def test_work_that_makes_no_sense_is_refused_with_the_reason(admin, ada, work, says):
    page = admin.post(reverse("accounts:user_work", args=[ada.pk]), work).content.decode()
    assert says in page
    ada.refresh_from_db()
    assert (ada.languages, ada.capacity, ada.skills.count()) == ([], 20, 0)


def test_a_department_says_how_its_cases_find_somebody(ada):
    department = ada.departments.get()
    manager = signed_in(UserFactory(role=Role.MANAGER, departments=[department]))
    address = reverse("accounts:department_assignment", args=[department.pk])
    manager.post(address, {"assignment_mode": "least_loaded", "max_per_person": "4"})
    department = Department.objects.get(pk=department.pk)
    assert (department.assignment_mode, department.max_per_person, department.prefers_last_helper) == (
        "least_loaded", 4, False,
    )  # fmt: skip
    assert (
        "Between 1 and 500"
        in manager.post(address, {"assignment_mode": "manual", "max_per_person": "0"}).content.decode()
    )
    outsider = signed_in(UserFactory(role=Role.MANAGER, departments=[DepartmentFactory()]))
    assert outsider.get(address).status_code == 404


def test_a_live_stream_takes_no_connection_on_its_way_out(rf, django_assert_num_queries):
    request = rf.get("/live/")
    asked = []
    request.user = SimpleLazyObject(lambda: asked.append(1) or UserFactory())

    with django_assert_num_queries(0):
        record_presence(lambda _: StreamingHttpResponse([]))(request)

    assert asked == []


def test_everybody_reads_times_in_the_zone_that_they_have_chosen(ada, settings):
    settings.DISPLAY_TIME_ZONE = "Europe/Berlin"
    case = CaseFactory(department=ada.departments.get())
    MessageFactory(case=case, network_time=dt.datetime(2026, 7, 1, 10, 20, tzinfo=dt.UTC))
    client, other = signed_in(ada), signed_in(UserFactory(departments=[case.department]))
    page = client.get(reverse("inbox:presence")).content.decode()
    assert "The company’s time zone (Europe/Berlin)" in page
    saved = client.post(reverse("inbox:set_time_zone"), {"time_zone": "America/Vancouver"}, follow=True)
    assert "Times are shown in America/Vancouver." in saved.content.decode()
    shown = "1 July 2026, {}"
    address = reverse("inbox:case", args=[case.pk])
    assert shown.format("03:20:00 PDT") in client.get(address).content.decode()
    assert shown.format("12:20:00 CEST") in other.get(address).content.decode()
    client.post(reverse("inbox:set_time_zone"), {"time_zone": ""})
    assert shown.format("12:20:00 CEST") in client.get(address).content.decode()


def test_a_zone_that_does_not_exist_is_refused(ada):
    client = signed_in(ada)
    page = client.post(reverse("inbox:set_time_zone"), {"time_zone": "Mars/Base"}).content.decode()
    assert "not one of the available choices" in page
    assert User.objects.get(pk=ada.pk).time_zone == ""


def test_days_of_leave_are_the_companys_whoever_asks(ada):
    with show_times_in(lambda: "Pacific/Kiritimati"):
        assert presence.local_date(NOW.replace(hour=23)) == NOW.date()
