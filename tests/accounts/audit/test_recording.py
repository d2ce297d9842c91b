"""What people change is in the audit log: who, what, from what to what, and from which address."""

from __future__ import annotations

import json

import pytest
from allauth.mfa import signals as factor_signals
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.audit.recording import record_change
from accounts.brand_accounts.connecting import connect_brand_account
from accounts.models import AuditEntry, AuditVerb, BrandAccount, Credential, Department, Stream, User
from accounts.people.verbs import PeopleChangeRefused, mark_email_verified
from postgres.history import open_history
from routing.learning import router_versions
from routing.models import LearningMode
from routing.rules.editing import RuleContent, add_rule, set_default_department
from routing.rules.versions import publish_rules
from tests.accounts.conftest import signed_in
from tests.accounts.people.test_people import form, save
from tests.factories import PASSWORD, DepartmentFactory, UserFactory

pytestmark = pytest.mark.django_db
OFFICE = "192.0.2.10"


def entries(verb=None):
    rows = AuditEntry.objects.order_by("id")
    return list(rows.filter(verb=verb) if verb else rows)


def the_entry(verb):
    (entry,) = entries(verb)
    return entry


def changes(entry):
    return {change["name"]: (change["from"], change["to"]) for change in entry.changes}


@pytest.fixture
def office(administrator) -> Client:
    """The administrator's browser, in the office."""
    client = signed_in(administrator)
    client.defaults["REMOTE_ADDR"] = OFFICE
    return client


def test_a_person_who_is_added(office, administrator, department, brand_account):
    values = form(departments=[department.pk], **{f"grant-{brand_account.pk}": "publish"})
    office.post(reverse("accounts:user_new"), values)
    entry = the_entry(AuditVerb.PERSON_ADDED)
    assert (entry.actor_id, entry.actor_name) == (administrator.pk, str(administrator))
    assert (entry.address, entry.about) == (OFFICE, "Ada Holm")
    assert entry.department_ids == [department.pk]
    assert changes(entry)["Departments"] == ("", "Customer service")
    assert changes(entry)[str(brand_account)] == ("", "answers in its name")


def test_role_departments_and_grants_before_and_after(office, cast, department, brand_account):
    sales = DepartmentFactory(name="Sales")
    agent = cast["agent"]
    save(office, agent, role="manager", departments=[sales.pk], **{f"grant-{brand_account.pk}": "work"})
    entry = the_entry(AuditVerb.RIGHTS_CHANGED)
    assert changes(entry) == {
        "Role": ("Agent", "Manager"),
        "Departments": ("Customer service", "Sales"),
        str(brand_account): ("", "works on it"),
    }
    assert entry.person_id == agent.pk
    assert entry.department_ids == sorted([department.pk, sales.pk])
    save(office, User.objects.get(pk=agent.pk), last_name="Holm", **{f"grant-{brand_account.pk}": "work"})
    assert changes(the_entry(AuditVerb.PERSON_CHANGED))["Name"][1].endswith("Holm")


def test_saving_without_a_change_is_no_change(office, cast):
    save(office, cast["analyst"])
    assert not entries()


def test_leaving_coming_back_signing_out_and_the_password_link(office, cast):
    agent = cast["agent"]
    office.post(reverse("accounts:user_active", args=[agent.pk]), {"active": "0"})
    office.post(reverse("accounts:user_active", args=[agent.pk]), {"active": "1"})
    office.post(reverse("accounts:user_sign_out", args=[agent.pk]))
    link = office.post(reverse("accounts:user_password_link", args=[agent.pk])).content.decode()
    assert [entry.verb for entry in entries()] == [
        AuditVerb.PERSON_DEACTIVATED,
        AuditVerb.PERSON_REACTIVATED,
        AuditVerb.SIGNED_OUT_EVERYWHERE,
        AuditVerb.PASSWORD_LINK_MADE,
    ]
    assert {entry.person_id for entry in entries()} == {agent.pk}
    assert {entry.address for entry in entries()} == {OFFICE}
    key = link.split("/auth/password/reset/key/")[1].split("/")[0]
    assert key not in everything_stored()


def test_a_change_that_is_refused_leaves_no_entry(office, cast, monkeypatch):
    def refuse():
        raise PeopleChangeRefused("No.")

    monkeypatch.setattr("accounts.people.verbs._require_administrator", refuse)
    office.post(reverse("accounts:user_active", args=[cast["agent"].pk]), {"active": "0"})
    assert not entries()


