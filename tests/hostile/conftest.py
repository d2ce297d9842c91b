import pytest

from inbox import connections as connectors
from routing.rules import versions as rulesets
from tests.e2e.conftest import browser, server
from tests.networks.conftest import network

__all__ = ["browser", "network", "server"]


@pytest.fixture(autouse=True)
def _nothing_kept_between_tests():
    rulesets.clear_rules_cache()
    connectors.forget_connectors()
    yield
    rulesets.clear_rules_cache()
    connectors.forget_connectors()
