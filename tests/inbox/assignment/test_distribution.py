"""Who gets a case: never somebody who is absent, full, blind or unable; fair over turns; always with a reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.assignment.distribution import Candidate, Need, candidate_fits, choose_assignee, distribute_cases

BRAND = 7
SKILLS, LANGUAGES = ("refunds", "machines"), ("de", "en", "fr")
MODES = ("manual", "round_robin", "least_loaded")


def person(user_id, **about):
    return Candidate(**{"user_id": user_id, "is_there": True, "open_cases": 0, "capacity": 5, **about})


people = st.lists(
    st.builds(
        Candidate,
        user_id=st.integers(1, 9),
        is_there=st.booleans(),
        open_cases=st.integers(0, 4),
        capacity=st.integers(0, 4),
        open_here=st.integers(0, 4),
        most_here=st.none() | st.integers(0, 4),
        brands=st.none() | st.frozensets(st.sampled_from([BRAND, 8])),
        skills=st.frozensets(st.sampled_from(SKILLS)),
        languages=st.frozensets(st.sampled_from(LANGUAGES)),
        only_by_name=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda one: one.user_id,
)
needs = st.builds(
    Need,
    brand_account_id=st.sampled_from([BRAND, 8]),
    person_id=st.none() | st.integers(1, 10),
    last_helper_id=st.none() | st.integers(1, 10),
    skill=st.sampled_from(["", *SKILLS]),
    language=st.sampled_from(["", *LANGUAGES]),
)


@given(people, needs, st.sampled_from(MODES), st.integers(0, 10))
def test_nobody_gets_what_they_cannot_take_and_nothing_waits_that_somebody_can(candidates, need, mode, turn):
    pick = choose_assignee(candidates, need, mode, turn)
    able = {
        one.user_id
        for one in candidates
        if one.is_there
        and one.open_cases < one.capacity
        and (one.most_here is None or one.open_here < one.most_here)
        and (one.brands is None or need.brand_account_id in one.brands)
        and (need.skill in ("", *one.skills))
        and (not one.only_by_name or need.person_id == one.user_id)
    }
    if pick is None:
        assert not able or (mode == "manual" and need.person_id not in able)
    else:
        assert pick.user_id in able
        assert pick.reasons
        assert all(pick.reasons)


@given(people, needs, st.sampled_from(MODES), st.integers(0, 10), st.randoms())
def test_the_order_of_the_people_plays_no_part(candidates, need, mode, turn, dice):
    shuffled = list(candidates)
    dice.shuffle(shuffled)
    assert choose_assignee(candidates, need, mode, turn) == choose_assignee(shuffled, need, mode, turn)


@given(people, needs, st.sampled_from(["round_robin", "least_loaded"]), st.integers(0, 10))
def test_who_speaks_the_language_comes_first(candidates, need, mode, turn):
    need = replace(need, person_id=None, last_helper_id=None)
    pick = choose_assignee(candidates, need, mode, turn)
    able = [one for one in candidates if candidate_fits(one, need) and not one.only_by_name]
    speaking = {one.user_id for one in able if need.language in one.languages}
    if pick is not None and speaking:
        assert pick.user_id in speaking


@given(st.integers(1, 6), st.integers(0, 60), st.integers(0, 9))
def test_turns_are_fair_among_equals(how_many, cases, turn):
    equals = [person(number, capacity=1000) for number in range(1, how_many + 1)]
    picks, _ = distribute_cases([Need(BRAND)] * cases, equals, "round_robin", turn)
    got = Counter(pick.user_id for pick in picks)
    shares = [got[one.user_id] for one in equals]
    assert max(shares) - min(shares) <= 1


@given(people, st.lists(needs, max_size=30), st.sampled_from(["round_robin", "least_loaded"]))
def test_distribution_never_fills_anybody_beyond_their_capacity(candidates, several, mode):
    picks, _ = distribute_cases(several, candidates, mode, 0)
    got = Counter(pick.user_id for pick in picks if pick)
    for one in candidates:
        if got[one.user_id]:
            assert one.open_cases + got[one.user_id] <= one.capacity
            assert one.most_here is None or one.open_here + got[one.user_id] <= one.most_here


@given(st.lists(st.integers(0, 20), min_size=1, max_size=6), st.integers(0, 60))
def test_the_least_loaded_are_levelled_first(loads, cases):
    candidates = [person(number, open_cases=load, capacity=1000) for number, load in enumerate(loads, 1)]
    picks, _ = distribute_cases([Need(BRAND)] * cases, candidates, "least_loaded", 0)
    got = Counter(pick.user_id for pick in picks)
    after = {one.user_id: one.open_cases + got[one.user_id] for one in candidates}
    for giver, n in got.items():
        assert n == 0 or after[giver] <= min(after.values()) + 1


class TestReasons:
    """The sentence in the case's history."""

    def test_of_turn_and_load(self):
        three = [person(1, open_cases=3), person(2, open_cases=1), person(3, open_cases=2)]
        assert choose_assignee(three, Need(BRAND), "round_robin", 2).user_id == 3
        assert choose_assignee(three, Need(BRAND), "round_robin", 3).user_id == 1
        pick = choose_assignee(three, Need(BRAND), "least_loaded", 2)
        assert (pick.user_id, pick.reasons) == (2, ("fewest open cases of 3 who are there",))

    def test_of_language_and_its_absence(self):
        four = [person(n, languages=frozenset({"de"} if n < 4 else {"en"})) for n in range(1, 5)]
        german = Need(BRAND, language="de", language_name="German")
        assert choose_assignee(four, german, "round_robin", 0).reasons == (
            "next in turn of 3 who speak German",
        )
        pick = choose_assignee(four, replace(german, language="fr", language_name="French"), "round_robin", 0)
        assert pick.reasons == ("next in turn of 4 who are there", "nobody there speaks French")
        # Whose languages nobody has noted is not said to speak none.
        two = [person(1), person(2)]
        assert choose_assignee(two, german, "round_robin", 0).reasons == ("next in turn of 2 who are there",)

    def test_of_a_skill_that_one_has(self):
        two = [person(1), person(2, skills=frozenset({"refunds"}))]
        need = Need(BRAND, skill="refunds", skill_name="Refunds")
        assert choose_assignee(two, need, "round_robin", 0).reasons == ("the only one who can do Refunds",)
        assert choose_assignee(two[:1], need, "round_robin", 0) is None

    @pytest.mark.parametrize("mode", MODES)
    def test_of_a_person_whom_a_rule_names(self, mode):
        two = [person(1), person(2)]
        assert choose_assignee(two, Need(BRAND, person_id=2), mode, 0).reasons == ("a rule names them",)
        absent = [person(1), person(2, is_there=False)]
        assert (choose_assignee(absent, Need(BRAND, person_id=2), mode, 0) is None) is (mode == "manual")

    @pytest.mark.parametrize("about", [{"is_there": False}, {"capacity": 0}])
    def test_of_one_whom_a_rule_names_in_vain(self, about):
        named = Need(BRAND, person_id=2, person_name="Bo Ek")
        reasons = choose_assignee([person(1), person(2, **about)], named, "round_robin", 0).reasons
        assert reasons[-1] == "a rule names Bo Ek, who cannot take it now"

    def test_of_room_where_somebody_else_has_none(self):
        three = [person(1), person(2, open_cases=5), person(3)]
        assert choose_assignee(three, Need(BRAND), "round_robin", 0).reasons == (
            "next in turn of 2 who are there and have room",
        )
        assert choose_assignee(three[:2], Need(BRAND), "least_loaded", 0).reasons == (
            "the only one who is there and has room",
        )
        able = replace(three[1], skills=frozenset({"refunds"}))
        need = Need(BRAND, skill="refunds", skill_name="Refunds")
        one = [replace(three[0], skills=frozenset({"refunds"})), able]
        assert choose_assignee(one, need, "round_robin", 0).reasons == (
            "the only one who can do Refunds and has room",
        )
        # Who could not take it anyway is not said to lack room.
        other = [one[0], three[1]]
        assert choose_assignee(other, need, "round_robin", 0).reasons == ("the only one who can do Refunds",)

    def test_of_the_last_helper_who_comes_before_turn_and_language(self):
        two = [person(1, languages=frozenset({"de"})), person(2)]
        need = Need(BRAND, last_helper_id=2, language="de")
        assert choose_assignee(two, need, "round_robin", 0).reasons == ("answered this customer last",)
        full = [two[0], person(2, open_cases=5)]
        assert choose_assignee(full, need, "round_robin", 0).user_id == 1