def test_an_entry_is_gone_with_the_transaction_of_its_change():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record_change(AuditVerb.DEPARTMENT_CLOSED, "Sales")
        raise ZeroDivisionError
    assert not entries()


def test_departments(office):
    DepartmentFactory()
    office.post(reverse("accounts:departments"), {"name": "Sales", "slug": "sales", "position": "4"})
    sales = Department.objects.get(slug="sales")
    address = reverse("accounts:department_edit", args=[sales.pk])
    office.post(address, {"name": "Shop", "tags": "shop, till", "position": "4"})
    office.post(reverse("accounts:department_open", args=[sales.pk]), {"open": "0"})
    office.post(reverse("accounts:department_open", args=[sales.pk]), {"open": "1"})
    how = {"assignment_mode": "round_robin", "max_per_person": "7"}
    office.post(reverse("accounts:department_assignment", args=[sales.pk]), how)
    added, changed, closed, reopened, assigned = entries()
    assert changes(added)["Name"] == ("", "Sales")
    assert changes(changed) == {"Name": ("Sales", "Shop"), "Tags": ("", "shop, till")}
    assert (closed.verb, reopened.verb) == (AuditVerb.DEPARTMENT_CLOSED, AuditVerb.DEPARTMENT_REOPENED)
    assert "7" in str(changes(assigned))
    assert {entry.about for entry in entries()} == {"Sales", "Shop"}
    assert all(entry.department_ids == [sales.pk] for entry in entries())


def test_skills_and_capacity(office, cast):
    form_values = {"capacity": "5", "languages": "English", "skills": "refunds"}
    office.post(reverse("accounts:user_work", args=[cast["agent"].pk]), form_values)
    what = changes(the_entry(AuditVerb.WORK_CHANGED))
    assert what == {"Capacity": ("20", "5"), "Languages": ("", "en"), "Skills": ("", "refunds")}


def test_the_charter_and_what_is_fetched(office, brand_account):
    owner = UserFactory(first_name="Ola", last_name="Brandt")
    charter = {
        "owner_department": brand_account.owner_department_id,
        "owner": owner.pk,
        "purpose": "Help",
        "audience": "Customers",
        "objective": "Nobody waits a day",
        "promised_hours": "2",
    }
    office.post(reverse("accounts:charter", args=[brand_account.pk]), charter)
    what = changes(the_entry(AuditVerb.CHARTER_SIGNED))
    assert what.pop("Signed until")
    assert what == {
        "Owner": ("", "Ola Brandt"),
        "Purpose": ("", "Help"),
        "Audience": ("", "Customers"),
        "Objective": ("", "Nobody waits a day"),
        "Promised response": ("1 day", "2 h"),
    }
    office.post(reverse("accounts:stream_switch", args=[brand_account.pk, "mentions"]), {"enabled": "0"})
    office.post(reverse("accounts:stream_switch", args=[brand_account.pk, "mentions"]), {"enabled": "0"})
    assert changes(the_entry(AuditVerb.STREAM_SWITCHED)) == {"Mentions": ("fetched", "paused")}
    assert not Stream.objects.get(kind="mentions").enabled


def test_connecting_again_and_disconnecting_without_any_secret(networks, office, administrator, department):
    row = networks.accounts("x")[0]
    row = {name: row[name] for name in ("network", "remote_id", "handle", "name", "secrets")}
    for _ in range(2):
        connect_brand_account(owner_department=department, by=administrator, now=timezone.now(), **row)
    account = BrandAccount.objects.get()
    office.post(reverse("accounts:brand_account_disconnect", args=[account.pk]))
    connected, again, disconnected = entries()
    assert [connected.verb, again.verb, disconnected.verb] == [
        AuditVerb.ACCOUNT_CONNECTED,
        AuditVerb.ACCOUNT_RECONNECTED,
        AuditVerb.ACCOUNT_DISCONNECTED,
    ]
    assert (connected.actor_id, connected.about) == (administrator.pk, str(account))
    assert changes(connected)["Owner department"] == ("", "Customer service")
    stored = everything_stored()
    assert not [secret for secret in row["secrets"].values() if secret in stored]


