"""The playbook's pages: reading, trying, editing a draft, publishing, going back, and who may."""

from __future__ import annotations

import copy

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from inbox.cases import playbook
from inbox.models import Case
from routing.models import Playbook, PlaybookVersion
from routing.playbook import urls, versions
from tests.factories import NOW, BrandAccountFactory, CaseFactory, DepartmentFactory, UserFactory
from tests.inbox.page_requests import signed_in
from tests.markup import squeezed

pytestmark = pytest.mark.django_db

READ = {"page", "try", "versions"}
EDIT = {
    "draft": "get", "question_new": "get", "question": "get", "outcome_new": "get", "outcome": "get",
    "begin": "post", "starter": "post", "ends": "post", "publish": "post", "discard": "post",
    "question_remove": "post", "outcome_remove": "post", "restore": "post",
}  # fmt: skip
#: What concerns the whole company: not a manager's. The questions and outcomes of the starter are.
WHOLE = {"starter", "ends", "question", "outcome", "question_remove", "outcome_remove"}
THINGS = {
    "question": "kind",
    "question_remove": "kind",
    "outcome": "thank",
    "outcome_remove": "thank",
    "restore": 1,
}


@pytest.fixture
def service():
    return DepartmentFactory(slug="service", name="Service")


@pytest.fixture
def installed(service):
    DepartmentFactory(slug="billing", name="Billing")
    return versions.install_starter_playbook(None, NOW)


@pytest.fixture
def boss():
    return UserFactory(role=Role.ADMINISTRATOR, first_name="Mia", last_name="Dorn")


@pytest.fixture
def client(boss):
    return signed_in(boss)


@pytest.fixture
def manager(service):
    return UserFactory(role=Role.MANAGER, departments=[service], first_name="Ida", last_name="Holm")


@pytest.fixture
def narrow(manager, installed):
    """A manager of Service, which keeps one question of the playbook, and one outcome."""
    versions.begin_playbook_draft(None, NOW)
    snapshot = copy.deepcopy(versions.find_playbook_draft().snapshot)
    for kind, key in (("questions", "know"), ("outcomes", "thank")):
        next(one for one in snapshot[kind] if one["key"] == key)["owner"] = "service"
    draft = versions.save_playbook_draft(snapshot, revision(), None, NOW)
    versions.publish_playbook(None, "Owned by Service", draft.revision, NOW)
    return signed_in(manager)


def address(name, thing=None):
    thing = thing if thing is not None else THINGS.get(name)
    return reverse(f"playbook:{name}", args=[] if thing is None else [thing])


def revision():
    return versions.find_playbook_draft().revision


def form_of(*answers, text="What is it?", **more):
    """A posted question: answers are (key, text, target)."""
    rows = {
        f"answer-{n}-{name}": value
        for n, row in enumerate(answers)
        for name, value in zip(("key", "text", "target"), row, strict=True)
    }
    return {
        "text": text, "help": "", "revision": revision(), "answer-TOTAL_FORMS": len(answers),
        "answer-INITIAL_FORMS": len(answers), **rows, **more,
    }  # fmt: skip


@pytest.mark.parametrize("role", Role.values)
def test_who_may_open_what(installed, service, role):
    versions.begin_playbook_draft(None, NOW)
    one = signed_in(UserFactory(role=role, departments=[service]))
    for name in READ:
        assert one.get(address(name)).status_code == 200, name
    allowed = role in (Role.MANAGER, Role.ADMINISTRATOR)
    for name, method in EDIT.items():
        status = getattr(one, method)(address(name)).status_code
        may = role == Role.ADMINISTRATOR or (role == Role.MANAGER and name not in WHOLE)
        assert status in ((200, 302) if may else (404,)), (name, role, status)
    assert ("playbook:draft" in one.get(address("page")).content.decode()) is False
    assert ("/playbook/draft/" in one.get(address("page")).content.decode()) is allowed


def test_no_address_is_missing_from_the_table():
    assert {pattern.name for pattern in urls.urlpatterns} == READ | set(EDIT)


