"""Trying a draft on the past: what moves, examples for the right eyes, stopped, killed and doubled without a trace."""

from __future__ import annotations

import datetime as dt
import re
from functools import partial

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from inbox import tasks
from inbox.models import Case, Decision, Message, PreviewState, RulePreview
from inbox.previews import run
from inbox.previews.page import list_found_words
from postgres.history import open_history
from routing.models import Rule, RuleSetVersion
from routing.refusals import RuleSetError
from routing.rules import drafts, editing, versions
from routing.rules.drafts import find_rule_draft
from routing.rules.editing import RuleContent, apply_rule_edit
from routing.rules.edits import with_word_list
from tests.factories import NOW, CaseFactory, MessageFactory, UserFactory
from tests.inbox.fake_connector import message
from tests.markup import squeezed


@pytest.fixture
def manager(feed):
    return UserFactory(role=Role.MANAGER, departments=feed.departments.values())


@pytest.fixture
def past(feed, manager):
    """Six messages of today: two speak of a refund, one of a parcel, one says thanks; and the draft wants parcels in
    billing and thanks at high priority."""
    now = timezone.now()
    texts = ["A refund please", "Refund!", "My parcel", "thanks", "hello", "parcel, again"]
    feed.store(
        *(
            message(str(n), text, by=str(n), created_at=now - dt.timedelta(hours=n + 1))
            for n, text in enumerate(texts)
        ),
        now=now,
    )
    drafts.begin_rule_draft(manager, now)
    parcels = {"field": "words", "any": ["parcel"]}
    editing.add_rule(RuleContent("Parcels", parcels, feed.departments["billing"]), manager, "", now)
    thanks = Rule.objects.get(name="Thanks")
    editing.change_rule(
        thanks.key,
        RuleContent("Thanks", thanks.condition, feed.departments["service"], priority=1, needs_answer=False),
        manager, "", now,
    )  # fmt: skip
    never = {"field": "words", "any": ["unicorn"]}
    editing.add_rule(RuleContent("Unicorns", never, feed.departments["billing"]), manager, "", now)
    return feed


def whole(preview):
    while run.work_on_preview(preview.pk, seconds=None):
        pass
    preview.refresh_from_db()
    return preview


def test_it_counts_what_moves_from_where_to_where_and_changes_nothing(past, manager):
    before = list(Case.objects.order_by("id").values()), Decision.objects.count(), Rule.objects.count()
    preview = whole(run.start_preview(manager, timezone.now()))
    assert (preview.state, preview.done, preview.total, preview.percent) == ("done", 6, 6, 100)
    assert preview.result["moves"] == {"service>billing": 2}
    assert preview.result["opening"] == {"service>billing": 2}
    assert preview.result["otherwise"] == 1
    names = {rule["key"]: rule["name"] for rule in preview.content["rules"]} | {"default": "default"}
    assert {names[key]: count for key, count in preview.result["fired"].items()} == {
        "Refunds": 2, "Parcels": 2, "Thanks": 1, "default": 1,
    }  # fmt: skip
    examples = Message.objects.filter(pk__in=preview.result["examples"]["service>billing"])
    assert {one.text for one in examples} == {"My parcel", "parcel, again"}
    assert before == (
        list(Case.objects.order_by("id").values()),
        Decision.objects.count(),
        Rule.objects.count(),
    )
    assert RuleSetVersion.objects.count() == 1