def test_a_command_is_the_server(brand_account):
    Credential.objects.all().delete()
    call_command("rotate_credentials")
    entry = the_entry(AuditVerb.CREDENTIALS_ENCRYPTED_ANEW)
    assert (entry.actor_id, entry.actor_name, entry.address) == (None, "The server", "")


def test_rules_and_the_learned_router(administrator, department):
    now = timezone.now()
    set_default_department(department, administrator, now)
    publish_rules(administrator, "The default", now)
    refunds = RuleContent("Refunds", {"field": "words", "any": ["refund"]}, department)
    add_rule(refunds, administrator, "Refunds", now)
    published = entries(AuditVerb.RULES_PUBLISHED)
    assert changes(published[0]) == {"Version": ("", "1")}
    assert changes(published[-1])["Version"][0] == "1"
    assert {entry.actor_id for entry in published} == {administrator.pk}
    router_versions.set_learning_mode(LearningMode.OFF)
    router_versions.set_learning_mode(LearningMode.OFF)
    router_versions.set_threshold(department.slug, 0.8)
    assert the_entry(AuditVerb.ROUTER_MODE_SET).changes[0]["to"] == "Only the rules decide"
    entry = the_entry(AuditVerb.ROUTER_THRESHOLD_SET)
    assert (entry.about, entry.department_ids) == ("Customer service", [department.pk])


class TestSignIn:
    @pytest.fixture
    def wren(self):
        user = UserFactory(username="wren", first_name="Wren", last_name="Holm")
        mark_email_verified(user)
        return user

    def sign_in(self, name, password=PASSWORD):
        client = Client(REMOTE_ADDR=OFFICE)
        client.post("/auth/login/", {"login": name, "password": password})
        return client

    def test_success_failure_and_leaving(self, wren):
        self.sign_in("WREN", "wrong")
        client = self.sign_in("wren")
        client.post("/auth/logout/")
        failed, entered, left = entries()
        assert (failed.verb, failed.about) == (AuditVerb.SIGN_IN_FAILED, "Wren Holm")
        assert (failed.actor_id, failed.person_id) == (None, wren.pk)
        assert (entered.verb, entered.actor_id) == (AuditVerb.SIGNED_IN, wren.pk)
        assert (left.verb, left.actor_id) == (AuditVerb.SIGNED_OUT, wren.pk)
        assert {entry.address for entry in entries()} == {OFFICE}

    def test_what_was_typed_is_not_kept_as_it_may_be_a_password(self, wren):
        self.sign_in("plum tart at noon", "wrong canary")
        self.sign_in("wren", "wrong canary")
        assert [entry.verb for entry in entries()] == [AuditVerb.SIGN_IN_FAILED] * 2
        assert "plum tart" not in everything_stored()
        assert "canary" not in everything_stored()

    def test_a_new_password(self, wren):
        client = self.sign_in("wren")
        new = "quince jam at dawn"
        client.post(
            reverse("account_change_password"),
            {"oldpassword": PASSWORD, "password1": new, "password2": new},
        )
        assert the_entry(AuditVerb.PASSWORD_SET).actor_id == wren.pk
        assert new not in everything_stored()

    def test_second_factors(self, wren, rf):
        factor = Authenticator(user=wren, type=Authenticator.Type.TOTP, data={"secret": "canary"})
        for signal in (
            factor_signals.authenticator_added,
            factor_signals.authentication_failed,
            factor_signals.authenticator_reset,
            factor_signals.authenticator_removed,
        ):
            signal.send(Authenticator, request=rf.get("/"), user=wren, authenticator=factor)
        added, failed, renewed, removed = entries()
        assert added.verb == AuditVerb.SECOND_FACTOR_ADDED
        assert (failed.verb, failed.person_id) == (AuditVerb.SECOND_FACTOR_FAILED, wren.pk)
        assert (renewed.verb, removed.verb) == (
            AuditVerb.SECOND_FACTOR_RENEWED,
            AuditVerb.SECOND_FACTOR_REMOVED,
        )
        assert "canary" not in everything_stored()


def test_the_log_is_kept_as_it_was_written():
    record_change(AuditVerb.DEPARTMENT_CLOSED, "Sales")
    for change in (
        lambda: AuditEntry.objects.update(actor_name="Somebody else"),
        lambda: AuditEntry.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
    with open_history():
        AuditEntry.objects.all().delete()


def everything_stored() -> str:
    return json.dumps(list(AuditEntry.objects.values()), default=str)