def test_before_there_is_one_the_page_offers_the_starter(client, service):
    assert "No playbook yet" in client.get(address("page")).content.decode()
    assert client.get(address("draft")).status_code == 404
    assert "is live" in client.post(address("starter"), follow=True).content.decode()
    assert PlaybookVersion.objects.get().number == 1
    assert "There is a playbook already" in client.post(address("starter"), follow=True).content.decode()


def test_what_is_removed_is_called_by_its_name(client, installed):
    versions.begin_playbook_draft(None, NOW)
    draft = versions.find_playbook_draft()
    body = client.post(
        address("outcome_remove", "ask-a-colleague"), {"revision": draft.revision}, follow=True
    ).content.decode()
    assert "The outcome “Say that you are on it, and ask” is removed from the draft." in body
    assert "There is no default: say what to do when none of the answers fits." in body


def test_the_page_shows_the_tree_with_its_outcomes(client, installed):
    shown = client.get(address("page")).content.decode()
    for words in (
        "What is this message?",
        "Did we cause the problem?",
        "Hand over to Billing",
        "Dismiss: Provocation",
    ):
        assert words in shown, words
    assert shown.count('id="q-personal"') == 1
    assert 'href="#q-personal"' in shown


def test_what_people_came_to_is_counted_within_what_the_reader_sees(installed, service, manager):
    agent, brand = UserFactory(departments=[service]), BrandAccountFactory()
    for key in ("no", "no", "threat"):
        case = CaseFactory(department=service, brand_account=brand)
        playbook.answer_playbook(case.pk, agent, "kind", "troll", now=timezone.now())
        playbook.answer_playbook(case.pk, agent, "complaint-inside", key, now=timezone.now())
    open_one = CaseFactory(department=service, brand_account=brand)
    playbook.answer_playbook(open_one.pk, agent, "kind", "troll", now=timezone.now())
    shown = squeezed(signed_in(manager).get(address("page")))
    assert "3 cases of yours in the last 30 days." in shown
    assert (
        'Leave it</bdi></td><td class="share"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="100" height="8" /></svg></td><td class="num">2' in shown
    )
    elsewhere = UserFactory(role=Role.MANAGER, departments=[DepartmentFactory()])
    assert "0 cases of yours" in squeezed(signed_in(elsewhere).get(address("page")))
    assert Case.objects.count() == 4


def test_it_can_be_walked_through_and_back_without_storing_anything(client, installed):
    page = client.get(address("try")).content.decode()
    assert "What is this message?" in page
    assert 'href="/playbook/try/?a=unhappy"' in page
    page = client.get("/playbook/try/?a=unhappy&a=yes&a=money").content.decode()
    assert "Hand over to billing" in page
    assert 'href="/playbook/try/?a=unhappy&amp;a=yes"' in page
    assert "Say that you are on it" in client.get("/playbook/try/?a=nonsense").content.decode()
    assert client.get("/playbook/try/?a=" + "&a=".join(["x"] * 500)).status_code == 200


def test_an_edit_is_a_draft_until_it_is_published(client, manager, installed):
    client.post(address("begin"))
    page = client.get(address("question")).content.decode()
    assert 'value="What is this message?"' in page
    posted = form_of(("praise", "Praise", "question:praise"), ("", "Something else", "outcome:thank"))
    assert client.post(address("question"), posted).url == address("draft")
    assert versions.live_playbook() == installed
    draft = client.get(address("draft")).content.decode()
    assert "“What is this message?” now asks “What is it?”" in draft
    assert "“Did we cause the problem?” is never asked: no answer leads to it." in draft
    assert "No answer leads to these" in draft
    assert "There is a draft" in client.get(address("page")).content.decode()
    assert "What is it?" in client.get("/playbook/try/?of=draft").content.decode()
    refused = client.post(address("publish"), {"revision": revision()}, follow=True).content.decode()
    assert "is never asked" in refused
    assert PlaybookVersion.objects.count() == 1


