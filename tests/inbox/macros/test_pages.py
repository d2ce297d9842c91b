"""The pages of macros: who sees and changes which, what is refused, and what a case offers."""

import uuid

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from accounts.models import AuditEntry, Role, User
from inbox.models import Case, Draft, Macro, MacroRun, Reply
from tests.factories import CannedAnswerFactory, DepartmentFactory, MacroFactory, UserFactory
from tests.inbox.page_requests import HTMX, count_statements, signed_in
from tests.inbox.reply_fixtures import *  # noqa: F403

pytestmark = pytest.mark.django_db
LIST = "/macros/"


def form(place="me", version=0, steps=(("resolve", "", ""),), **fields):
    kinds, choices, texts = ([step[place] for step in steps] for place in range(3))
    return {
        "title": "Late parcel",
        "place": place,
        "version": version,
        "kind": kinds,
        "choice": choices,
        "text": texts,
        **fields,
    }


@pytest.fixture
def billing(db):
    return DepartmentFactory(name="Billing", slug="billing")


def test_who_reads_and_changes_which(service, billing):
    people = {
        "administrator": UserFactory(role=Role.ADMINISTRATOR),
        "manager": UserFactory(role=Role.MANAGER, departments=[service]),
        "community": UserFactory(role=Role.COMMUNITY, departments=[service]),
        "agent": UserFactory(role=Role.AGENT, departments=[service]),
        "analyst": UserFactory(role=Role.ANALYST, departments=[service]),
    }
    kept = {
        "company": MacroFactory(),
        "service": MacroFactory(department=service),
        "billing": MacroFactory(department=billing),
        **{person: MacroFactory(owner=user) for person, user in people.items()},
    }
    reads = {
        "administrator": {"company", "service", "billing", "administrator"},
        "manager": {"company", "service", "manager"},
        "community": {"company", "service", "billing", "community"},
        "agent": {"company", "service", "agent"},
        "analyst": set(),
    }
    changes = {
        "administrator": reads["administrator"],
        "manager": {"service", "manager"},
        "community": {"service", "community"},
        "agent": {"agent"},
        "analyst": set(),
    }
    for person, user in people.items():
        client = signed_in(user)
        for name, macro in kept.items():
            address = f"{LIST}{macro.pk}/"
            expected = 200 if name in reads[person] else 404
            assert client.get(address).status_code == expected, (person, name)
            may_change = name in changes[person]
            for act in ("archive", "restore"):
                status = client.post(f"{address}{act}/").status_code
                assert status == (302 if may_change else 404), (person, name, act)
            if not may_change:
                assert client.post(address, form()).status_code == 404
            if expected == 200:
                copied = client.post(f"{address}duplicate/")
                copy = Macro.objects.latest("pk")
                assert copied.status_code == 302
                assert (copy.owner == user) is (not may_change or name == person)
                copy.delete()
        shown = client.get(LIST)
        assert shown.status_code == (404 if person == "analyst" else 200)


def test_a_macro_is_added_changed_archived_and_restored(manager, service, billing):
    client = signed_in(manager)
    steps = [
        ("answer", "", "Hello { Customer }"),
        ("tag", "", "#late  parcel"),
        ("prioritise", "1", ""),
        ("hand_over", str(billing.pk), "About money"),
    ]
    assert client.post(f"{LIST}new/", form(f"department:{service.slug}", steps=steps)).status_code == 302
    macro = Macro.objects.get()
    assert (macro.scope, macro.department) == ("department", service)
    assert [(step["kind"], step["choice"], step["text"], step["name"]) for step in macro.steps] == [
        ("answer", "", "Hello {customer}", ""),
        ("tag", "", "late parcel", ""),
        ("prioritise", "1", "", "High"),
        ("hand_over", str(billing.pk), "About money", "Billing"),
    ]
    changed = form(f"department:{service.slug}", 1, title="Money")
    assert client.post(f"{LIST}{macro.pk}/", changed).status_code == 302
    late = client.post(f"{LIST}{macro.pk}/", changed)
    assert late.status_code == 422
    assert "changed this macro in the meantime" in late.content.decode()
    archived = client.post(f"{LIST}{macro.pk}/archive/")
    tags = [str(message.extra_tags) for message in get_messages(archived.wsgi_request)]
    assert f"undo-page {LIST}{macro.pk}/restore/" in tags
    assert "Money</bdi>" not in client.get(LIST).content.decode()
    assert "Money</bdi>" in client.get(f"{LIST}?archived=on").content.decode()
    client.post(f"{LIST}{macro.pk}/restore/")
    verbs = [entry.verb for entry in AuditEntry.objects.filter(kind="settings").order_by("pk")]
    assert verbs == [f"settings.macro-{done}" for done in ("added", "changed", "archived", "restored")]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], "Add at least one step"),
        ([("answer", "", "Hello {name}")], "There is no placeholder {name}."),
        ([("answer", "", "")], "Choose a canned answer, or write the answer."),
        ([("answer", "99", "")], "is archived, or not for you"),
        ([("resolve", "", ""), ("tag", "", "late")], "Put “Resolve” last"),
        ([("snooze", "2h", ""), ("resolve", "", "")], "do not go together"),
        ([("answer", "", "Hi"), ("dismiss", "", "Spam")], "do not go together"),
        ([("take", "", ""), ("assign", "nobody", "")], "a case goes to one person"),
        ([("take", "", ""), ("hand_over", "billing", "Why")], "leaves the person who has it"),
        ([("tag", "", "late"), ("untag", "", "late")], "#late stands in it twice"),
        ([("note", "", "a"), ("note", "", "b")], "stands in it twice"),
        ([("prioritise", "9", "")], "Choose a priority."),
        ([("hand_over", "", "Why")], "Choose a department."),
        ([("hand_over", "billing", "")], "Say why the case goes"),
        ([("dismiss", "", "")], "Say why the case needs no answer."),
        ([("tag", "", "x" * 41)], "at most 40 fit"),
        ([("tag", "", "a, b")], "One tag for each step."),
    ],
)
def test_what_cannot_work_is_refused_and_kept_in_the_form(manager, billing, steps, words):
    steps = [(kind, str(billing.pk) if choice == "billing" else choice, text) for kind, choice, text in steps]
    refused = signed_in(manager).post(f"{LIST}new/", form(steps=steps))
    page = refused.content.decode()
    assert refused.status_code == 422
    assert words in page
    assert "What you typed is kept" in page
    assert 'value="Late parcel"' in page
    assert page.count('name="kind"') == len(steps)
    assert not Macro.objects.exists()


