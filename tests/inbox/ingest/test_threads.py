import datetime as dt

import pytest

from inbox.ingest.case_state import CaseState
from inbox.ingest.threads import choose_case, find_case_of_thread
from tests.factories import NOW

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


def case(
    number=1, *, thread="t1", visibility="public", last=NOW - HOUR, closed=None, customer=7, opened=None
):
    return CaseState(
        id=number,
        customer_id=customer,
        identity_id=customer,
        visibility=visibility,
        thread_id=thread,
        status="resolved" if closed else "open",
        department_id=1,
        opened_at=opened or last,
        activity_at=last,
        created_at=last,
        closed_at=closed,
        threads={thread},
    )


def test_the_thread_decides_before_the_newest_case():
    old, new = case(1, thread="t1", last=NOW - 20 * DAY), case(2, thread="t2")
    assert choose_case([old, new], "t1", "public", NOW).case is old
    assert choose_case([new, old], "t1", "public", NOW).case is old


def test_without_the_thread_the_newest_case_in_reach_takes_it():
    older, newer = case(1, last=NOW - 3 * DAY), case(2, last=NOW - DAY)
    assert choose_case([newer, older], "other", "public", NOW).case is newer


@pytest.mark.parametrize(("visibility", "days"), [("public", 7), ("direct", 30)])
def test_the_reach_ends(visibility, days):
    for age, joined in ((days, True), (days + 0.001, False), (-days, True), (-days - 0.001, False)):
        one = case(last=NOW - age * DAY, visibility=visibility)
        assert (choose_case([one], "other", visibility, NOW).case is one) is joined, age


def test_public_and_direct_never_mix():
    assert choose_case([case(visibility="public")], "t1", "direct", NOW).case is None


def test_a_case_closed_less_than_72_hours_ago_takes_it():
    for hours, joined in ((71.9, True), (72, False), (-1, True)):
        one = case(closed=NOW - hours * HOUR, last=NOW - 100 * HOUR)
        assert (choose_case([one], "t1", "public", NOW).case is one) is joined, hours


def test_a_case_worked_on_for_long_and_closed_now_takes_it():
    one = case(closed=NOW - HOUR, last=NOW - 20 * DAY)
    assert choose_case([one], "other", "public", NOW).case is one


def test_an_open_case_goes_before_a_closed_one_even_of_the_same_thread():
    closed, still_open = case(1, thread="t1", closed=NOW - HOUR), case(2, thread="t2")
    assert choose_case([closed, still_open], "t1", "public", NOW).case is still_open


def test_of_closed_cases_the_one_with_the_thread_is_reopened():
    ours = case(1, thread="t1", closed=NOW - 5 * HOUR, last=NOW - 6 * HOUR)
    newer = case(2, thread="t2", closed=NOW - HOUR)
    assert choose_case([newer, ours], "t1", "public", NOW).case is ours


def test_old_history_does_not_reopen_what_was_just_closed():
    assert choose_case([case(closed=NOW - HOUR)], "t1", "public", NOW - 400 * DAY).case is None


def test_an_empty_thread_is_no_thread():
    old = case(1, thread="", last=NOW - 60 * DAY)
    assert choose_case([old], "", "public", NOW).case is None


def test_our_own_message_belongs_to_the_only_customer_of_its_thread():
    closed, newer = case(1, closed=NOW - DAY), case(2)
    assert find_case_of_thread([closed, newer], "t1", NOW) is newer
    assert find_case_of_thread([case(1, customer=7), case(2, customer=8)], "t1", NOW) is None
    assert find_case_of_thread([case(1)], "unknown", NOW) is None
    assert find_case_of_thread([case(1, thread="")], "", NOW) is None


def test_our_own_message_belongs_to_no_case_that_began_later():
    older, later = case(1, closed=NOW - DAY, opened=NOW - 9 * DAY), case(2, opened=NOW - HOUR)
    assert find_case_of_thread([older, later], "t1", NOW - 2 * DAY) is older
    assert find_case_of_thread([later], "t1", NOW - 2 * DAY) is None