def test_publishing_and_going_back(client, boss, installed):
    client.post(address("begin"))
    kept = dict.fromkeys(("department", "reason"), "") | {
        "name": "Say thanks", "advice": "Warmly.", "action": "answer", "text": "Thank you!", "revision": revision(),
    }  # fmt: skip
    assert client.post(address("outcome"), kept).url == address("draft")
    client.post(address("publish"), {"revision": revision(), "note": "Warmer"})
    version = versions.live_playbook()
    assert (version.number, version.note, version.created_by) == (2, "Warmer", boss)
    listed = client.get(address("versions")).content.decode()
    assert (
        "Outcome “Say thanks”: was called “Say thank you”, advice changed, beginning of the answer changed"
        in listed
    )
    assert "Mia Dorn" in listed
    client.post(address("restore", 1))
    assert versions.live_playbook().snapshot == installed.snapshot
    assert versions.live_playbook().number == 3
    assert client.post(address("restore", 99)).status_code == 404


def test_answers_are_moved_added_and_removed_without_scripts(client, installed):
    client.post(address("begin"))
    three = (("a", "One", "outcome:thank"), ("b", "Two", "outcome:thank"), ("c", "Three", "outcome:thank"))

    def order(do):
        page = client.post(address("question"), form_of(*three, text="Typed", do=do)).content.decode()
        assert 'value="Typed"' in page
        assert "Not saved yet" in page
        return [word for word in page.split('"') if word in ("One", "Two", "Three")]

    assert order("up:2") == ["One", "Three", "Two"]
    assert order("down:0") == ["Two", "One", "Three"]
    assert order("remove:1") == ["One", "Three"]
    assert order("more") == order("up:0") == order("up:99") == order("nonsense") == ["One", "Two", "Three"]
    assert versions.find_playbook_draft().snapshot == installed.snapshot


def test_a_new_target_leads_on_to_its_own_form(client, installed):
    client.post(address("begin"))
    made = client.post(address("question_new"), form_of(("", "Yes", "new:question"), text="Really?"))
    assert made.url.startswith("/playbook/draft/questions/q")
    assert client.get(made.url).status_code == 200
    made = client.post(address("question_new"), form_of(("", "Yes", "new:outcome"), text="Really, really?"))
    assert made.url.startswith("/playbook/draft/outcomes/o")


def test_what_is_wrong_is_marked_and_what_was_typed_kept(client, installed):
    client.post(address("begin"))
    for posted in (
        form_of(("", "Yes", "question:gone"), text="Kept words"),
        form_of(("", "x" * 121, ""), text="Kept words"),
        form_of(*[("", f"No {n}", "") for n in range(9)], text="Kept words"),
        form_of(("", "Nul \x00", ""), text="Kept words"),
    ):
        response = client.post(address("question"), posted)
        assert response.status_code == 422
        assert "Kept words" in response.content.decode()
        assert 'role="alert"' in response.content.decode()
    without = {"name": "x", "advice": "y", "action": "dismiss", "reason": " ", "revision": revision()}
    response = client.post(address("outcome"), without)
    assert response.status_code == 422
    assert "Say why it is dismissed." in response.content.decode()
    assert versions.find_playbook_draft().snapshot == installed.snapshot


def test_two_editors_do_not_undo_each_other(client, manager, installed):
    client.post(address("begin"))
    mine = form_of(("", "Yes", "outcome:thank"), text="Mine")
    other = UserFactory(role=Role.ADMINISTRATOR, first_name="Olaf", last_name="Ek")
    signed_in(other).post(address("question", "know"), form_of(("", "Yes", "outcome:thank"), text="Theirs"))
    response = client.post(address("question"), mine)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Olaf Ek changed the draft in the meantime" in page
    assert 'value="Mine"' in page
    assert f'name="revision" value="{revision()}"' in page
    client.post(address("question"), {**mine, "revision": revision()})
    texts = [one["text"] for one in versions.find_playbook_draft().snapshot["questions"]]
    assert "Mine" in texts
    assert "Theirs" in texts
    stale = client.post(address("publish"), {"revision": 1}, follow=True).content.decode()
    assert "The draft has changed in the meantime" in stale


