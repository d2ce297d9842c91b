"""Who gets a case: a pure choice among a department's people. No database, no clock.

Needed is that somebody is there, has room, may see the case and has the skill that is asked for. Preferred, in this
order: the person a rule names, whoever helped this customer last, people who speak the customer's language. A language
is a preference only: if nobody there speaks it, the others are asked, because a late answer in the right language is
worse than a colleague with a dictionary; a skill is none, because without it the answer cannot be given at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

DealMode = Literal["manual", "round_robin", "least_loaded"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person as they stand now. `brands` are the brand accounts whose cases they may see, None for all.

    `open_cases` against `capacity` counts everything they have; `open_here` against `most_here` what they have of this
    department, None for no limit of its own.
    """

    user_id: int
    is_there: bool
    open_cases: int
    capacity: int
    open_here: int = 0
    most_here: int | None = None
    brands: frozenset[int] | None = None
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    #: Gets only what a rule names them for.
    only_by_name: bool = False

    @property
    def has_room(self) -> bool:
        """Whether one more case fits."""
        return self.open_cases < self.capacity and (self.most_here is None or self.open_here < self.most_here)

    def with_one_more(self) -> Candidate:
        """The same person after being given a case of this department."""
        return replace(self, open_cases=self.open_cases + 1, open_here=self.open_here + 1)


@dataclass(frozen=True, slots=True)
class Need:
    """What a case asks for. "", None: nothing in particular. `skill_name` and `language_name` stand in the reasons."""

    brand_account_id: int
    person_id: int | None = None
    last_helper_id: int | None = None
    skill: str = ""
    language: str = ""
    skill_name: str = ""
    language_name: str = ""
    #: Of whom a rule names: said when they cannot take it, being absent, full or of another department.
    person_name: str = ""


@dataclass(frozen=True, slots=True)
class Pick:
    """Who gets it, and why, in words for the case's history."""

    user_id: int
    reasons: tuple[str, ...]


def choose_assignee(candidates: Iterable[Candidate], need: Need, mode: DealMode, turn: int) -> Pick | None:
    """Who gets a case; None when it waits in the queue: nobody fits, or `mode` is manual and no rule names a person.

    `turn` is the id of whoever got the department's last case, 0 before the first. The order of `candidates` plays no
    part: the same people, need, mode and turn always give the same pick.
    """
    candidates = list(candidates)
    fitting = [one for one in candidates if candidate_fits(one, need)]
    if need.person_id is not None and (named := _find_candidate(fitting, need.person_id)):
        return Pick(named.user_id, ("a rule asks for them",))
    fitting = [one for one in fitting if not one.only_by_name]
    if mode == "manual" or not fitting:
        return None
    if need.last_helper_id is not None and (helper := _find_candidate(fitting, need.last_helper_id)):
        return Pick(helper.user_id, ("answered this customer last",))
    speaking = [one for one in fitting if need.language and need.language in one.languages]
    pool = speaking or fitting
    chosen = _least_loaded(pool, turn) if mode == "least_loaded" else _next_in_turn(pool, turn)
    full = any(not one.has_room and candidate_fits(one, need, has_room=True) for one in candidates)
    return Pick(chosen.user_id, tuple(_pick_reasons(pool, need, mode, speaks=bool(speaking), full=full)))


def deal_cases(
    needs: Sequence[Need], candidates: Iterable[Candidate], mode: DealMode, turn: int
) -> tuple[list[Pick | None], int]:
    """Choose for several cases one after the other, each knowing what the one before was given; and the turn after."""
    people = {one.user_id: one for one in candidates}
    picks: list[Pick | None] = []
    for need in needs:
        pick = choose_assignee(people.values(), need, mode, turn)
        picks.append(pick)
        if pick is not None:
            people[pick.user_id] = people[pick.user_id].with_one_more()
            turn = pick.user_id
    return picks, turn


def candidate_fits(one: Candidate, need: Need, *, has_room: bool | None = None) -> bool:
    """Whether somebody may be given a case at all; with `has_room` as if they had room or had none."""
    return (
        one.is_there
        and (one.has_room if has_room is None else has_room)
        and (one.brands is None or need.brand_account_id in one.brands)
        and (not need.skill or need.skill in one.skills)
    )


def _find_candidate(fitting: Iterable[Candidate], user_id: int) -> Candidate | None:
    return next((one for one in fitting if one.user_id == user_id), None)


def _next_in_turn(pool: Iterable[Candidate], turn: int) -> Candidate:
    return min(pool, key=lambda one: (one.user_id <= turn, one.user_id))


def _least_loaded(pool: Iterable[Candidate], turn: int) -> Candidate:
    return min(pool, key=lambda one: (one.open_cases, one.user_id <= turn, one.user_id))


def _pick_reasons(
    pool: Sequence[Candidate], need: Need, mode: DealMode, *, speaks: bool, full: bool
) -> list[str]:
    """`full`: somebody else who would do has no room."""
    many, who = len(pool) > 1, []
    if need.skill:
        who.append(f"can do {need.skill_name or need.skill}")
    language = need.language_name or need.language
    if speaks:
        who.append(f"speak {language}" if many else f"speaks {language}")
    who = who or ["are there" if many else "is there"]
    if full:
        who.append("have room" if many else "has room")
    among = " and ".join(who)
    if not many:
        reasons = [f"the only one who {among}"]
    elif mode == "least_loaded":
        reasons = [f"fewest open cases of {len(pool)} who {among}"]
    else:
        reasons = [f"next in turn of {len(pool)} who {among}"]
    if need.language and not speaks and any(one.languages for one in pool):
        reasons.append(f"nobody there speaks {language}")
    if need.person_name:
        reasons.append(f"a rule asks for {need.person_name}, who cannot take it now")
    return reasons
