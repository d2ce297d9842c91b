"""The draft of the playbook, its versions, and what is live."""

from __future__ import annotations

import pytest

from accounts.models import Role
from routing.models import Playbook, PlaybookVersion
from routing.playbook import versions
from routing.playbook.tree import NONE_KEY, walk_playbook
from routing.playbook.versions import PlaybookError, StalePlaybookDraft, load_starter_playbook
from tests.factories import NOW, DepartmentFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return UserFactory(role=Role.ADMINISTRATOR, first_name="Ann", last_name="Bell")


@pytest.fixture
def installed(ann):
    DepartmentFactory(slug="billing")
    DepartmentFactory(slug="tech", is_open=False)
    return versions.install_starter_playbook(ann, NOW)


def edited(text="What is it?"):
    snapshot = versions.find_playbook_draft().snapshot
    snapshot["questions"][0]["text"] = text
    return snapshot


def test_the_starter_is_published_with_the_departments_that_are_there(installed):
    departments = {one["key"]: one.get("department") for one in installed.snapshot["outcomes"]}
    assert (departments["to-billing"], departments["to-tech"], departments["to-legal"]) == ("billing", "", "")
    assert versions.live_playbook() == installed
    assert versions.find_playbook_draft().snapshot == installed.snapshot
    with pytest.raises(PlaybookError, match="already"):
        versions.install_starter_playbook(None, NOW)


def test_a_draft_asks_nobody_anything_until_it_is_published(installed, ann):
    draft = versions.save_playbook_draft(edited(), versions.find_playbook_draft().revision, ann, NOW)
    assert versions.live_playbook().number == 1
    version = versions.publish_playbook(ann, "Shorter", draft.revision, NOW)
    assert (version.number, version.note, version.created_by) == (2, "Shorter", ann)
    assert versions.live_playbook() == version
    assert versions.publish_playbook(ann, "", draft.revision, NOW) is None


def test_a_version_never_changes_and_is_read_once(installed, ann, django_assert_num_queries):
    versions.publish_playbook(ann, "", versions.save_playbook_draft(edited(), 1, ann, NOW).revision, NOW)
    number, tree = versions.load_playbook_version(installed.pk)
    with django_assert_num_queries(0):
        assert versions.load_playbook_version(installed.pk) == (number, tree)
    assert walk_playbook(tree, []).position.text == "What is this message?"


def test_who_edits_an_older_draft_is_refused(installed, ann):
    versions.save_playbook_draft(edited("Mine"), 1, ann, NOW)
    with pytest.raises(StalePlaybookDraft, match="Ann Bell changed the draft in the meantime"):
        versions.save_playbook_draft(edited("Yours"), 1, UserFactory(), NOW)
    with pytest.raises(StalePlaybookDraft):
        versions.publish_playbook(ann, "", 1, NOW)
    assert Playbook.objects.get().snapshot["questions"][0]["text"] == "Mine"


def test_a_tree_with_problems_is_not_published_and_each_is_told(installed, ann):
    snapshot = edited(" ")
    snapshot["default"] = ""
    draft = versions.save_playbook_draft(snapshot, 1, ann, NOW)
    with pytest.raises(PlaybookError, match=r"There is no default.*has no words"):
        versions.publish_playbook(ann, "", draft.revision, NOW)
    assert PlaybookVersion.objects.count() == 1


def test_an_older_version_comes_back_as_a_new_one(installed, ann):
    versions.publish_playbook(ann, "", versions.save_playbook_draft(edited(), 1, ann, NOW).revision, NOW)
    back = versions.restore_playbook_version(1, ann, NOW)
    assert (back.number, back.snapshot) == (3, installed.snapshot)
    assert versions.find_playbook_draft().snapshot == installed.snapshot
    assert versions.restore_playbook_version(3, ann, NOW) is None


def test_a_discarded_draft_is_what_is_live(installed, ann):
    draft = versions.save_playbook_draft(edited(), 1, ann, NOW)
    versions.discard_playbook_draft(draft.revision, ann, NOW)
    assert versions.find_playbook_draft().snapshot == installed.snapshot


def test_a_first_draft_is_empty_and_cannot_be_published(ann):
    draft = versions.begin_playbook_draft(ann, NOW)
    assert versions.begin_playbook_draft(None, NOW) == draft
    with pytest.raises(PlaybookError, match="There is no question yet"):
        versions.publish_playbook(ann, "", draft.revision, NOW)
    assert versions.live_playbook() is None


def test_rules_may_begin_at_any_question(installed):
    assert versions.playbook_branch_options()[0] == ("kind", "What is this message?")
    assert len(versions.playbook_branch_options()) == len(load_starter_playbook()["questions"])
    assert NONE_KEY not in dict(versions.playbook_branch_options())
