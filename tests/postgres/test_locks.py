"""The table of advisory locks: a number each, and one holder at a time."""

import pytest
from django.db import connections, transaction

from postgres.locks import AdvisoryLock, take_lock, try_lock


def test_no_two_locks_share_a_number():
    """An enum makes two members of one number the same member: `__members__` still has both names."""
    numbers = [int(lock) for lock in AdvisoryLock.__members__.values()]
    assert len(numbers) == len(set(numbers)) == len(AdvisoryLock)


def test_every_advisory_lock_is_taken_through_the_table():
    """A number that somebody writes into a statement of their own could be anybody's."""
    from tests.test_house import ROOT, modules

    elsewhere = [
        str(path.relative_to(ROOT))
        for name, path in modules().items()
        if "pg_advisory" in (text := path.read_text(encoding="utf-8")) or "pg_try_advisory" in text
        if name != "postgres.locks"
    ]
    assert elsewhere == []


@pytest.mark.django_db(transaction=True)
def test_a_lock_has_one_holder_until_its_transaction_ends():
    other = connections.create_connection("default")
    other.ensure_connection()
    try:
        with transaction.atomic():
            take_lock(AdvisoryLock.RULES)
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int(AdvisoryLock.RULES)])
                assert cursor.fetchone()[0] is False
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int(AdvisoryLock.PLAYBOOK)])
                assert cursor.fetchone()[0] is True
        with transaction.atomic():
            assert try_lock(AdvisoryLock.RULES)
    finally:
        other.close()