def test_removing_choosing_the_ends_and_discarding(client, installed):
    client.post(address("begin"))
    client.post(address("question_remove", "reach"), {"revision": revision()})
    assert "leads nowhere yet" in client.get(address("draft")).content.decode()
    client.post(address("outcome_remove", "escalate"), {"revision": revision()})
    client.post(address("ends"), {"revision": revision(), "start": "know", "default": "thank"})
    kept = Playbook.objects.get().snapshot
    assert (kept["start"], kept["default"]) == ("know", "thank")
    wrong = client.post(
        address("ends"), {"revision": revision(), "start": "gone", "default": "thank"}, follow=True
    )
    assert "Choose a question and an outcome that are there." in wrong.content.decode()
    client.post(address("discard"), {"revision": revision()})
    assert Playbook.objects.get().snapshot == installed.snapshot
    assert client.post(address("question_remove", "gone")).status_code == 404


def test_managers_change_what_their_departments_keep(client, narrow):
    page = narrow.get(address("draft")).content.decode()
    assert "You can change what your departments own. An administrator changes the rest." in page
    assert address("question", "know") in page
    assert address("question", "kind") not in page
    assert address("outcome", "thank") in page
    assert address("outcome", "escalate") not in page
    assert "First question and default" not in page
    assert '<span class="chip">Owned by Service</span>' in page
    form = narrow.get(address("question", "know")).content.decode()
    assert '<option value="service" selected>Service</option>' in form
    assert "The whole company" not in form
    assert "The whole company" in client.get(address("question", "know")).content.decode()
    mine = form_of(("yes", "Yes", "outcome:thank"), text="Do we know?", owner="service")
    assert narrow.post(address("question", "know"), mine).url == address("draft")
    narrow.post(address("publish"), {"revision": revision()})
    live = {one["key"]: one for one in versions.live_playbook().snapshot["questions"]}
    assert (live["know"]["text"], live["know"]["owner"]) == ("Do we know?", "service")
    for owner in ("", "billing", "gone"):
        refused = narrow.post(address("question", "know"), {**mine, "owner": owner, "revision": revision()})
        assert refused.status_code == 422, owner
    assert versions.live_playbook().number == 3


def test_what_others_keep_is_absent_for_a_manager(narrow):
    posted = form_of(("", "Yes", "outcome:thank"), owner="service")
    before = versions.find_playbook_draft().snapshot
    for name, data in (
        ("question", posted), ("outcome", posted), ("question_remove", {"revision": revision()}),
        ("outcome_remove", {"revision": revision()}),
    ):  # fmt: skip
        thing = "kind" if name.startswith("question") else "escalate"
        assert narrow.post(address(name, thing), data).status_code == 404, name
    assert (
        narrow.post(
            address("ends"), {"revision": revision(), "start": "know", "default": "thank"}
        ).status_code
        == 404
    )
    # The words of others lead to it: removing it would change them.
    said = narrow.post(
        address("outcome_remove", "thank"), {"revision": revision()}, follow=True
    ).content.decode()
    assert "is not yours to change: ask an administrator." in said
    assert versions.find_playbook_draft().snapshot == before


def test_a_department_has_a_branch_of_its_own_where_rules_may_begin(narrow):
    made = form_of(("", "Yes", "outcome:thank"), ("", "No", "new:outcome"), text="Ours?", owner="service")
    blank = narrow.post(address("question_new"), made).url
    kept = {"name": "Ask", "advice": "Ask.", "action": "answer", "revision": revision(), "owner": "service"}
    assert narrow.post(blank, kept | dict.fromkeys(("department", "reason", "text"), "")).url == address(
        "draft"
    )
    page = narrow.get(address("draft")).content.decode()
    assert "is never asked" not in page
    narrow.post(address("publish"), {"revision": revision()})
    assert "Ours?" in dict(versions.playbook_branch_options()).values()
    assert {
        one["owner"] for one in versions.live_playbook().snapshot["questions"] if one["text"] == "Ours?"
    } == {"service"}


