from __future__ import annotations

from collections import Counter

import pytest

from simulator.demo import set_up
from simulator.placing import Draft
from simulator.population.director import Director, Pace
from simulator.population.personas import personas
from simulator.population.script import TOPICS, Script
from simulator.population.wording import DEPARTMENTS, LANGUAGES, templates
from simulator.store import Store
from simulator.world import World

START = 1_790_000_000_000


class Play:
    """A world whose clock the test turns."""

    def __init__(self, seed: int = 7, path=None, **pace) -> None:
        self.now = START
        self.world = World(Store(path), seed=seed, clock=lambda: self.now)
        set_up(self.world)
        self.director = Director(self.world, Pace(**{"rate": 1.0, **pace}))

    def steps(self, count: int, every: int = 1000) -> None:
        for _ in range(count):
            self.now += every
            self.director.step(self.now)

    def customers(self):
        return [one for one in self.world.changes_after(0) if one.from_customer]

    def answer(self, asked, text="We are on it"):
        account = self.world.accounts[f"{asked.network}:{asked.account}"]
        brand = self.world.person(asked.network, asked.account)
        draft = Draft(asked.network, account, brand, text, asked.kind, asked, "api", recipient=asked.author)
        if asked.kind in ("visitor_post", "tagged"):
            draft.kind = "comment"
        return self.world.post(draft, self.now)


def test_every_department_has_twenty_templates_and_every_language_some():
    for kind in DEPARTMENTS:
        found = templates(kind)
        assert len(set(found["en"])) >= 20, kind
        assert set(found) == set(LANGUAGES), kind


def test_about_three_hundred_different_people():
    people = personas(7)
    assert len({one.handle for one in people}) == len(people) == 300
    assert max(len(one.handle) for one in people) <= 15
    assert 5 < sum(one.verified for one in people) < 60


def test_the_same_seed_gives_the_same_play():
    one, two, other = Play(seed=3), Play(seed=3), Play(seed=4)
    for play in (one, two, other):
        play.steps(200)
    said = [[(m.id, m.author, m.text, m.kind) for m in play.customers()] for play in (one, two, other)]
    assert said[0] == said[1] != said[2]


def test_it_covers_topics_channels_and_languages_without_repeating_itself():
    script = Script(7)
    lines = [script.next() for _ in range(2000)]
    assert {line.topic for line in lines} == {*TOPICS, "peers"}
    assert len({line.channel for line in lines}) == 8
    assert {line.persona.language for line in lines} == set(LANGUAGES)
    service = [line.text for line in lines if line.topic == "service"]
    assert len(set(service)) > 0.75 * len(service)
    assert Counter(line.text for line in lines).most_common(1)[0][1] < 25


def test_customers_react_to_an_answer():
    play = Play(patience=1e9)
    play.steps(60)
    asked = [
        one for one in play.customers() if one.topic not in ("spam", "troll", "peers") and not one.deleted_at
    ]
    answers = {play.answer(one).id: one for one in asked}
    before = play.world.revision
    play.now += 10
    play.director.do_due_actions(play.now)
    assert not [
        one for one in play.world.changes_after(before) if one.topic in ("thanks", "followup", "unsolved")
    ]
    play.now += 60_000
    play.director.do_due_actions(play.now)
    reactions = [
        one for one in play.world.changes_after(before) if one.topic in ("thanks", "followup", "unsolved")
    ]
    assert {one.topic for one in reactions} == {"thanks", "followup", "unsolved"}
    for one in reactions:
        if one.kind in ("public", "comment"):
            assert one.author == answers[one.in_reply_to].author


def test_the_ignored_grow_angry_and_the_answered_do_not():
    ignored, answered = Play(patience=60.0), Play(patience=60.0, reaction=0.0)
    for play in (ignored, answered):
        play.steps(40, every=100)
    heard = {one.first_id for one in answered.customers() if not one.deleted_at}
    for first_id in heard:
        answered.answer(answered.world.messages[first_id])
    for play in (ignored, answered):
        play.steps(150, every=3000)

    def angry(play):
        return {
            play.world.messages[one.in_reply_to].first_id for one in play.customers() if one.topic == "angry"
        }

    assert len(angry(ignored) & heard) > 10
    assert not angry(answered) & heard


def test_some_correct_or_delete_what_they_wrote():
    play = Play()
    play.steps(600)
    found = play.customers()
    edited = [one for one in found if one.edited_at]
    assert edited
    assert any(one.deleted_at for one in found)
    for one in edited:
        assert one.versions[0].text != one.text
        assert sorted(one.versions[0].text) == sorted(one.text)


def test_until_ends_it():
    play = Play(until=25)
    play.steps(80)
    assert len(play.customers()) == 25


def test_a_restart_goes_on_where_the_script_stopped(tmp_path):
    whole, first = Play(), Play(path=tmp_path / "a.sqlite")
    whole.steps(60)
    first.steps(30)
    first.world.store.close()
    second = Play(path=tmp_path / "a.sqlite")
    second.now = first.now
    second.steps(30)
    assert [one.text for one in second.customers()][-5:] == [one.text for one in whole.customers()][-5:]
    assert len(second.customers()) == len(whole.customers()) == 60


@pytest.mark.slow
@pytest.mark.parametrize("rate", [5, 40])
def test_the_rate_is_kept_on_average(simulator_of, rate):
    import time

    sim = simulator_of("--rate", "0")
    sim.post("/_sim/rate", {"rate": rate})
    began = time.monotonic()
    posted = 0
    # Four seconds' worth; on a busy machine it takes longer, but never less time than it should.
    while posted < rate * 4:
        assert time.monotonic() - began < 40
        time.sleep(0.1)
        posted = sim.get("/_sim/health")["population"]["posted"]
    assert posted < rate * (time.monotonic() - began) * 1.7
