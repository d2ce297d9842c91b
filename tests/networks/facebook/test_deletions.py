"""Graph refuses deleted and hidden messages in the same words: only a list that can be read tells them apart."""

from __future__ import annotations

import datetime as dt

import pytest

from networks.base import MissingPermission
from networks.presence import KnownMessage, Presence
from tests.networks.facebook.test_facebook import PAGE, POST, START, connector, error
from tests.networks.server import Asked, Network, Reply


class Page:
    """A Page with messages, of which Graph shows some, and lists, of which some can be read."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.shown: set[str] = set()
        self.lists: dict[str, list[str]] = {}
        network.default = self.answer

    def answer(self, asked: Asked) -> Reply:
        if "ids" in asked.query:
            ids = asked.query["ids"].split(",")
            return Reply(200, {one: {"id": one} for one in ids}) if self.shown >= set(ids) else error(100, 33)
        owner = asked.path.removeprefix("/v25.0/")
        if owner not in self.lists:
            return error(100, 33)
        items = [{"id": one, "created_time": "2026-11-23T12:00:00+0000"} for one in self.lists[owner]]
        if owner.endswith("/conversations"):
            return Reply(200, {"data": [{"id": "t_1", "messages": {"data": items}}] if items else []})
        return Reply(200, {"data": items})

    def find_gone(self, *ids: str, parent: str = POST) -> Presence:
        messages = [KnownMessage(one, parent, "42", START) for one in ids]
        return connector(self.network.url, START + dt.timedelta(hours=1)).find_gone(messages)


@pytest.fixture
def page(network: Network) -> Page:
    return Page(network)


def test_a_comment_that_its_post_no_longer_lists_is_gone(page: Page) -> None:
    page.shown = {"1015_1", "1015_3"}
    page.lists = {f"{POST}/comments": ["1015_1", "1015_3"]}
    assert page.find_gone("1015_1", "1015_2", "1015_3") == Presence(frozenset({"1015_2"}))


def test_a_comment_whose_post_cannot_be_read_is_not_called_gone(page: Page) -> None:
    found = page.find_gone("1015_2")
    assert found.gone == frozenset()
    assert "does not let us see" in found.unreadable["1015_2"]


def test_a_comment_that_is_listed_but_not_shown_still_stands(page: Page) -> None:
    page.lists = {f"{POST}/comments": ["1015_2"]}
    assert page.find_gone("1015_2") == Presence()


def test_an_answer_under_a_deleted_comment(page: Page) -> None:
    page.lists = {f"{POST}/comments": []}
    assert page.find_gone("1015_5", parent="1015_1").gone == {"1015_5"}


def test_a_comment_under_a_photo(page: Page) -> None:
    page.lists = {"6002/comments": []}
    assert page.find_gone("6002_5", parent="6002").gone == {"6002_5"}


def test_a_visitors_post(page: Page) -> None:
    page.lists = {f"{PAGE}/feed": []}
    assert page.find_gone(f"{PAGE}_7", parent="").gone == {f"{PAGE}_7"}


@pytest.mark.parametrize(("listed", "gone"), [(["m_1"], {"m_2"}), (["m_1", "m_2"], set()), ([], set())])
def test_a_direct_message(page: Page, listed: list[str], gone: set[str]) -> None:
    page.lists = {f"{PAGE}/conversations": listed}
    assert page.find_gone("m_2", parent="").gone == gone


def test_one_hidden_of_fifty_costs_few_requests(page: Page) -> None:
    ids = [f"1015_{number}" for number in range(50)]
    page.shown = set(ids[1:])
    page.lists = {f"{POST}/comments": ids[1:]}
    assert page.find_gone(*ids).gone == {ids[0]}
    assert len(page.network.asked) <= 14


def test_any_other_trouble_is_raised(page: Page) -> None:
    page.network.default = error(10, status=403)
    with pytest.raises(MissingPermission):
        page.find_gone("1015_1")