@pytest.mark.parametrize("size", [2, 1_000])
def test_it_says_how_often_each_word_of_a_list_was_found(past, manager, client, monkeypatch, size):
    monkeypatch.setattr(run, "PREVIEW_CHUNK_SIZE", size)
    deliveries = {"name": "deliveries", "words": {"en": ["parcel", "my parcel", "again", "courier"]}}
    unused = {"name": "unused", "words": {"en": ["parcel"]}}
    for key, word_list in (("deliveries", deliveries), ("unused", unused)):
        apply_rule_edit(manager, "", NOW, partial(with_word_list, key=key, word_list=word_list))
    parcels = next(rule for rule in find_rule_draft(manager).content["rules"] if rule["name"] == "Parcels")
    about = RuleContent("Parcels", {"field": "about", "is": ["deliveries"]}, past.departments["billing"])
    editing.change_rule(parcels["key"], about, manager, "", NOW)
    preview = whole(run.start_preview(manager, timezone.now()))
    assert preview.result["words"] == {parcels["key"]: {"my parcel": 1, "parcel": 1, "again": 1}}
    (shown,) = list_found_words(preview)
    assert (shown.name, shown.found, shown.total) == ("deliveries", 3, 4)
    client.force_login(manager)
    page = squeezed(client.get(f"/rules/preview/{preview.pk}/").content.decode())
    assert "3 of 4 words found" in page
    assert '<li><bdi>again</bdi> <span class="num">1</span></li>' in page
    preview.result.pop("words")
    assert list_found_words(preview) == []


@pytest.mark.parametrize("size", [1, 2, 4])
def test_chunks_of_any_size_find_the_same_also_at_equal_times(past, manager, monkeypatch, size):
    Message.objects.update(network_time=timezone.now() - dt.timedelta(hours=1))
    monkeypatch.setattr(run, "PREVIEW_CHUNK_SIZE", size)
    preview = whole(run.start_preview(manager, timezone.now()))
    assert preview.done == 6
    assert preview.result["moves"] == {"service>billing": 2}


def test_older_messages_and_our_own_are_left_out(past, manager):
    one, two = Message.objects.order_by("id")[:2]
    Message.objects.filter(pk=one.pk).update(network_time=timezone.now() - dt.timedelta(days=31))
    Message.objects.filter(pk=two.pk).update(direction="out")
    assert whole(run.start_preview(manager, timezone.now())).done == 4


def test_the_text_of_then_and_the_facts_of_then_count(past, manager):
    Message.objects.filter(text="My parcel").update(
        text="Never mind", history=[{"text": "My parcel", "until": "2026-01-01T00:00:00Z"}]
    )
    assert whole(run.start_preview(manager, timezone.now())).result["moves"] == {"service>billing": 2}


def test_messages_without_a_record_of_facts_are_tried_too(past, manager):
    with open_history():
        Decision.objects.update(trace={})
        Decision.objects.all()[0].delete()
    preview = whole(run.start_preview(manager, timezone.now()))
    assert (preview.done, preview.result["moves"]) == (6, {"service>billing": 2})


def test_only_what_the_person_may_read_is_tried(past, feed):
    """A case that has gone to another department meanwhile is none of this manager's business."""
    narrow = UserFactory(role=Role.MANAGER, departments=[feed.departments["service"]])
    case = Case.objects.get(messages__text="My parcel")
    case.department = feed.departments["billing"]
    case.save()
    now = timezone.now()
    drafts.begin_rule_draft(narrow, now)
    Rule.objects.filter(name="Refunds").update(position=9)
    # Their own draft cannot send to billing, so they try the live rules that somebody else changes to.
    drafts.discard_rule_draft(narrow)
    admin = UserFactory(role=Role.ADMINISTRATOR)
    drafts.begin_rule_draft(admin, now)
    editing.add_rule(
        RuleContent("Parcels", {"field": "words", "any": ["parcel"]}, feed.departments["billing"]),
        admin,
        "",
        now,
    )
    preview = run.start_preview(admin, now)
    RulePreview.objects.filter(pk=preview.pk).update(by=narrow)
    found = whole(preview)
    assert (found.done, found.result["moves"]) == (3, {"service>billing": 1})
    assert [Message.objects.get(pk=pk).text for pk in found.result["examples"]["service>billing"]] == [
        "parcel, again"
    ]


