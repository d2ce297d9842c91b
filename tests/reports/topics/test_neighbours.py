"""Who is linked with whom: three steps and no more, and no famous account that links everybody."""

from __future__ import annotations

import random

from reports.charts.networks import WIDTH, drawing_height, place_people
from reports.topics.neighbours import MOST_NEIGHBOURS, build_graph, find_clusters


def chain(*people):
    return list(zip(people, people[1:], strict=False))


def clusters(links, customers):
    return [cluster.customers for cluster in find_clusters(build_graph(links), customers)]


def test_three_steps_link_and_four_do_not():
    links = chain(1, 2, 3, 4)
    assert clusters(links, {1, 4}) == [(1, 4)]
    assert find_clusters(build_graph(links), {1, 4})[0].between == (2, 3)
    assert clusters(chain(1, 2, 3, 4, 5), {1, 5}) == []
    # Each is within three steps of another: a chain of them holds together.
    assert clusters(chain(1, 2, 3, 4, 5), {1, 3, 5}) == [(1, 3, 5)]


def test_the_direction_and_number_of_messages_do_not_matter():
    assert clusters([(2, 1), (1, 2), (2, 3), (3, 3)], {1, 3}) == [(1, 3)]
    assert clusters([(1, 2)], {1}) == [] == clusters([], {1, 2})


def test_a_famous_account_does_not_link_everybody():
    fans = list(range(2, 2 + MOST_NEIGHBOURS))
    links = [(fan, 1) for fan in fans]
    assert clusters(links, fans) == [tuple(fans)]
    assert clusters([*links, (99, 1)], [*fans, 99, 1]) == []
    # Those who talk with each other besides are still linked.
    assert clusters([*links, (99, 1), (2, 3)], [*fans, 99]) == [(2, 3)]


def test_separate_groups_are_separate_and_the_largest_comes_first():
    links = [*chain(1, 2), *chain(10, 11, 12), *chain(20, 21)]
    assert clusters(links, {1, 2, 10, 11, 12, 20}) == [(10, 11, 12), (1, 2)]


def test_the_drawing_is_the_same_each_time_and_within_its_box():
    dice = random.Random(5)
    people = list(range(40))
    links = [(dice.randrange(40), dice.randrange(40)) for _ in range(60)]
    places = place_people(people, links)
    assert places == place_people(people, list(links)) and set(places) == set(people)
    assert len(set(places.values())) == len(people)
    assert all(0 < point.x < WIDTH and 0 < point.y < drawing_height(places) for point in places.values())
    assert place_people([], []) == {} and set(place_people([7], [])) == {7}
