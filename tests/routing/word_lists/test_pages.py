"""The pages of the word lists: everyone reads, who may change the rules that use a list edits it, edits are versions."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from inbox.decisions.recent_messages import read_recent_words
from inbox.models import Decision
from routing.models import Rule, RuleDraft, RuleSetVersion, WordList
from routing.rules import drafts, editing
from routing.rules.editing import RuleContent, apply_rule_edit
from routing.rules.edits import with_word_list
from tests.factories import NOW, CaseFactory, DepartmentFactory, MessageFactory, UserFactory
from tests.markup import squeezed

LEAKS = {
    "name": "leaks",
    "words": {"en": ["leak*", "lid cracked"], "de": ["undicht"]},
    "except": ["leak test"],
}


@pytest.fixture()
def listed(company, client):
    """A list that a rule of Service uses, and one that a rule of Technical support uses; Maria manages Service."""
    tech = DepartmentFactory(slug="tech", name="Technical support")
    foreign = {"name": "outages", "words": {"en": ["outage"]}}
    apply_rule_edit(
        None,
        "",
        NOW,
        lambda content: with_word_list(with_word_list(content, "leaks", LEAKS), "outages", foreign),
    )
    for name, key, department in (("Leaks", "leaks", company.service), ("Outages", "outages", tech)):
        condition = {"any": [{"field": "about", "is": [key]}]}
        editing.add_rule(RuleContent(name, condition, department), None, "", NOW)
    client.force_login(company.manager)
    return company


def page(name, *args):
    return reverse(f"routing:{name}", args=args)


def form(**changes):
    sent = {"name": "leaks", "words_en": "leak*\nlid cracked", "words_de": "undicht", "excluded": "leak test"}
    return {**sent, "also": "", "note": "", "mark": "", **changes}


def text(response):
    return response.content.decode()


def words_of(key):
    return WordList.objects.get(key=key).content["words"]


def test_the_list_says_words_languages_and_the_rules_that_use_each(client, listed):
    body = text(client.get(page("word_lists")))
    assert "English, German" in body
    assert body.index("<bdi>Leaks</bdi>") < body.index("<bdi>Outages</bdi>")
    assert ">Leaks<" in body


def test_a_saved_list_is_live_and_a_version_says_what_changed(client, listed):
    answer = client.post(page("word_list_edit", "leaks"), form(words_en="leak*, Drips  slowly"), follow=True)
    assert "“leaks” is saved and live." in text(answer)
    assert words_of("leaks") == {"en": ["leak*", "Drips slowly"], "de": ["undicht"]}
    version = RuleSetVersion.objects.first()
    assert version.note == "Word list “leaks”: “Drips slowly” added; “lid cracked” removed"
    assert version.created_by == listed.manager
    assert "“Drips slowly” added" in text(client.get(page("versions")))


def test_a_list_goes_back_to_an_earlier_version_alone(client, listed):
    client.post(page("word_list_edit", "leaks"), form(words_en="drips"))
    body = text(client.get(page("word_list_edit", "leaks")))
    assert body.count("Go back to this") == 1
    before = next(v.number for v in RuleSetVersion.objects.all()[1:] if "leaks" in v.snapshot["word_lists"])
    answer = client.post(page("word_list_restore", "leaks", before), follow=True)
    assert f"“leaks” is as it was in version {before}." in text(answer)
    assert words_of("leaks") == LEAKS["words"]


def test_while_there_is_a_draft_a_list_is_changed_in_it(client, listed):
    client.post(page("word_list_edit", "leaks"), form(words_en="drips", draft="1"))
    assert words_of("leaks") == LEAKS["words"]
    draft = RuleDraft.objects.get(by=listed.manager)
    assert draft.content["word_lists"]["leaks"]["words"]["en"] == ["drips"]
    assert "“drips” added" in text(client.get(page("rule_list")))
    assert "drips" in text(client.get(page("word_list_edit", "leaks")))


def test_a_new_list_gets_a_language_and_is_offered_to_rules(client, listed):
    sent = {"name": "Cables", "words_en": "cable", "new_language": "fr", "new_words": "câble, fil\n"}
    client.post(page("word_list_new"), sent)
    assert words_of("cables") == {"en": ["cable"], "fr": ["câble", "fil"]}
    assert '<option value="about"' in text(client.get(page("rule_new")))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": " "}, "Give it a name"),
        ({"name": "Outages"}, "There is a word list “Outages” already"),
        ({"words_en": "", "words_de": ""}, "Give at least one word."),
        ({"words_en": "le*ak"}, "In “le*ak” the star may only follow a single word"),
        ({"new_words": "fil"}, "Choose the language of these words."),
        ({"also": "[{"}, "This is not JSON"),
        ({"also": json.dumps([{"field": "pattern", "matches": "("}])}, "The pattern cannot be read"),
        ({"mark": "0123456789abcdef"}, "Somebody changed this list in the meantime"),
    ],
)
def test_a_refused_list_keeps_what_was_typed_and_says_why(client, listed, changes, problem):
    answer = client.post(page("word_list_edit", "leaks"), form(excluded="typed so far", **changes))
    assert answer.status_code == 422
    assert problem in text(answer)
    assert "typed so far" in text(answer)
    assert words_of("leaks") == LEAKS["words"]


def test_a_list_that_rules_use_is_not_deleted_and_the_page_names_them(client, listed):
    assert "Rule 3, <bdi>Leaks</bdi>" in text(client.get(page("word_list_delete", "leaks")))
    answer = client.post(page("word_list_delete", "leaks"), follow=True)
    assert "“leaks” is used by “Leaks”. Nothing was deleted." in text(answer)
    assert WordList.objects.filter(key="leaks").exists()


def test_a_list_that_only_a_draft_of_somebody_else_uses_is_not_deleted_either(client, listed):
    admin = UserFactory(role=Role.ADMINISTRATOR, first_name="Ada", last_name="Low")
    content = {"any": [{"field": "about", "is": ["spare"]}]}
    apply_rule_edit(
        None,
        "",
        NOW,
        lambda rules: with_word_list(rules, "spare", {"name": "spare", "words": {"en": ["x1"]}}),
    )
    drafts.begin_rule_draft(admin, NOW)
    editing.add_rule(RuleContent("Spare", content, listed.service), admin, "", NOW)
    answer = client.post(page("word_list_delete", "spare"), follow=True)
    assert "is used by “Spare (draft of Ada Low)”" in text(answer)


def test_an_unused_list_is_deleted_and_the_versions_keep_it(client, listed):
    client.post(page("word_list_new"), {"name": "Spare", "words_en": "x1"})
    answer = client.post(page("word_list_delete", "spare"), follow=True)
    assert "The word list “Spare” is deleted." in text(answer)
    assert not WordList.objects.filter(key="spare").exists()
    assert "spare" in RuleSetVersion.objects.all()[1].snapshot["word_lists"]


def test_a_message_is_tried_on_what_is_typed_without_saving(client, listed):
    sent = form(words_en="drip*", **{"try": "1"}, try_text="It drips all night")
    body = text(client.post(page("word_list_edit", "leaks"), sent))
    assert "About “leaks” (“drip*”)" in body
    assert "by “<bdi>Leaks</bdi>”" in body
    assert words_of("leaks") == LEAKS["words"]


def test_a_list_of_another_departments_rule_is_read_but_not_changed(client, listed):
    body = text(client.get(page("word_list_edit", "outages")))
    assert "outage" in body
    assert "Save and publish" not in body
    for name, *args in (
        ("word_list_edit", "outages"),
        ("word_list_delete", "outages"),
        ("word_list_restore", "outages", 1),
    ):
        assert client.post(page(name, *args), form()).status_code == 404
    assert words_of("outages") == {"en": ["outage"]}


@pytest.mark.parametrize("role", [Role.AGENT, Role.COMMUNITY, Role.ANALYST])
def test_others_read_the_lists_and_change_none(client, listed, role):
    client.force_login(UserFactory(role=role))
    assert client.get(page("word_lists")).status_code == 200
    assert client.get(page("word_list_edit", "leaks")).status_code == 200
    for name, *args in (("word_list_new",), ("word_list_edit", "leaks"), ("word_list_delete", "leaks")):
        assert client.post(page(name, *args), form()).status_code == 404
    assert words_of("leaks") == LEAKS["words"]


def test_pages_cost_the_same_for_one_list_and_for_many(client, listed, django_assert_max_num_queries):
    def statements(name, *args):
        with django_assert_max_num_queries(100) as seen:
            client.get(page(name, *args))
        return len(seen)

    client.get(page("word_lists"))
    before = statements("word_lists"), statements("word_list_edit", "leaks")
    many = {f"list-{n}": {"name": f"list {n}", "words": {"en": [f"w{n}"]}} for n in range(20)}
    apply_rule_edit(None, "", NOW, lambda content: content | {"word_lists": content["word_lists"] | many})
    assert (statements("word_lists"), statements("word_list_edit", "leaks")) == before


def test_a_rule_is_found_by_the_words_of_its_list(client, listed):
    body = text(client.get(page("rule_list"), {"q": "undicht"}))
    assert ">Leaks<" in body
    assert ">Outages<" not in body


def test_a_clash_about_a_list_says_both_sides(client, listed):
    client.post(page("word_list_edit", "leaks"), form(words_en="mine", draft="1"))
    theirs = LEAKS | {"words": {"en": ["theirs"], "de": ["undicht"]}}
    admin = UserFactory(role=Role.ADMINISTRATOR)
    apply_rule_edit(admin, "", NOW, lambda content: with_word_list(content, "leaks", theirs))
    body = text(client.get(page("draft_publish")))
    assert "The word list “leaks”" in body
    assert "“mine” added" in body
    client.post(page("draft_publish"), {"note": "", "choose-list leaks": "mine"})
    assert words_of("leaks")["en"] == ["mine"]


def decided(listed, words=None, *, text="", days=1, **more):
    """A decision of the rule about leaks. Without `words` it is of the time when decisions did not keep them."""
    case = CaseFactory(**{"department": listed.service, **more})
    sent = timezone.now() - dt.timedelta(days=days)
    message = MessageFactory(case=case, text=text, network_time=sent)
    number = RuleSetVersion.objects.first().number
    kept = {} if words is None else {"words": words}
    return Decision.objects.create(
        message=message, case=case, department=case.department, decided_by="rule", version=number,
        rule_key=Rule.objects.get(name="Leaks").key, rule_name="Leaks", at=sent, reasons=["Is about “leaks” → Service"],
        trace={"facts": {}, "decided": {"department": "service", **kept}},
    )  # fmt: skip


def test_words_are_counted_in_what_the_reader_may_read_when_somebody_asks(client, listed):
    decided(listed, ["leak*", "lid cracked"])
    decided(listed, ["leak*"], visibility="direct")
    decided(listed, ["undicht"], days=31)
    decided(listed, ["undicht"], department=DepartmentFactory())
    address = page("word_list_edit", "leaks")
    assert "?counts=1" in text(client.get(address))
    counted = squeezed(text(client.get(address, {"counts": "1"})))
    assert "In 2 messages of the last 30 days" in counted
    assert '<li><bdi>leak*</bdi> <span class="num">2</span></li>' in counted
    assert '<li><bdi>lid cracked</bdi> <span class="num">1</span></li>' in counted
    assert "<bdi>undicht</bdi>" in counted.split("Not found")[1]
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    counted = squeezed(text(client.get(address, {"counts": "1"})))
    assert '<li><bdi>leak*</bdi> <span class="num">1</span></li>' in counted, "no direct messages"


def test_decisions_that_kept_no_words_are_made_again_to_count_them(
    client, listed, django_assert_max_num_queries
):
    decided(listed, ["undicht"])
    for said in ("The jug leaks, its lid cracked", "It leaked", "Nothing of this list"):
        decided(listed, text=said)
    user, now = listed.manager, timezone.now()
    keys = [Rule.objects.get(name="Leaks").key]
    with django_assert_max_num_queries(6):
        recent = read_recent_words(user, keys, now)
    assert sorted(map(tuple, recent.found_words)) == [("leak*",), ("leak*", "lid cracked"), ("undicht",)]
    counted = squeezed(text(client.get(page("word_list_edit", "leaks"), {"counts": "1"})))
    assert "In 3 messages of the last 30 days" in counted
    assert '<li><bdi>leak*</bdi> <span class="num">2</span></li>' in counted


def test_the_reason_for_a_lists_draft_waits_where_the_draft_is_published(client, listed):
    client.post(page("word_list_edit", "leaks"), form(words_en="drips", note="Too many leaks", draft="1"))
    assert 'value="Too many leaks"' in text(client.get(page("draft_publish")))


def test_a_list_of_patterns_alone_does_not_look_empty(client, listed):
    only = {"name": "endings", "words": {}, "also": [{"field": "pattern", "matches": "^bye"}]}
    apply_rule_edit(None, "", NOW, lambda content: with_word_list(content, "endings", only))
    assert "1 pattern" in text(client.get(page("word_lists")))
    body = text(client.get(page("word_list_edit", "endings")))
    assert '<details class="tile" open>' in body and "1 pattern" in body
