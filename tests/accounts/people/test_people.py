"""People and departments as administrators change them."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.access import viewer
from accounts.models import AuditEntry, BrandAccountGrant, Department, User
from accounts.people import verbs
from tests.accounts.conftest import signed_in
from tests.factories import PASSWORD, BrandAccountFactory, DepartmentFactory, UserFactory


def form(user: User | None = None, **changes: object) -> dict[str, object]:
    """The form of a person, filled in as it stands, with changes."""
    filled: dict[str, object] = {
        "first_name": "Ada",
        "last_name": "Holm",
        "username": "ada",
        "email": "ada@example.org",
        "initials": "AH",
        "role": "agent",
    }
    if user is not None:
        filled |= {name: getattr(user, name) for name in filled}
        filled["departments"] = list(user.departments.values_list("pk", flat=True))
    return filled | changes


@pytest.fixture
def agent(cast):
    return cast["agent"]


def save(client: Client, user: User, **changes: object):
    return client.post(reverse("accounts:user_edit", args=[user.pk]), form(user, **changes))


def test_a_new_person_sets_a_password_and_signs_in(admin, department, brand_account):
    answer = admin.post(
        reverse("accounts:user_new"),
        form(departments=[department.pk], **{f"grant-{brand_account.pk}": "publish"}),
    )
    ada = User.objects.get(username="ada")
    assert answer["Location"] == reverse("accounts:user_edit", args=[ada.pk])
    assert not ada.has_usable_password()
    assert list(ada.departments.all()) == [department]
    assert viewer(ada).may_publish_as(brand_account.pk)

    page = admin.post(reverse("accounts:user_password_link", args=[ada.pk])).content.decode()
    link = re.search(r'value="http://testserver([^"]+)"', page)[1]
    browser = Client()
    form_page = browser.get(link, follow=True)
    assert form_page.status_code == 200
    chosen = {"password1": "plum tart at noon", "password2": "plum tart at noon"}
    browser.post(form_page.redirect_chain[-1][0], chosen)
    signed = Client().post(
        reverse("account_login"), {"login": "ada@example.org", "password": "plum tart at noon"}
    )
    assert signed.status_code == 302
    again = Client().get(link, follow=True)
    assert "password1" not in again.content.decode(), "a link works once"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"username": "AGENT"}, "user name is taken"),
        ({"email": "Agent@Example.org"}, "e-mail address is taken"),
        ({"initials": "A1"}, "two to four letters"),
        ({"initials": "ABCDE"}, "at most 4"),
        ({"first_name": " "}, "required"),
        ({"role": "emperor"}, "not one of the available choices"),
        ({"departments": ["987654"]}, "not one of the available choices"),
        ({"first_name": "a\0b"}, "Null characters are not allowed"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(admin, agent, changes, says):
    before = User.objects.count()
    answer = admin.post(reverse("accounts:user_new"), form(**changes))
    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert User.objects.count() == before


def test_foreign_fields_change_nothing(admin, agent):
    save(admin, agent, is_superuser="on", is_staff="on", password="owned", session_epoch="9")
    agent.refresh_from_db()
    assert not (agent.is_superuser or agent.is_staff or agent.session_epoch)
    assert agent.check_password(PASSWORD)


def test_role_departments_and_grants_change(admin, agent, brand_account):
    sales = DepartmentFactory(name="Sales")
    other = BrandAccountFactory()
    BrandAccountGrant.objects.create(user=agent, brand_account=other, can_publish=True)
    save(admin, agent, role="manager", departments=[sales.pk], **{f"grant-{brand_account.pk}": "work"})
    agent.refresh_from_db()
    assert agent.role == "manager"
    assert list(agent.departments.all()) == [sales]
    assert list(agent.grants.values_list("brand_account", "can_publish")) == [(brand_account.pk, False)]


def test_publishing_needs_a_role_and_initials(admin, agent, brand_account):
    grant = {f"grant-{brand_account.pk}": "publish"}
    assert "does not answer customers" in save(admin, agent, role="analyst", **grant).content.decode()
    assert "answers customers needs initials" in save(admin, agent, initials="", **grant).content.decode()
    assert not BrandAccountGrant.objects.exists()


def test_nobody_changes_their_own_role_or_leaves_by_themselves(admin, administrator):
    save(admin, administrator, role="agent")
    page = admin.get(reverse("accounts:user_edit", args=[administrator.pk])).content.decode()
    assert "You cannot change your own role" in page and "You cannot deactivate yourself" in page
    assert re.search(r'<select name="role"[^>]* disabled', page) and "Deactivate…" not in page
    assert admin.get(reverse("accounts:user_leaving", args=[administrator.pk])).status_code == 302
    admin.post(reverse("accounts:user_active", args=[administrator.pk]), {"active": "0"})
    administrator.refresh_from_db()
    assert (administrator.role, administrator.is_active) == ("administrator", True)


def test_the_last_administrator_stays(administrator, agent, db):
    administrator.role = "agent"
    with pytest.raises(verbs.PeopleChangeRefused, match="last administrator"):
        verbs.save_user(administrator, [], {})
    with pytest.raises(verbs.PeopleChangeRefused, match="last administrator"):
        verbs.deactivate_user(User.objects.get(pk=administrator.pk), by=agent, now=None)
    administrator.refresh_from_db()
    assert (administrator.role, administrator.is_active) == ("administrator", True)


def test_a_password_set_meanwhile_is_not_undone(admin, agent):
    stale = User.objects.get(pk=agent.pk)
    agent.set_password("another horse battery")
    agent.save(update_fields=["password"])
    stale.first_name = "Renamed"
    verbs.save_user(stale, [], {})
    agent.refresh_from_db()
    assert agent.first_name == "Renamed"
    assert agent.check_password("another horse battery")


def test_who_left_cannot_sign_in(admin, agent):
    admin.post(reverse("accounts:user_active", args=[agent.pk]), {"active": "0"})
    answer = Client().post(reverse("account_login"), {"login": "agent", "password": PASSWORD})
    assert "_auth_user_id" not in answer.wsgi_request.session
    assert admin.post(reverse("accounts:user_password_link", args=[agent.pk])).status_code == 404


@pytest.fixture
def unlocked():
    """Locks are kept by address in the cache: not for the tests after this one."""
    yield
    cache.clear()


def test_guessing_passwords_is_locked_out(agent, unlocked):
    browser = Client()
    for _ in range(12):
        browser.post(reverse("account_login"), {"login": "agent", "password": "wrong"})
    answer = browser.post(reverse("account_login"), {"login": "agent", "password": PASSWORD})
    assert answer.status_code != 302


class TestDepartments:
    def test_one_is_added(self, admin, department):
        admin.post(reverse("accounts:departments"), {"name": "Returns", "slug": "returns", "position": ""})
        added = Department.objects.get(slug="returns")
        assert (added.name, added.position, added.is_open) == ("Returns", 0, True)

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"name": "customer SERVICE"}, "this name already"),
            ({"slug": "service"}, "already exists"),
            ({"slug": "no spaces"}, "valid"),
            ({"position": "99999"}, "less than or equal"),
            (
                {"tags": "return, Parcel  LOST"},
                "“Parcel LOST” is already used for Customer service",
            ),
            ({"tags": "Customer service"}, "is already used for Customer service"),
            ({"name": "Parcel lost"}, "is already used for Customer service"),
            ({"tags": "x" * 41}, "at most 40 characters"),
        ],
    )
    def test_what_cannot_be_is_told(self, admin, department, changes, says):
        Department.objects.update(name="Customer service", tags=["parcel lost"])
        filled = {"name": "Returns", "slug": "returns", "position": "3"} | changes
        assert says in admin.post(reverse("accounts:departments"), filled).content.decode()
        assert Department.objects.count() == 1

    def test_they_stand_in_their_order(self, admin, department):
        Department.objects.update(position=12)
        for name, position in (("Sales", 9), ("Billing", 9), ("Press", 1)):
            DepartmentFactory(name=name, slug=name.lower(), position=position)
        page = admin.get(reverse("accounts:departments"))
        found = [one.name for one in page.context["departments"]]
        assert found == ["Press", "Billing", "Sales", department.name]

    def test_its_tags_are_kept_once_each(self, admin, department):
        address = reverse("accounts:department_edit", args=[department.pk])
        tags = "Parcel  lost, refund,parcel lost, service"
        admin.post(address, {"name": department.name, "slug": "service", "position": "4", "tags": tags})
        department.refresh_from_db()
        assert department.tags == ["parcel lost", "refund", "service"]

    def test_its_key_is_fixed(self, admin, department):
        address = reverse("accounts:department_edit", args=[department.pk])
        admin.post(address, {"name": "Care", "slug": "care", "position": "4"})
        department.refresh_from_db()
        assert (department.name, department.slug, department.position) == ("Care", "service", 4)

    def test_closing_and_reopening(self, admin, department):
        DepartmentFactory()
        address = reverse("accounts:department_open", args=[department.pk])
        admin.post(address, {"open": "0"})
        department.refresh_from_db()
        assert not department.is_open
        admin.post(address, {"open": "1"})
        department.refresh_from_db()
        assert department.is_open

    def test_the_last_open_one_stays_open(self, admin, department):
        admin.post(reverse("accounts:department_open", args=[department.pk]), {"open": "0"})
        department.refresh_from_db()
        assert department.is_open

    def test_another_room_can_object(self, admin, department, monkeypatch):
        DepartmentFactory()
        monkeypatch.setattr(verbs, "department_closing_objections", [lambda one: f"Rule 7 leads to {one}."])
        answer = admin.post(
            reverse("accounts:department_open", args=[department.pk]), {"open": "0"}, follow=True
        )
        assert "Rule 7 leads to Customer service." in answer.content.decode()
        department.refresh_from_db()
        assert department.is_open


def test_the_list_shows_who_left_apart(admin, agent):
    UserFactory(first_name="Gone", last_name="Person", is_active=False)
    page = admin.get(reverse("accounts:people")).content.decode()
    assert page.index("Cannot sign in any more") < page.index("Gone Person")


@pytest.mark.parametrize("many", [1, 12])
def test_the_lists_cost_the_same_for_many(cast, department, many, django_assert_num_queries):
    for _ in range(many):
        UserFactory(departments=[department])
        BrandAccountFactory(owner_department=department)
    admin = signed_in(cast["administrator"])
    with django_assert_num_queries(10, exact=False):
        admin.get(reverse("accounts:people"))


def test_the_first_administrator_comes_from_a_command(db, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", "--username", "root", "--email", "root@example.org")
    assert signed_in(User.objects.get()).get(reverse("accounts:people")).status_code == 200


@pytest.mark.parametrize(
    ("role", "places", "hint"),
    [
        ("agent", {}, "They are in no department yet, so they see no cases."),
        ("analyst", {}, "They are in no department yet"),
        ("agent", {"departments"}, ""),
        ("community", {"departments"}, "They work on no brand account yet"),
        ("community", {"grant"}, ""),
        ("administrator", {}, ""),
    ],
)
def test_somebody_who_will_see_no_case_is_added_with_a_hint(
    admin, department, brand_account, role, places, hint
):
    chosen = {"departments": [department.pk], f"grant-{brand_account.pk}": "work"}
    given = {name: value for name, value in chosen.items() if name.split("-")[0] in places}
    page = admin.post(reverse("accounts:user_new"), form(role=role, **given), follow=True).content.decode()
    assert ("so they see no cases" in page) is bool(hint)
    assert hint in page


def test_an_administrator_sets_the_time_zone_of_somebody_else(admin, agent):
    answer = save(admin, agent, time_zone="Asia/Kolkata")
    assert answer["Location"] == reverse("accounts:user_edit", args=[agent.pk]), "the page stays"
    agent.refresh_from_db()
    assert agent.time_zone == "Asia/Kolkata"
    assert AuditEntry.objects.filter(
        changes=[{"name": "Time zone", "from": "", "to": "Asia/Kolkata"}]
    ).exists()
    assert "not one of the available" in save(admin, agent, time_zone="Moon/Base").content.decode()
