"""The watch over what a view reads has to miss nothing: what it misses, the hostile tests leave out."""

import copy

import pytest
from django.http import QueryDict
from django.test import RequestFactory

from tests.hostile.reading import watched


@pytest.mark.parametrize(
    "read",
    [
        lambda given: given["q"],
        lambda given: given.get("q"),
        lambda given: given.getlist("q"),
        lambda given: "q" in given,
        lambda given: given.copy().pop("q"),
        lambda given: given.copy().setdefault("q", "x"),
    ],
)
def test_a_name_that_is_read_is_seen(read):
    with watched() as seen:
        read(QueryDict("q=1&p=2"))
    assert "q" in seen.names
    assert seen


@pytest.mark.parametrize(
    "read",
    [
        list,
        len,
        bool,
        dict,
        copy.copy,
        copy.deepcopy,
        lambda given: {**given},
        lambda given: list(given.items()),
        lambda given: list(given.lists()),
        lambda given: list(given.values()),
        lambda given: list(given.keys()),
        lambda given: given.dict(),
        lambda given: given.copy(),
        lambda given: given.urlencode(),
        lambda given: given == {},
    ],
)
def test_who_looks_at_all_has_read_all(read):
    with watched() as seen:
        read(QueryDict("q=1&p=2"))
    assert seen.whole
    assert seen


def test_the_full_address_is_seen_and_nothing_is_not():
    request = RequestFactory().get("/?q=1")
    with watched() as seen:
        assert request.GET is not None
        assert not (seen or seen.address)
        request.get_full_path()
    assert seen.address
    assert not seen
    with watched() as later:
        pass
    request.GET.get("q")
    assert not (later or later.names)


@pytest.mark.parametrize(
    "read", [lambda request: request.POST, lambda request: request.FILES, lambda request: request.body]
)
def test_whether_what_was_sent_was_read_is_seen(read):
    request = RequestFactory().post("/", {"q": "1"})
    with watched() as seen:
        assert not seen.anything
        read(request)
    assert seen.body
    assert seen.anything
    with watched() as address:
        RequestFactory().get("/?q=1").get_full_path()
    assert address.anything
