"""Choose who gets a case among the people of a department. Pure.

No database, no clock.

A person must be available, have free capacity, be allowed to see the case and have the required skill. Preferred, in
this order: the person whom a rule names, the one who helped this customer last, people who speak the customer's
language. A language is only a preference: if nobody available speaks it, others get the case, because a late answer in
the right language is worse than a colleague with a dictionary. A skill is required, because without it nobody can
answer at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

DistributionMode = Literal["manual", "round_robin", "least_loaded"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person as they are now.

    `brands` are the brand accounts whose cases they may see, None for all. `open_cases`, limited by `capacity`, counts
    all their cases; `open_here`, limited by `most_here`, those of this department. `most_here` is None when the
    department has no limit of its own.
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
    #: Gets only cases for which a rule names them.
    only_by_name: bool = False

    @property
    def has_room(self) -> bool:
        """True when one more case fits."""
        return self.open_cases < self.capacity and (self.most_here is None or self.open_here < self.most_here)

    def with_one_more(self) -> Candidate:
        """Return the same person with one more case of this department."""
        return replace(self, open_cases=self.open_cases + 1, open_here=self.open_here + 1)


@dataclass(frozen=True, slots=True)
class Need:
    """The requirements of a case. "" and None: no requirement.

    `skill_name` and `language_name` appear in the reasons.
    """

    brand_account_id: int
    person_id: int | None = None
    last_helper_id: int | None = None
    skill: str = ""
    language: str = ""
    skill_name: str = ""
    language_name: str = ""
    #: Name of the person whom a rule asks for, used in the reason why they cannot take it (absent, full, elsewhere).
    person_name: str = ""


@dataclass(frozen=True, slots=True)
class Pick:
    """The chosen person, and the reasons in words for the case's history."""

    user_id: int
    reasons: tuple[str, ...]


def choose_assignee(
    candidates: Iterable[Candidate], need: Need, mode: DistributionMode, turn: int
) -> Pick | None:
    """Return who gets a case; None when it waits in the queue.

    It waits when nobody fits, or when `mode` is manual and no rule names a person who fits. `turn` is the id of the
    person who got the department's last case, 0 before the first. The order of `candidates` does not matter: the same
    people, need, mode and turn always give the same pick.
    """
    candidates = list(candidates)
    fitting = [candidate for candidate in candidates if candidate_fits(candidate, need)]
    if need.person_id is not None and (named := _find_candidate(fitting, need.person_id)):
        return Pick(named.user_id, ("a rule names them",))
    fitting = [candidate for candidate in fitting if not candidate.only_by_name]
    if mode == "manual" or not fitting:
        return None
    if need.last_helper_id is not None and (helper := _find_candidate(fitting, need.last_helper_id)):
        return Pick(helper.user_id, ("answered this customer last",))
    speaking = [candidate for candidate in fitting if need.language and need.language in candidate.languages]
    pool = speaking or fitting
    chosen = _least_loaded(pool, turn) if mode == "least_loaded" else _next_in_turn(pool, turn)
    full = any(
        not candidate.has_room and candidate_fits(candidate, need, has_room=True) for candidate in candidates
    )
    return Pick(chosen.user_id, tuple(_pick_reasons(pool, need, mode, speaks=bool(speaking), full=full)))


def distribute_cases(
    needs: Sequence[Need], candidates: Iterable[Candidate], mode: DistributionMode, turn: int
) -> tuple[list[Pick | None], int]:
    """Return picks for several cases in turn, and the new turn.

    Each choice knows what the ones before have given to whom.
    """
    people = {candidate.user_id: candidate for candidate in candidates}
    picks: list[Pick | None] = []
    for need in needs:
        pick = choose_assignee(people.values(), need, mode, turn)
        picks.append(pick)
        if pick is not None:
            people[pick.user_id] = people[pick.user_id].with_one_more()
            turn = pick.user_id
    return picks, turn


def candidate_fits(candidate: Candidate, need: Need, *, has_room: bool | None = None) -> bool:
    """Return whether somebody may be given a case at all.

    With `has_room` as if they had room, or had none.
    """
    return (
        candidate.is_there
        and (candidate.has_room if has_room is None else has_room)
        and (candidate.brands is None or need.brand_account_id in candidate.brands)
        and (not need.skill or need.skill in candidate.skills)
    )


def _find_candidate(fitting: Iterable[Candidate], user_id: int) -> Candidate | None:
    return next((candidate for candidate in fitting if candidate.user_id == user_id), None)


def _next_in_turn(pool: Iterable[Candidate], turn: int) -> Candidate:
    return min(pool, key=lambda candidate: (candidate.user_id <= turn, candidate.user_id))


def _least_loaded(pool: Iterable[Candidate], turn: int) -> Candidate:
    return min(
        pool, key=lambda candidate: (candidate.open_cases, candidate.user_id <= turn, candidate.user_id)
    )


def _pick_reasons(
    pool: Sequence[Candidate], need: Need, mode: DistributionMode, *, speaks: bool, full: bool
) -> list[str]:
    """Return why somebody of `pool` was picked, in words.

    `speaks`: the pool speaks the language; `full`: somebody else who would fit has no room.
    """
    many, qualities = len(pool) > 1, []
    if need.skill:
        qualities.append(f"can do {need.skill_name or need.skill}")
    language = need.language_name or need.language
    if speaks:
        qualities.append(f"speak {language}" if many else f"speaks {language}")
    qualities = qualities or ["are there" if many else "is there"]
    if full:
        qualities.append("have room" if many else "has room")
    description = " and ".join(qualities)
    if not many:
        reasons = [f"the only one who {description}"]
    elif mode == "least_loaded":
        reasons = [f"fewest open cases of {len(pool)} who {description}"]
    else:
        reasons = [f"next in turn of {len(pool)} who {description}"]
    if need.language and not speaks and any(candidate.languages for candidate in pool):
        reasons.append(f"nobody there speaks {language}")
    if need.person_name:
        reasons.append(f"a rule names {need.person_name}, who cannot take it now")
    return reasons