def test_publishing_and_discarding_leave_the_parts_of_others_in_the_draft(client, narrow):
    company = form_of(
        ("", "Yes", "outcome:thank"), ("", "No", "question:know"), text="Half thought", owner=""
    )
    client.post(address("question", "reach"), company)
    mine = {
        "name": "Thanks!",
        "advice": "Warmly.",
        "action": "answer",
        "owner": "service",
        "revision": revision(),
    }
    mine |= dict.fromkeys(("department", "reason", "text"), "")
    narrow.post(address("outcome", "thank"), mine)
    page = narrow.get(address("draft")).content.decode()
    assert "Half thought" in page.split("Changes by others, which stay in the draft")[1]
    narrow.post(address("publish"), {"revision": revision()})
    live = versions.live_playbook().snapshot
    assert "Thanks!" in {one["name"] for one in live["outcomes"]}
    assert "Half thought" not in {one["text"] for one in live["questions"]}
    narrow.post(address("outcome", "thank"), mine | {"name": "No", "revision": revision()})
    narrow.post(address("discard"), {"revision": revision()})
    draft = versions.find_playbook_draft().snapshot
    assert "Half thought" in {one["text"] for one in draft["questions"]}
    assert "Thanks!" in {one["name"] for one in draft["outcomes"]}
    client.post(address("publish"), {"revision": revision()})
    assert "Half thought" in {one["text"] for one in versions.live_playbook().snapshot["questions"]}


def test_managers_go_back_to_versions_that_change_their_part_only(narrow):
    mine = form_of(("yes", "Yes", "outcome:thank"), text="Do we know?", owner="service")
    narrow.post(address("question", "know"), mine)
    narrow.post(address("publish"), {"revision": revision()})
    page = narrow.get(address("versions")).content.decode()
    assert "Go back to version 2" in page
    assert "Go back to version 1" not in page
    refused = narrow.post(address("restore", 1), follow=True).content.decode()
    assert "is not yours to change" in refused
    assert versions.live_playbook().number == 3
    narrow.post(address("restore", 2))
    assert versions.live_playbook().number == 4
    assert versions.find_playbook_draft().snapshot == versions.live_playbook().snapshot


def test_a_manager_whose_departments_own_nothing_is_told_so_and_what_to_do(manager, installed):
    own = signed_in(manager)

    def page_of(name):
        return squeezed(own.get(address(name)).content.decode())

    assert "See the draft" in page_of("page")
    assert 'class="btn go"' not in page_of("page").split('id="content"')[1]
    Playbook.objects.all().delete()
    assert "Add a question of your own" in page_of("page")
    own.post(address("begin"))
    assert "Your departments own nothing here yet." in page_of("draft")
    own.post(address("question_new"), form_of(("", "Yes", "outcome:thank"), text="Ours?", owner="service"))
    assert "own nothing here yet" not in page_of("draft")
    assert "Edit the draft" in page_of("page")


def test_a_manager_of_nothing_reads_the_playbook(installed):
    nobody = signed_in(UserFactory(role=Role.MANAGER))
    versions.begin_playbook_draft(None, NOW)
    assert "/playbook/draft/" not in nobody.get(address("page")).content.decode()
    for name, method in EDIT.items():
        assert getattr(nobody, method)(address(name)).status_code == 404, name


def test_a_department_that_the_playbook_hands_over_to_is_not_closed(installed):
    from accounts.models import Department
    from routing.departments import objection_to_closing

    assert "The playbook hands over to Billing" in objection_to_closing(
        Department.objects.get(slug="billing")
    )
    assert objection_to_closing(DepartmentFactory()) == ""


def test_hostile_words_are_inert(client, installed):
    client.post(address("begin"))
    hostile = '"><script>alert(1)</script>'
    client.post(address("question"), form_of(("", hostile, "outcome:thank"), text=hostile))
    for page in (address("draft"), address("question"), "/playbook/try/?of=draft"):
        assert "<script>alert" not in client.get(page).content.decode(), page