def everything_said_to(user):
    """The result that a preview of the person's draft finds, and its page without tokens."""
    preview = whole(run.start_preview(user, timezone.now()))
    client = Client()
    client.force_login(user)
    page = client.get(reverse("inbox:preview", args=[preview.pk])).content.decode()
    # Ids and tokens aside, which differ each time.
    page = re.sub(r"previews/\d+/|value=\"\w{64}\"|nonce=\"[^\"]+\"|/static/[^\"]+", "", page)
    return preview.result, preview.done, preview.total, page


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.MANAGER])
def test_no_number_tells_what_direct_messages_or_other_departments_say(past, feed, role):
    """A pattern that holds for what one may not read, and one that does not, look the same."""
    hidden = Case.objects.get(messages__text="My parcel")
    if role == Role.ADMINISTRATOR:
        Case.objects.filter(pk=hidden.pk).update(visibility="direct")
    else:
        Case.objects.filter(pk=hidden.pk).update(department=feed.departments["billing"])
    Message.objects.filter(case=hidden).update(text="My secret is facebook4711")
    departments = [feed.departments["service"]] if role == Role.MANAGER else []
    user = UserFactory(role=role, departments=departments)
    target = feed.departments["billing" if role == Role.ADMINISTRATOR else "service"]
    answers = []
    for pattern in ("facebook4", "facebook5"):
        drafts.begin_rule_draft(user, timezone.now())
        words = {"field": "pattern", "matches": pattern}
        editing.add_rule(RuleContent("Guess", words, target, priority=3), user, "", timezone.now())
        answers.append(everything_said_to(user))
        drafts.discard_rule_draft(user)
    assert answers[0][1:] == answers[1][1:]
    assert answers[0][0] == answers[1][0]
    assert answers[0][1] == (5 if role == Role.ADMINISTRATOR else 3)


def test_the_page_says_whose_messages_are_counted(past, feed):
    admin = UserFactory(role=Role.ADMINISTRATOR)
    manager = UserFactory(role=Role.MANAGER, departments=[feed.departments["service"]])
    for user, words in (
        (
            admin,
            "Public cases of all departments. Direct messages are counted for the people who answer them.",
        ),
        (manager, "Cases of Service."),
    ):
        drafts.begin_rule_draft(user, timezone.now())
        page = squeezed(everything_said_to(user)[3])
        assert f"{words}</bdi> Messages of others may move too; they are not counted." in page


# Robust


def test_a_worker_that_dies_is_followed_by_another_and_nothing_is_counted_twice(past, manager, monkeypatch):
    monkeypatch.setattr(run, "PREVIEW_CHUNK_SIZE", 2)
    preview = run.start_preview(manager, timezone.now())
    claimed = run._claim_preview(preview.pk, timezone.now())
    steps = run._compare_in_chunks(claimed)
    next(steps)
    assert not run.work_on_preview(preview.pk), "somebody works on it"
    assert run.due_preview_ids(timezone.now()) == []
    RulePreview.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    assert run.due_preview_ids(timezone.now()) == [preview.pk]
    found = whole(preview)
    assert list(steps) == [], "whoever was taken over writes nothing more"
    found.refresh_from_db()
    assert (found.state, found.done, found.result["moves"]) == ("done", 6, {"service>billing": 2})


def test_it_makes_room_for_other_work_and_goes_on(past, manager, monkeypatch):
    monkeypatch.setattr(run, "PREVIEW_CHUNK_SIZE", 2)
    preview = run.start_preview(manager, timezone.now())
    rounds = 0
    while run.work_on_preview(preview.pk, seconds=0):
        rounds += 1
    preview.refresh_from_db()
    assert (rounds, preview.state, preview.done) == (3, "done", 6)


def test_stopping_keeps_what_was_found(past, manager, monkeypatch):
    monkeypatch.setattr(run, "PREVIEW_CHUNK_SIZE", 2)
    preview = run.start_preview(manager, timezone.now())
    run.work_on_preview(preview.pk, seconds=0)
    assert run.cancel_preview(preview, timezone.now())
    assert not run.cancel_preview(preview, timezone.now())
    assert not run.work_on_preview(preview.pk)
    preview.refresh_from_db()
    assert (preview.state, preview.done) == (PreviewState.CANCELLED, 2)


def test_a_second_preview_stops_the_first_and_only_a_few_are_kept(past, manager):
    started = [run.start_preview(manager, timezone.now()) for _ in range(5)]
    assert list(RulePreview.objects.values_list("pk", "state")) == [
        (started[4].pk, "waiting"), (started[3].pk, "cancelled"), (started[2].pk, "cancelled"),
    ]  # fmt: skip


