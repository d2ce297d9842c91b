import pytest

from inbox import connections as connectors
from routing.rules import versions as rulesets
from routing.service_levels import versions as terms
from tests.inbox.ingesting import feed

__all__ = ["feed"]


@pytest.fixture(autouse=True)
def _nothing_kept_between_tests():
    rulesets.clear_rules_cache()
    terms.forget_service_levels()
    connectors.forget_connectors()
    yield
    rulesets.clear_rules_cache()
    terms.forget_service_levels()
    connectors.forget_connectors()
