"""Comments anywhere on a Page come in, and what Facebook does not show is stated. Against the simulated networks."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import Stream
from inbox.ingest import retry
from inbox.models import Case, Message, Quarantined
from tests.inbox.ingest.test_late_messages import connect, poll, simulator  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def page(simulator):  # noqa: F811
    connect(simulator, "facebook", "comments")
    return simulator


def publish(page, count: int) -> list[str]:
    posts = [
        {"network": "facebook", "kind": "brand_post", "by_brand": True, "text": f"Post {number}"}
        for number in range(count)
    ]
    return [message["id"] for message in page.post("/_sim/messages", posts)["messages"]]


def stored() -> set[str]:
    return set(Message.objects.values_list("text", flat=True))


def test_under_posts_that_are_not_among_the_newest(page):
    posts = publish(page, 160)
    poll()
    texts = set()
    for place in (0, 20, 59, 60, 61, 159):
        texts.add(
            page.say(f"under {place}", "facebook", author=f"p{place}", in_reply_to=posts[place])["text"]
        )
    poll()
    assert stored() == texts


def test_under_a_single_photo_of_an_album(page):
    [album] = publish(page, 1)
    photos = [
        page.say(f"photo {n}", "facebook", kind="photo", by_brand=True, in_reply_to=album)["id"]
        for n in range(4)
    ]
    poll()
    page.say("Nice pictures", "facebook", author="tess", in_reply_to=album)
    page.say("This one arrived broken", "facebook", author="ines", in_reply_to=photos[1])
    poll()
    assert stored() == {"Nice pictures", "This one arrived broken"}
    assert Case.objects.filter(waiting_since__isnull=False).count() == 2


def test_under_an_advertisement(page):
    ad = page.say("Buy now", "facebook", kind="ad", by_brand=True)["id"]
    page.say("I paid through this ad and nothing came", "facebook", author="tess", in_reply_to=ad)
    poll()
    assert stored() == {"I paid through this ad and nothing came"}
    assert Stream.objects.get().unread == []


def test_advertisements_that_we_may_not_list_are_stated(page):
    page.post("/_sim/settings", {"advertisements": False})
    page.say("Nice", "facebook", author="tess")
    poll()
    assert stored() == {"Nice"}
    [part] = Stream.objects.get().unread
    assert (part["key"], part["what"]) == ("advertisements", "Comments under advertisements")
    first_seen = part["since"]
    poll()
    assert Stream.objects.get().unread[0]["since"] == first_seen


def test_what_facebook_does_not_show_is_stated_and_read_later(page):
    [post] = publish(page, 1)
    for number in range(40):
        page.say(f"comment {number}", "facebook", author=f"p{number}", in_reply_to=post)
    page.faults(fault="not_shown", network="facebook", path=f"/{post}/comments", times=1)
    poll()
    assert len(stored()) == 25
    [part] = Stream.objects.get().unread
    assert (part["what"], part["is_trouble"]) == ("Comments under one post or photo", True)
    assert "does not show" in part["why"]
    poll()
    assert len(stored()) == 40
    assert Stream.objects.get().unread == []
    assert Stream.objects.get().overflowed_at is None


def test_a_quarantined_comment_that_is_not_shown_stays_in_quarantine(page):
    stream = Stream.objects.get()
    item = Quarantined.objects.create(
        brand_account=stream.brand_account,
        stream=stream,
        remote_id="5001_7001",
        raw=b"{}",
        digest="x",
        error="unreadable",
        first_seen_at=timezone.now(),
        retry_wanted=True,
    )
    assert not retry.retry_quarantined_item(item.pk)
    item.refresh_from_db()
    assert item.resolved_at is None
    assert "does not let us see this, or it was deleted" in item.error