def test_steps_are_added_moved_and_removed_without_a_script(manager):
    client = signed_in(manager)
    steps = [("tag", "", "late"), ("resolve", "", "")]

    def kinds(**button):
        page = client.post(f"{LIST}new/", form(steps=steps) | button).content.decode()
        return [piece.split('"')[0] for piece in page.split('name="kind" value="')[1:]]

    assert kinds(add="1", new_kind="note") == ["tag", "resolve", "note"]
    assert kinds(up="1") == ["resolve", "tag"]
    assert kinds(down="0") == ["resolve", "tag"]
    assert kinds(remove="0") == ["resolve"]
    assert not Macro.objects.exists()


def test_a_macro_for_others_uses_only_what_they_may_use(manager, service):
    mine = CannedAnswerFactory(owner=manager)
    steps = [("answer", str(mine.pk), "")]
    client = signed_in(manager)
    refused = client.post(f"{LIST}new/", form(f"department:{service.slug}", steps=steps))
    assert "This canned answer is only for you, but the macro is for Service." in refused.content.decode()
    assert client.post(f"{LIST}new/", form(steps=steps)).status_code == 302


def test_what_is_gone_is_named_and_marked(manager, agent, case, question, billing):
    ben = UserFactory(first_name="Ben", last_name="Gone", departments=[case.department])
    steps = [("assign", str(ben.pk), ""), ("note", "", "Hm")]
    client = signed_in(manager)
    client.post(f"{LIST}new/", form(f"department:{case.department.slug}", steps=steps))
    User.objects.filter(pk=ben.pk).update(is_active=False)
    macro = Macro.objects.get()
    assert "cannot be run: Step 1: Ben Gone no longer works here." in client.get(LIST).content.decode()
    page = client.get(f"{LIST}{macro.pk}/").content.decode()
    assert "Ben Gone no longer works here." in page
    assert "Ben Gone (gone)" in page
    offered = signed_in(agent).get(f"/cases/{case.pk}/macros/").content.decode()
    assert "cannot be run: Step 1: Ben Gone no longer works here." in offered
    ran = signed_in(agent).post(f"/cases/{case.pk}/macros/run/", {"macro": macro.pk, "key": uuid.uuid4()})
    assert ran.status_code == 422
    assert "Nothing was done." in ran.content.decode()
    assert not MacroRun.objects.exists()


def test_a_case_offers_runs_and_takes_back(agent, case, question):
    macro = MacroFactory(title="Thank and close", does=[("answer", "", "Thank you"), ("resolve", "", "")])
    MacroFactory(title="Elsewhere", department=DepartmentFactory())
    client = signed_in(agent)
    assert 'data-key="m"' in client.get(f"/cases/{case.pk}/").content.decode()
    offered = client.get(f"/cases/{case.pk}/macros/?version={case.version}&q=close").content.decode()
    assert "Thank and close" in offered
    assert "Elsewhere" not in client.get(f"/cases/{case.pk}/macros/").content.decode()
    wish = {"macro": macro.pk, "key": uuid.uuid4(), "version": case.version}
    ran = client.post(f"/cases/{case.pk}/macros/run/", wish, **HTMX)
    run = MacroRun.objects.get()
    assert ran.status_code == 200
    assert reverse("inbox:macro_undo", args=[run.pk]) in ran.content.decode()
    assert "ran the macro “Thank and close”" in client.get(f"/cases/{case.pk}/").content.decode()
    assert client.post(f"/cases/{case.pk}/macros/run/", wish).status_code == 302
    assert Reply.objects.count() == 1
    stale = client.post(f"/cases/{case.pk}/macros/run/", wish | {"key": uuid.uuid4()})
    assert stale.status_code == 409
    assert signed_in(UserFactory()).post(f"/macro-runs/{run.pk}/undo/").status_code == 404
    assert client.post(f"/macro-runs/{run.pk}/undo/").status_code == 302
    assert Case.objects.get(pk=case.pk).is_open
    assert Reply.objects.get().state == "cancelled"
    assert not Draft.objects.exists()
    assert "1</td>" not in client.get(LIST).content.decode().replace("\n", "")


def test_lists_take_as_many_statements_for_fifty_macros_as_for_one(manager, case, billing):
    does = [
        ("assign", manager.pk, ""),
        ("answer", CannedAnswerFactory().pk, ""),
        ("hand_over", billing.pk, "Why"),
    ]
    MacroFactory(does=does)
    client = signed_in(manager)
    addresses = (LIST, f"/cases/{case.pk}/macros/")
    of_one = [count_statements(client, address) for address in addresses]
    for number in range(49):
        MacroFactory(does=does, department=case.department if number % 2 else None)
    assert [count_statements(client, address) for address in addresses] == of_one