def test_a_version_that_is_gone_fails_with_a_reason(past, manager):
    preview = run.start_preview(manager, timezone.now())
    RulePreview.objects.update(live=99)
    versions.clear_rules_cache()
    assert whole(preview).state == "failed"


def test_a_draft_that_cannot_decide_is_refused(past, manager):
    draft = drafts.find_rule_draft(manager)
    draft.content["rules"][0]["condition"] = {"all": []}
    draft.save()
    with pytest.raises(RuleSetError, match="Rule “Refunds”"):
        run.start_preview(manager, timezone.now())


def test_the_tick_wakes_a_worker(past, manager, monkeypatch):
    woken = []
    monkeypatch.setattr(tasks.run_preview, "apply_async", lambda args, **_: woken.append(args))
    preview = run.start_preview(manager, timezone.now())
    tasks.wake_due_previews()
    assert woken == [(preview.pk,)]
    tasks.run_preview(preview.pk)
    assert RulePreview.objects.get().state == "done"


# Pages


@pytest.fixture
def page(client, past, manager):
    client.force_login(manager)
    return client


def start(client, **sent):
    response = client.post(reverse("inbox:preview_start"), sent)
    return RulePreview.objects.first(), response


def test_the_page_follows_the_work_and_shows_what_was_found(page):
    preview, response = start(page)
    address = reverse("inbox:preview", args=[preview.pk])
    assert response["Location"] == address
    waiting = page.get(address).content.decode()
    assert 'hx-trigger="every 1s"' in waiting
    assert "0%" in waiting
    whole(preview)
    partial = page.get(address, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in partial
    assert "every 1s" not in partial
    body = page.get(address).content.decode()
    for words in ("Messages that move", "My parcel", "Unicorns", "100%", "Service", "Billing"):
        assert words in body
    case = Case.objects.get(messages__text="My parcel")
    assert reverse("inbox:case", args=[case.pk]) in body


def test_examples_are_looked_up_anew_for_whoever_looks(page, manager):
    preview, _ = start(page)
    whole(preview)
    manager.memberships.all().delete()
    body = page.get(reverse("inbox:preview", args=[preview.pk])).content.decode()
    assert "My parcel" not in body
    assert "You may no longer read these messages" in body


def test_a_draft_that_is_gone_was_not_the_live_rules(page, manager):
    preview, _ = start(page)
    address = reverse("inbox:preview", args=[preview.pk])
    assert "Trying your draft" in page.get(address).content.decode()
    assert "Nothing changes before you publish" in page.get(address).content.decode()
    drafts.discard_rule_draft(manager)
    gone = page.get(address).content.decode()
    assert "What your draft would have changed" in gone
    assert "before you publish" not in gone
    live, _ = start(page)
    assert "Trying the live rules" in page.get(reverse("inbox:preview", args=[live.pk])).content.decode()


def test_it_leads_back_to_the_draft_that_it_tried_and_to_no_other(page, manager):
    preview, _ = start(page)
    address, rules = reverse("inbox:preview", args=[preview.pk]), reverse("routing:rule_list")
    back = f'<a href="{rules}#draft"><bdi>Your draft</bdi></a>'
    shown = page.get(address).content.decode()
    assert back in shown
    assert f'<a href="{rules}">Rules</a>' in shown
    assert f'<a class="btn" href="{rules}#draft">Back to your draft</a>' in shown
    assert 'id="draft"' in page.get(rules).content.decode()
    drafts.discard_rule_draft(manager)
    live, _ = start(page)
    drafts.begin_rule_draft(manager, timezone.now())
    for one in (preview, live):
        shown = page.get(reverse("inbox:preview", args=[one.pk])).content.decode()
        assert back not in shown
        assert "You have changed the draft since" not in shown
        assert f'<a href="{rules}">Rules</a>' in shown
        assert ">All rules</a>" in shown


def test_a_draft_changed_since_is_said(page, manager, past):
    preview, _ = start(page)
    whole(preview)
    editing.move_rule(Rule.objects.first().key, manager, timezone.now(), to=3)
    assert (
        "You have changed the draft since"
        in page.get(reverse("inbox:preview", args=[preview.pk])).content.decode()
    )


def test_a_colleagues_preview_is_not_there(page, client, feed):
    preview, _ = start(page)
    for user in (UserFactory(role=Role.ADMINISTRATOR), UserFactory(departments=feed.departments.values())):
        client.force_login(user)
        assert client.get(reverse("inbox:preview", args=[preview.pk])).status_code == 404
        assert client.post(reverse("inbox:preview_cancel", args=[preview.pk])).status_code == 404
    assert RulePreview.objects.get(pk=preview.pk).state == "waiting"


def test_it_is_stopped_from_the_page(page):
    preview, _ = start(page)
    page.post(reverse("inbox:preview_cancel", args=[preview.pk]))
    assert "Stopped" in page.get(reverse("inbox:preview", args=[preview.pk])).content.decode()


def test_a_file_is_tried_row_by_row(page):
    rows = 'text,id\nwhere is my parcel,1\na refund,2\n"two\nlines of parcel",3\n=1+1,4\n'
    preview, _ = start(page, file=SimpleUploadedFile("mine.csv", rows.encode("utf-8-sig")))
    assert preview.total == 4
    found = whole(preview)
    assert (found.state, found.done, found.result["moves"]) == ("done", 4, {"service>billing": 2})
    assert found.file is None
    body = page.get(reverse("inbox:preview", args=[preview.pk])).content.decode()
    assert "mine.csv" in body
    assert "two lines of parcel" in body
    assert "open a case" not in body, "no row of a file ever did"


def test_a_draft_that_changed_since_a_file_was_tried_asks_for_the_file_again(page, manager):
    preview, _ = start(page, file=SimpleUploadedFile("mine.csv", b"text\na parcel\n"))
    whole(preview)
    RulePreview.objects.update(revision=preview.revision + 1)
    body = squeezed(page.get(reverse("inbox:preview", args=[preview.pk])))
    assert "You have changed the draft since. Choose the file again below." in body
    assert "Try it again" not in body, "that would try the last 30 days"


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.csv", b"words\nx\n", "no column “text”"),
        ("a.csv", b"text\n", "The file has no row"),
        ("a.csv", b"", "Choose a CSV file"),
        ("a.csv", b" \r\n", "Nothing was tried. It is empty."),
        ("a.zip", b"PK\x03\x04\x00\x00", "It is a ZIP archive or an Excel workbook"),
        ("a.csv", b'text\nx\n"y\nz\n', "row that begins on line 3 is never closed"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(page, name, content, problem):
    response = page.post(
        reverse("inbox:preview_start"), {"file": SimpleUploadedFile(name, content)}, follow=True
    )
    assert problem in response.content.decode()
    assert not RulePreview.objects.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"id;text\n1;where is my parcel, please\x00\n2;caf\xe9\n",
        "ID\t Text \n1\twhere is my parcel, please\x00\n2\tcafé\n".encode("utf-16"),
    ],
)
def test_a_file_as_spreadsheets_save_it_is_tried(page, content):
    preview, _ = start(page, file=SimpleUploadedFile("mine.csv", content))
    found = whole(preview)
    assert (found.state, found.result["moves"]) == ("done", {"service>billing": 1})
    assert found.result["examples"] == {"service>billing": ["where is my parcel, please\ufffd"]}


def test_a_resumed_file_goes_on_where_it_was(page, monkeypatch):
    monkeypatch.setattr(run, "PREVIEW_CHUNK_SIZE", 3)
    rows = "text\n" + "parcel\n" * 10
    preview, _ = start(page, file=SimpleUploadedFile("mine.csv", rows.encode()))
    while run.work_on_preview(preview.pk, seconds=0):
        pass
    preview.refresh_from_db()
    assert (preview.done, preview.result["moves"]) == (10, {"service>billing": 10})


def test_hostile_text_in_an_example_is_text(page, feed):
    case = CaseFactory(department=feed.departments["service"], brand_account=feed.brand_account)
    MessageFactory(case=case, text="parcel <script>alert(1)</script>", network_time=timezone.now())
    preview, _ = start(page)
    whole(preview)
    body = page.get(reverse("inbox:preview", args=[preview.pk])).content.decode()
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert(1)" in body
