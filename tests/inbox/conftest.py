import pytest

from inbox import connectors
from routing import rulesets, terms
from tests.inbox.ingesting import feed

__all__ = ["feed"]


@pytest.fixture(autouse=True)
def _nothing_kept_between_tests():
    rulesets.forget()
    terms.forget()
    connectors.forget()
    yield
    rulesets.forget()
    terms.forget()
    connectors.forget()
