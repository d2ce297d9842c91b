"""However deliveries are shuffled, doubled and cut into pages: the same messages, each once, cases and counts whole."""

import datetime as dt

import pytest
from django.db import transaction
from django.db.models import Count
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.testing.quick import scale_examples
from inbox.models import Case, CaseEvent, Custody, Decision, Message, Verb
from networks.base import Author
from tests.factories import NOW
from tests.inbox.fake_connector import message

pytestmark = pytest.mark.django_db

ORIGINAL = [
    *(message(f"m{n}", f"text {n}", by=str(n % 4), minute=n * 700) for n in range(12)),
    *(
        message(f"e{n}", f"edited {n}", canonical_id=f"m{n}", by=str(n % 4), minute=n * 700, edited_at=NOW)
        for n in (2, 5)
    ),
    message(
        "e5b", "edited again", canonical_id="m5", by="1", minute=3500, edited_at=NOW + dt.timedelta(minutes=1)
    ),
    *(
        message(f"d{n}", "psst", by="1", visibility="direct", stream="direct", thread_id="dm", minute=n)
        for n in (1, 50)
    ),
    message("own", "Hello", author=Author("9000", is_self=True), minute=3),
]
TEXTS = {one.canonical_id: one.text for one in ORIGINAL if not one.author.is_self}
TEXTS |= {"m2": "edited 2", "m5": "edited again"}


@given(
    order=st.lists(st.sampled_from(range(len(ORIGINAL))), min_size=0, max_size=30),
    rest=st.permutations(range(len(ORIGINAL))),
    size=st.integers(1, 12),
)
@settings(
    max_examples=scale_examples(25),
    suppress_health_check=[*settings().suppress_health_check, HealthCheck.function_scoped_fixture],
)
def test_any_order_gives_the_same_messages(feed, order, rest, size):
    deliveries = [ORIGINAL[n] for n in [*order, *rest]]
    with transaction.atomic():
        for start in range(0, len(deliveries), size):
            feed.store(*deliveries[start : start + size])

        assert dict(Message.objects.values_list("canonical_id", "text")) == TEXTS
        assert Decision.objects.count() == len(TEXTS)
        counted = Case.objects.annotate(n=Count("messages")).values_list("message_count", "n")
        assert all(kept == found for kept, found in counted)
        assert not Case.objects.exclude(visibility="public").exclude(messages__visibility="direct").exists()
        for verb in (Verb.OPENED, Verb.ROUTED):
            assert CaseEvent.objects.filter(verb=verb).count() == Case.objects.count()
        assert Custody.objects.filter(left_at=None).count() == Case.objects.count()
        transaction.set_rollback(True)
