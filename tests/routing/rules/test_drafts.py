"""Drafts: edits gather, nothing is live before publishing, and two editors at once lose nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Department, Role
from routing.facts import Facts
from routing.models import Rule, RuleDraft, RuleSetVersion
from routing.refusals import EditNotPermitted, RuleSetError
from routing.rules import drafts, editing, versions
from routing.rules.drafts import DraftClashError
from routing.rules.editing import RuleContent
from routing.rules.engine import decide
from routing.rules.merging import DEFAULT_KEY, ORDER_KEY, merge_snapshots
from routing.rules.scope import MayNotOvertake
from routing.rules.store import build_rules_snapshot
from tests.factories import NOW, UserFactory

WORDS = {"field": "words", "any": ["late"]}
LATER = NOW.replace(hour=11)


@pytest.fixture
def other(company):
    return UserFactory(role=Role.MANAGER, departments=[company.service, company.billing])


def names():
    return list(Rule.objects.values_list("name", flat=True))


def department_of(text):
    versions.clear_rules_cache()
    return decide(Facts(text, "x", "mentions", "x:1", NOW), versions.live_rules()).department


def test_edits_gather_in_a_draft_and_are_live_only_when_published(company):
    drafts.begin_rule_draft(company.manager, NOW)
    editing.add_rule(RuleContent("Late", WORDS, company.billing), company.manager, "", LATER)
    editing.switch_rule(company.faults.key, False, company.manager, LATER)
    editing.move_rule(company.faults.key, company.manager, LATER, to=1)
    assert names() == ["Refunds", "Faults"]
    assert RuleSetVersion.objects.first().number == 3
    assert department_of("late") == "service"

    draft = drafts.find_rule_draft(company.manager)
    assert (draft.based_on, draft.created_at, draft.updated_at, draft.revision) == (3, NOW, LATER, 4)
    version = drafts.publish_rule_draft(company.manager, "Before the sale", LATER)
    assert (version.number, version.note, version.created_by) == (4, "Before the sale", company.manager)
    assert names() == ["Faults", "Refunds", "Late"]
    assert department_of("late") == "billing"
    assert drafts.find_rule_draft(company.manager) is None


def test_a_draft_is_its_owners_alone(company, other):
    drafts.begin_rule_draft(company.manager, NOW)
    editing.add_rule(RuleContent("Late", WORDS, company.billing), other, "", NOW)
    assert names() == ["Refunds", "Faults", "Late"]
    assert len(drafts.find_rule_draft(company.manager).content["rules"]) == 2


def test_a_draft_that_is_thrown_away_leaves_nothing(company):
    drafts.begin_rule_draft(company.manager, NOW)
    editing.delete_rule(company.refunds.key, company.manager, NOW)
    assert drafts.discard_rule_draft(company.manager)
    assert not drafts.discard_rule_draft(company.manager)
    assert names() == ["Refunds", "Faults"]
    with pytest.raises(RuleDraft.DoesNotExist):
        drafts.publish_rule_draft(company.manager, "", NOW)


def test_beginning_twice_is_one_draft(company):
    assert drafts.begin_rule_draft(company.manager, NOW) == drafts.begin_rule_draft(company.manager, LATER)


def test_changes_of_others_to_other_rules_come_along(company, other):
    drafts.begin_rule_draft(company.manager, NOW)
    editing.change_rule(
        company.refunds.key, RuleContent("Refunds", WORDS, company.service), company.manager, "", NOW
    )
    editing.switch_rule(company.faults.key, False, other, NOW)
    editing.add_rule(RuleContent("Theirs", WORDS, company.billing), other, "", NOW)
    standing = drafts.draft_status(drafts.find_rule_draft(company.manager))
    assert (standing.behind, standing.clashes) == (2, ())
    assert standing.lines == (
        "“Refunds”: goes to Billing → Service; condition now with the word “late”, without the word “refund”, the word “charged twice”",
    )
    drafts.publish_rule_draft(company.manager, "", NOW)
    assert list(Rule.objects.values_list("name", "enabled", "department__slug")) == [
        ("Refunds", True, "service"),
        ("Faults", False, "service"),
        ("Theirs", True, "billing"),
    ]


@pytest.mark.parametrize(("choice", "name"), [("mine", "Mine"), ("theirs", "Theirs")])
def test_the_same_rule_changed_by_two_is_a_clash_that_a_person_decides(company, other, choice, name):
    drafts.begin_rule_draft(company.manager, NOW)
    editing.change_rule(
        company.refunds.key, RuleContent("Mine", WORDS, company.billing), company.manager, "", NOW
    )
    editing.change_rule(company.refunds.key, RuleContent("Theirs", WORDS, company.billing), other, "", NOW)
    with pytest.raises(DraftClashError) as refused:
        drafts.publish_rule_draft(company.manager, "", NOW)
    (clash,) = refused.value.clashes
    assert (clash.draft["name"], clash.live["name"]) == ("Mine", "Theirs")
    assert drafts.find_rule_draft(company.manager) is not None
    assert names()[0] == "Theirs"

    key = str(company.refunds.key)
    assert drafts.rebase_rule_draft(company.manager, NOW, {key: choice}).based_on == 4
    drafts.publish_rule_draft(company.manager, "", NOW)
    assert names()[0] == name


def test_a_rule_deleted_by_one_and_changed_by_another_is_a_clash(company, other):
    drafts.begin_rule_draft(company.manager, NOW)
    editing.delete_rule(company.refunds.key, company.manager, NOW)
    editing.switch_rule(company.refunds.key, False, other, NOW)
    with pytest.raises(DraftClashError):
        drafts.publish_rule_draft(company.manager, "", NOW)
    drafts.publish_rule_draft(company.manager, "", NOW, {str(company.refunds.key): "mine"})
    assert names() == ["Faults"]


def test_the_default_and_the_order_changed_by_two_are_clashes(company, other):
    third = editing.add_rule(RuleContent("Third", WORDS, company.billing), company.manager, "", NOW)
    drafts.begin_rule_draft(company.manager, NOW)
    editing.set_default_department(company.billing, company.manager, NOW)
    editing.move_rule(third.key, company.manager, NOW, to=1)
    editing.move_rule(company.faults.key, other, NOW, to=1)
    standing = drafts.draft_status(drafts.find_rule_draft(company.manager))
    assert [clash.key for clash in standing.clashes] == [ORDER_KEY]
    drafts.publish_rule_draft(company.manager, "", NOW, {ORDER_KEY: "theirs"})
    assert names() == ["Faults", "Refunds", "Third"]
    assert build_rules_snapshot()["default"]["department"] == "billing"
    assert DEFAULT_KEY == "default"


def test_what_is_wrong_blocks_publishing_and_keeps_the_draft(company):
    drafts.begin_rule_draft(company.manager, NOW)
    editing.add_rule(RuleContent("Old", WORDS, company.closed), company.manager, "", NOW)
    with pytest.raises(RuleSetError, match="Rule “Old”: Leads to Museum, which is closed"):
        drafts.publish_rule_draft(company.manager, "", NOW)
    assert len(drafts.find_rule_draft(company.manager).content["rules"]) == 3
    assert names() == ["Refunds", "Faults"]


def test_a_draft_without_a_change_publishes_nothing(company):
    drafts.begin_rule_draft(company.manager, NOW)
    assert drafts.publish_rule_draft(company.manager, "", NOW) is None
    assert drafts.find_rule_draft(company.manager) is None
    assert RuleSetVersion.objects.first().number == 3


# Whose rules


@pytest.fixture
def narrow(company):
    """A manager of service alone."""
    return UserFactory(role=Role.MANAGER, departments=[company.service])


def test_a_manager_changes_rules_of_the_own_departments_only(company, narrow):
    editing.switch_rule(company.faults.key, False, narrow, NOW)
    content = RuleContent("Refunds", WORDS, company.service)
    for attempt in (
        lambda: editing.switch_rule(company.refunds.key, False, narrow, NOW),
        lambda: editing.delete_rule(company.refunds.key, narrow, NOW),
        lambda: editing.change_rule(company.refunds.key, content, narrow, "", NOW),
        lambda: editing.add_rule(RuleContent("New", WORDS, company.billing), narrow, "", NOW),
        lambda: editing.change_rule(
            company.faults.key, RuleContent("F", WORDS, company.billing), narrow, "", NOW
        ),
        lambda: editing.set_default_department(company.billing, narrow, NOW),
        lambda: editing.duplicate_rule(company.refunds.key, narrow, NOW),
        lambda: editing.restore_rules_version(1, narrow, NOW),
    ):
        with pytest.raises(EditNotPermitted):
            attempt()
    assert RuleSetVersion.objects.first().number == 4


def test_ones_own_rule_may_give_way_and_not_take_messages_from_others(company, narrow):
    third = editing.add_rule(RuleContent("Third", WORDS, company.service), narrow, "", NOW)
    for attempt in ({"to": 1}, {"step": -2}):
        with pytest.raises(
            MayNotOvertake, match="“Third” may not come before “Refunds”, a rule of Billing.* administrator"
        ):
            editing.move_rule(third.key, narrow, NOW, **attempt)
    editing.move_rule(third.key, narrow, NOW, step=-1)
    assert names() == ["Refunds", "Third", "Faults"]
    with pytest.raises(EditNotPermitted):
        editing.move_rule(company.refunds.key, narrow, NOW, to=3)
    editing.move_rule(third.key, UserFactory(role=Role.ADMINISTRATOR), NOW, to=1)
    editing.switch_rule(third.key, False, narrow, NOW)
    editing.move_rule(third.key, narrow, NOW, to=2)
    assert names() == ["Refunds", "Third", "Faults"]
    with pytest.raises(MayNotOvertake):
        editing.move_rule(third.key, narrow, NOW, to=1)


def test_what_is_first_already_may_be_first_again_while_it_is_a_draft(company, narrow):
    editing.move_rule(company.faults.key, company.manager, NOW, to=1)
    drafts.begin_rule_draft(narrow, NOW)
    editing.move_rule(company.faults.key, narrow, NOW, to=2)
    editing.move_rule(company.faults.key, narrow, NOW, to=1)
    assert drafts.publish_rule_draft(narrow, "", NOW) is None
    assert names() == ["Faults", "Refunds"]


def test_a_copy_and_a_suggested_place_stay_below_rules_of_others(company, narrow):
    editing.move_rule(company.faults.key, company.manager, NOW, to=1)
    copy = editing.duplicate_rule(company.faults.key, narrow, NOW)
    assert names() == ["Faults", "Refunds", "Faults (copy)"]
    first, last = {str(company.faults.key)}, {str(copy.key)}
    added = editing.add_rule(RuleContent("Last", WORDS, company.service), narrow, "", NOW, before=first)
    assert (added.position, names()) == (3, ["Faults", "Refunds", "Last", "Faults (copy)"])
    added = editing.add_rule(RuleContent("Near", WORDS, company.service), narrow, "", NOW, before=last)
    assert (added.position, names()) == (4, ["Faults", "Refunds", "Last", "Near", "Faults (copy)"])
    boss = UserFactory(role=Role.ADMINISTRATOR)
    added = editing.add_rule(RuleContent("Boss", WORDS, company.service), boss, "", NOW, before=first | last)
    assert (added.position, names()[0]) == (1, "Boss")
    assert (
        editing.add_rule(RuleContent("End", WORDS, company.service), boss, "", NOW, before={"gone"}).position
        == 7
    )


def test_a_new_rule_of_a_draft_stays_below_whatever_others_moved_meanwhile(company, narrow):
    drafts.begin_rule_draft(narrow, NOW)
    editing.add_rule(RuleContent("New", WORDS, company.service), narrow, "", NOW)
    editing.move_rule(company.faults.key, company.manager, NOW, to=1)
    assert drafts.publish_rule_draft(narrow, "", NOW) is not None
    assert names() == ["Faults", "Refunds", "New"]


def test_an_order_chosen_against_an_administrators_is_refused_where_it_takes_messages(company, narrow):
    editing.move_rule(company.faults.key, company.manager, NOW, to=1)
    for name in ("A", "B"):
        editing.add_rule(RuleContent(name, WORDS, company.service), narrow, "", NOW)
    drafts.begin_rule_draft(narrow, NOW)
    editing.move_rule(Rule.objects.get(name="B").key, narrow, NOW, to=3)
    editing.move_rule(company.faults.key, UserFactory(role=Role.ADMINISTRATOR), NOW, to=2)
    with pytest.raises(MayNotOvertake):
        drafts.publish_rule_draft(narrow, "", NOW, {ORDER_KEY: "mine"})
    drafts.publish_rule_draft(narrow, "", NOW, {ORDER_KEY: "theirs"})
    assert names() == ["Refunds", "Faults", "A", "B"]


CHAT = {"all": [{"field": "language", "is": ["en"]}, {"none": [{"field": "words", "any": ["seat"]}]}]}


@pytest.fixture
def chat(company):
    """A catch-all of billing at the end: it asks for no word."""
    boss = UserFactory(role=Role.ADMINISTRATOR)
    return editing.add_rule(RuleContent("Chat", CHAT, company.billing), boss, "", NOW)


def test_a_new_rule_goes_above_the_catch_alls_at_the_end_and_so_gets_messages(company, narrow, chat):
    own = editing.add_rule(RuleContent("Whistling", WORDS, company.service), narrow, "", NOW)
    assert (own.position, names()) == (3, ["Refunds", "Faults", "Whistling", "Chat"])
    vague = editing.add_rule(RuleContent("Vague", CHAT, company.service), narrow, "", NOW)
    assert (vague.position, names()[-1]) == (5, "Vague")
    boss = UserFactory(role=Role.ADMINISTRATOR)
    assert editing.add_rule(RuleContent("Boss", WORDS, company.service), boss, "", NOW).position == 4
    copy = editing.duplicate_rule(own.key, narrow, NOW)
    assert copy.position == 4


def test_a_rule_that_asks_for_words_moves_above_catch_alls_of_others_and_above_nothing_else(
    company, narrow, chat
):
    own = editing.add_rule(RuleContent("Whistling", WORDS, company.service), narrow, "", NOW)
    vague = editing.add_rule(RuleContent("Vague", CHAT, company.service), narrow, "", NOW)
    editing.move_rule(own.key, narrow, NOW, to=5)
    editing.move_rule(own.key, narrow, NOW, to=2)
    assert names() == ["Refunds", "Whistling", "Faults", "Chat", "Vague"]
    for rule, place in ((own, 1), (vague, 4)):
        with pytest.raises(MayNotOvertake):
            editing.move_rule(rule.key, narrow, NOW, to=place)


def test_a_rule_above_a_catch_all_of_others_keeps_asking_for_something(company, narrow, chat):
    own = editing.add_rule(RuleContent("Whistling", WORDS, company.service), narrow, "", NOW)
    with pytest.raises(
        MayNotOvertake, match="“Whistling” comes before “Chat”, a rule of Billing, because it"
    ):
        editing.change_rule(own.key, RuleContent("Whistling", CHAT, company.service), narrow, "", NOW)
    editing.move_rule(own.key, narrow, NOW, to=4)
    editing.change_rule(own.key, RuleContent("Whistling", CHAT, company.service), narrow, "", NOW)


def test_a_new_rule_of_a_draft_stays_above_the_catch_alls_too(company, narrow, chat):
    drafts.begin_rule_draft(narrow, NOW)
    editing.add_rule(RuleContent("Whistling", WORDS, company.service), narrow, "", NOW)
    assert drafts.publish_rule_draft(narrow, "", NOW) is not None
    assert names() == ["Refunds", "Faults", "Whistling", "Chat"]


def test_a_department_lost_meanwhile_is_not_published_to(company, narrow):
    drafts.begin_rule_draft(narrow, NOW)
    editing.switch_rule(company.faults.key, False, narrow, NOW)
    narrow.memberships.all().delete()
    del narrow.__dict__["_viewer"]
    with pytest.raises(EditNotPermitted):
        drafts.publish_rule_draft(narrow, "", NOW)


@pytest.mark.parametrize("role", [Role.AGENT, Role.COMMUNITY, Role.ANALYST])
def test_others_change_nothing(company, role):
    user = UserFactory(role=role, departments=[company.service, company.billing])
    with pytest.raises(EditNotPermitted):
        editing.switch_rule(company.faults.key, False, user, NOW)
    with pytest.raises(EditNotPermitted):
        drafts.begin_rule_draft(user, NOW)


def test_an_administrator_changes_all(company):
    admin = UserFactory(role=Role.ADMINISTRATOR)
    editing.switch_rule(company.refunds.key, False, admin, NOW)
    editing.set_default_department(company.billing, admin, NOW)
    assert Department.objects.filter(slug="billing").exists()


# Merging


def rule(key, name):
    return {"key": key, "name": name, "department": "d", "department_name": "D"}


contents = st.builds(
    lambda keys, names, default: {
        "default": {"department": default},
        "rules": [rule(key, name) for key, name in zip(keys, names, strict=True)],
    },
    st.shared(st.lists(st.sampled_from("abcdef"), unique=True, max_size=6), key="keys").flatmap(
        lambda keys: st.permutations(keys)
    ),
    st.shared(st.lists(st.sampled_from("abcdef"), unique=True, max_size=6), key="keys").flatmap(
        lambda keys: st.lists(st.sampled_from("xyz"), min_size=len(keys), max_size=len(keys))
    ),
    st.sampled_from(["one", "two"]),
)


@given(contents, contents, contents)
@settings(deadline=None)
def test_merging_loses_nothing_and_mine_alone_or_theirs_alone_comes_out_whole(base, mine, theirs):
    assert merge_snapshots(base, mine, base) == (mine, [])
    assert merge_snapshots(base, base, theirs) == (theirs, [])
    assert merge_snapshots(base, mine, mine) == (mine, [])
    merged, clashes = merge_snapshots(base, mine, theirs)
    undecided = {clash.key for clash in clashes}
    by_key = [{each["key"]: each for each in content["rules"]} for content in (base, mine, theirs)]
    for each in merged["rules"]:
        was, ours, other = (side.get(each["key"]) for side in by_key)
        assert each in (ours, other)
        if each["key"] not in undecided and ours != was:
            assert each == ours
        if each["key"] not in undecided and other != was:
            assert each == other
    chosen = dict.fromkeys(undecided, "theirs")
    assert merge_snapshots(base, mine, theirs, chosen)[1] == []
