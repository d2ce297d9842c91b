import pytest

from accounts.models import Stream
from inbox.ingest import write_sql
from inbox.models import Case, Message, Quarantined
from postgres.bound_cursors import fetch_rows
from tests.inbox.fake_connector import message

pytestmark = pytest.mark.django_db


@pytest.fixture
def database_refuses_poison(monkeypatch):
    """Make the database refuse messages with the text "poison".

    By a numeric overflow, as an unforeseen value would cause.
    """
    write = write_sql.write_messages

    def refuse(brand, rows, *more):
        if any(row["text"] == "poison" for row in rows):
            fetch_rows("SELECT 99999999999::int", {})
        return write(brand, rows, *more)

    monkeypatch.setattr(write_sql, "write_messages", refuse)


@pytest.mark.parametrize("bad", [{0}, {7}, {0, 99}, {3, 4, 50}, set(range(0, 100, 9))])
def test_a_message_the_database_refuses_costs_only_itself(feed, database_refuses_poison, bad):
    outcome = feed.store(
        *(message(f"m{n}", "poison" if n in bad else "fine", by=str(n)) for n in range(100)), cursor="9"
    )
    assert (outcome.stored, outcome.quarantined) == (100 - len(bad), len(bad))
    assert set(Quarantined.objects.values_list("remote_id", flat=True)) == {f"m{n}" for n in bad}
    assert Message.objects.count() == Case.objects.count() == 100 - len(bad)
    assert Stream.objects.get().cursor == {"since": "9"}


def test_a_page_of_poison_alone_still_moves_the_cursor(feed, database_refuses_poison):
    feed.store(message("1", "poison"), cursor="9")
    assert Stream.objects.get().cursor == {"since": "9"}
    assert "out of range" in Quarantined.objects.get().error
