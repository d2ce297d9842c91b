"""Word lists: rules refer to them by name, versions carry them, and old rules become readable."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps

from accounts.models import Role
from routing.conditions.sentences import condition_sentence
from routing.conditions.word_lists import (
    find_word_list_problems,
    inline_word_lists,
    word_list_condition,
    word_list_names,
)
from routing.facts import Facts, serialize_decision
from routing.models import RuleDraft, RuleSetVersion, WordList
from routing.reading import with_reading
from routing.refusals import EditNotPermitted, RuleSetError
from routing.rules import drafts, versions
from routing.rules.editing import apply_rule_edit, restore_rules_version
from routing.rules.edits import with_word_list, without_word_list
from routing.rules.engine import compile_rules, decide
from routing.rules.extraction import canonical_condition, extract_word_lists
from routing.rules.findings import Vocabulary, check_rules
from routing.rules.history import describe_ruleset_changes
from routing.rules.merging import merge_snapshots
from routing.rules.starter import STARTER_DEPARTMENTS, starter_rules, starter_snapshot, starter_word_lists
from routing.rules.store import build_rules_snapshot
from tests.factories import NOW, DepartmentFactory, UserFactory

LEAKS = {
    "name": "leaks and cracks",
    "words": {"en": ["leak*", "lid cracked"], "de": ["undicht"]},
    "except": ["leak test passed"],
    "also": [{"all": [{"field": "words", "any": ["water"]}, {"field": "words", "any": ["floor"]}]}],
}
ABOUT_LEAKS = {"field": "about", "is": ["leaks"]}


def rule(condition, key="r1", department="tech", name="Leaks"):
    return {"key": key, "name": name, "department": department, "condition": condition}


def snapshot(*rules, **lists):
    return {"default": {"department": "service"}, "rules": list(rules), "word_lists": lists}


def decided(text, content):
    return decide(Facts(text, "x", "mentions", "", NOW), compile_rules(content))


@pytest.mark.parametrize(
    ("text", "department"),
    [
        ("My kettle is leaking", "tech"),
        ("Der Deckel ist undicht", "tech"),
        ("water all over the floor", "tech"),
        ("water in my glass", "service"),
        ("The leak test passed, no leaks", "service"),
    ],
)
def test_a_rule_is_about_what_its_list_says_in_every_language_but_not_its_exceptions(text, department):
    assert decided(text, snapshot(rule(ABOUT_LEAKS), leaks=LEAKS)).department == department


def test_a_reason_names_the_list_and_the_words_found():
    reasons = decided("lid cracked, now it leaks", snapshot(rule(ABOUT_LEAKS), leaks=LEAKS)).reasons
    assert reasons == (
        "About “leaks and cracks” (“leak*” and “lid cracked”) → tech (rule “Leaks”, version 0)",
    )


def test_a_decision_keeps_every_word_of_its_lists_that_was_found():
    words = ["hums", "rattles", "squeaks", "whistles", "hisses", "is loud"]
    noises = {"name": "noises", "words": {"en": words}}
    about = {
        "all": [
            {"any": [ABOUT_LEAKS, {"field": "about", "is": ["noises"]}]},
            {"field": "words", "any": ["pump"]},
        ]
    }
    content = snapshot(rule(about), leaks=LEAKS, noises=noises)
    decision = decided("The pump hums, rattles, squeaks, whistles and hisses. It leaks, too.", content)
    assert decision.words == ("leak*", "hums", "rattles", "squeaks", "whistles", "hisses")
    assert "and 1 more" in decision.reasons[0]
    assert serialize_decision(decision)["words"] == decision.words
    assert decided("pump: water on the floor", content).words == ("water", "floor")
    assert decided("nothing of this", content).words is None


def test_not_about_a_list_excludes_its_words():
    content = snapshot(
        rule({"all": [{"field": "words", "any": ["lid"]}, {"none": [ABOUT_LEAKS]}]}), leaks=LEAKS
    )
    assert decided("the lid is blue", content).department == "tech"
    assert decided("the lid cracked", content).department == "service"


def test_a_rule_without_its_list_cannot_be_published_and_says_so():
    (finding,) = check_rules(
        snapshot(rule(ABOUT_LEAKS)), Vocabulary({"tech": ("Tech", True), "service": ("Service", True)})
    )
    assert (finding.level, finding.text) == (
        "error",
        "There is no word list “leaks” any more. Choose another, or remove that row.",
    )
    with pytest.raises(RuleSetError, match="Rule “Leaks”: there is no word list 'leaks' any more"):
        compile_rules(snapshot(rule(ABOUT_LEAKS)))


def test_a_rule_below_one_with_its_list_is_reported_as_never_reached():
    below = rule({"field": "words", "any": ["lid cracked"]}, key="r2", department="service", name="Lids")
    found = check_rules(
        snapshot(
            rule(ABOUT_LEAKS | {"is": ["plain"]}), below, plain={"name": "plain", "words": {"en": ["lid*"]}}
        ),
        Vocabulary({"tech": ("Tech", True), "service": ("Service", True)}),
    )
    assert [(finding.rule, finding.kind) for finding in found] == [("r2", "unreachable")]


@pytest.mark.parametrize(
    ("word_list", "problem"),
    [
        ({"name": "x", "words": {}}, "Give at least one word."),
        ({"name": "x", "words": {"en": ["!!"]}}, "The word “!!” has no letter or digit to look for."),
        ({"name": "x", "words": {"en": [f"w{n}" for n in range(2001)]}}, "2,001 words are too many"),
        (
            {"name": "x", "words": {"en": ["a"]}, "also": [{"field": "network", "is": ["x"]}]},
            "A word list looks at the text alone: put “network” into the rule instead.",
        ),
    ],
)
def test_a_list_that_cannot_be_used_says_why(word_list, problem):
    assert find_word_list_problems(word_list)[0].startswith(problem)


# The starter rules


def test_every_starter_rule_reads_as_one_short_sentence_without_words_of_patterns():
    names = word_list_names(starter_word_lists())
    sentences = [condition_sentence(each["condition"], names=names) for each in starter_rules()]
    assert len(sentences) == 18
    assert all(len(sentence) <= 200 and "pattern" not in sentence for sentence in sentences)
    assert sentences[6] == "is about “charges and refunds”"
    assert sentences[14] == "is about “thanks and praise”, does not sound negative and has no question mark"
    assert sentences[0] == (
        "is about “advertising and chain messages”, or is about “offers from strangers” and has no question mark, "
        "or looks like spam"
    )


def test_every_starter_list_is_sound_and_used():
    used = {
        key
        for each in starter_rules()
        for key in starter_word_lists()
        if f'"{key}"' in str(each).replace("'", '"')
    }
    assert used == set(starter_word_lists())
    assert [find_word_list_problems(each) for each in starter_word_lists().values()] == [[]] * len(used)


# Old rules


def test_unchanged_starter_rules_with_words_of_their_own_become_readable():
    """Words in another order, exceptions in several groups: all the same."""
    lists = starter_word_lists()
    long = word_list_condition(lists["thanks-and-praise"])
    (yes, no) = long["all"]
    flat = {
        "all": [
            {"field": "words", "any": yes["any"][::-1]},
            {"none": [{"field": "sentiment", "is": ["negative"]}]},
            {
                "none": [
                    {"field": "words", "any": no["none"][0]["any"][:9]},
                    {"field": "words", "any": no["none"][0]["any"][9:]},
                ]
            },
            {"none": [{"field": "pattern", "matches": "[?？]"}]},
        ]
    }
    rules, found = extract_word_lists([rule(flat)], {}, starter_rules(), lists)
    assert rules[0]["condition"] == starter_rules()[14]["condition"]
    assert set(found) == {"thanks-and-praise"}


def test_long_words_of_any_other_rule_get_a_list_named_after_it_and_decide_as_before():
    words = [f"word{n}" for n in range(40)]
    old = {"all": [{"field": "words", "any": words}, {"none": [{"field": "words", "any": ["stop"]}]}]}
    rules, lists = extract_word_lists(
        [rule(old), rule(old, key="r2")], {}, starter_rules(), starter_word_lists()
    )
    assert [each["condition"]["all"][0] for each in rules] == [
        {"field": "about", "is": ["leaks"]},
        {"field": "about", "is": ["leaks-2"]},
    ]
    assert [lists[key]["name"] for key in ("leaks", "leaks-2")] == ["Leaks", "Leaks 2"]
    content = snapshot(*rules, **lists)
    assert decided("word7 here", content).department == "tech"
    assert decided("word7 stop", content).department == "service"


def test_a_short_rule_stays_as_it_is():
    short = {"any": [{"field": "words", "any": ["a", "b"]}]}
    assert extract_word_lists([rule(short)], {}, starter_rules(), starter_word_lists()) == ([rule(short)], {})


def test_conditions_that_mean_different_things_are_told_apart():
    a, b = {"field": "words", "any": ["a"]}, {"field": "words", "any": ["b"]}
    assert canonical_condition({"any": [a, b]}) == canonical_condition({"field": "words", "any": ["b", "a"]})
    assert canonical_condition({"all": [a, b]}) != canonical_condition({"any": [a, b]})
    assert canonical_condition({"all": [a, {"none": [b]}]}) != canonical_condition(
        {"all": [b, {"none": [a]}]}
    )


# Versions, drafts, permissions


@pytest.fixture()
def listed(company):
    """The company's rules, and one of Technical support's that uses a list."""
    DepartmentFactory(slug="tech", name="Technical support")
    company.admin = UserFactory(role=Role.ADMINISTRATOR)

    def change(content):
        last = {**content["rules"][0], "key": "00000000-0000-4000-8000-000000000077", "name": "Leaks"}
        last |= {"condition": ABOUT_LEAKS, "department": "tech"}
        return with_word_list(content, "leaks", LEAKS) | {"rules": [*content["rules"], last]}

    apply_rule_edit(None, "Leaks", NOW, change)
    return company


def edit_list(by, **changes):
    return apply_rule_edit(by, "", NOW, lambda content: with_word_list(content, "leaks", LEAKS | changes))


@pytest.mark.django_db()
def test_a_version_decides_with_the_words_it_was_published_with(listed):
    first = RuleSetVersion.objects.first().number
    edit_list(None, words={"en": ["drip*"]})
    assert (
        decide(Facts("it leaks", "x", "mentions", "", NOW), versions.compiled_version(first)).rule_name
        == "Leaks"
    )
    assert decide(Facts("it leaks", "x", "mentions", "", NOW), versions.live_rules()).rule_name != "Leaks"
    restore_rules_version(first, None, NOW)
    assert WordList.objects.get(key="leaks").content["words"] == LEAKS["words"]


@pytest.mark.django_db()
def test_going_back_to_a_version_older_than_word_lists_keeps_the_lists(listed):
    old = RuleSetVersion.objects.order_by("number").first().number
    restore_rules_version(old, None, NOW)
    assert "word_lists" not in RuleSetVersion.objects.get(number=old).snapshot
    assert build_rules_snapshot()["word_lists"] == {"leaks": LEAKS}


@pytest.mark.django_db()
def test_an_edit_of_a_list_is_told_in_the_list_of_versions(listed):
    before = build_rules_snapshot()
    edit_list(None, words={"en": ["leak*", "drips"], "de": ["undicht"]}, **{"except": []})
    assert describe_ruleset_changes(before, build_rules_snapshot()) == [
        "Word list “leaks and cracks”: “drips” added; “lid cracked” removed; “leak test passed” removed as an exception"
    ]


@pytest.mark.django_db()
def test_a_draft_holds_edits_of_lists_until_it_is_published(listed):
    admin = listed.admin
    drafts.begin_rule_draft(admin, NOW)
    edit_list(admin, words={"en": ["drip*"]})
    assert build_rules_snapshot()["word_lists"]["leaks"] == LEAKS
    assert RuleDraft.objects.get(by=admin).content["word_lists"]["leaks"]["words"] == {"en": ["drip*"]}
    drafts.publish_rule_draft(admin, "", NOW)
    assert build_rules_snapshot()["word_lists"]["leaks"]["words"] == {"en": ["drip*"]}


def test_two_edits_of_one_list_clash_and_two_of_different_lists_do_not():
    base = snapshot(a={"name": "a", "words": {"en": ["x"]}}, b={"name": "b", "words": {"en": ["y"]}})
    mine = with_word_list(base, "a", {"name": "a", "words": {"en": ["x", "mine"]}})
    theirs = with_word_list(base, "b", {"name": "b", "words": {"en": ["theirs"]}})
    merged, clashes = merge_snapshots(base, mine, theirs)
    assert not clashes
    assert merged["word_lists"] == {"a": mine["word_lists"]["a"], "b": theirs["word_lists"]["b"]}
    other = with_word_list(base, "a", {"name": "a", "words": {"en": ["other"]}})
    assert [clash.key for clash in merge_snapshots(base, mine, other)[1]] == ["list a"]
    assert merge_snapshots(base, mine, other, {"list a": "theirs"})[0]["word_lists"] == other["word_lists"]
    assert "a" not in merge_snapshots(base, without_word_list(base, "a"), base)[0]["word_lists"]


@pytest.mark.django_db()
def test_a_list_is_changed_only_by_who_may_change_every_rule_that_uses_it(listed):
    with pytest.raises(EditNotPermitted, match="The rule “Leaks” uses it, which is not yours to change"):
        edit_list(listed.manager, words={"en": ["drip*"]})
    edit_list(listed.admin, words={"en": ["drip*"]})
    apply_rule_edit(None, "", NOW, lambda content: content | {"rules": content["rules"][:-1]})
    edit_list(listed.manager, words={"en": ["drop*"]})


def test_the_starter_snapshot_holds_every_list_once():
    assert starter_snapshot()["word_lists"] == starter_word_lists()


@pytest.mark.django_db()
def test_a_database_from_before_word_lists_gets_them_as_a_version_and_decides_as_before():
    """The migration on rules that hold their words themselves, one of them switched off."""
    departments = {
        slug: DepartmentFactory(slug=slug, name=name) for slug, name in STARTER_DEPARTMENTS.items()
    }
    versions.install_starter_rules(departments, "service", NOW)
    inline = inline_word_lists(build_rules_snapshot())["rules"]
    apply_rule_edit(
        None,
        "",
        NOW,
        lambda content: content | {"rules": [inline[0] | {"enabled": False}, *inline[1:]], "word_lists": {}},
    )
    assert not WordList.objects.exists()
    before = RuleSetVersion.objects.first()

    migration = importlib.import_module("routing.migrations.0002_word_lists")
    migration.extract_lists_of_live_rules(apps, None)

    after = RuleSetVersion.objects.first()
    assert after.number == before.number + 1
    assert after.snapshot == build_rules_snapshot()
    assert [each["condition"] for each in after.snapshot["rules"]] == [
        each["condition"] for each in starter_rules()
    ]
    assert not after.snapshot["rules"][0]["enabled"]
    assert set(after.snapshot["word_lists"]) == set(starter_word_lists())
    old, new = (compile_rules({**each.snapshot, "version": 1}) for each in (before, after))
    for text in ("I was charged twice", "die App geht nicht", "thanks so much!", "Are you hiring?", "hi"):
        facts = with_reading(Facts(text, "x", "mentions", "", NOW))
        assert decide(facts, old).department == decide(facts, new).department
