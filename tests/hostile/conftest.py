import pytest

from inbox import connections
from routing.rules import versions
from tests.e2e.conftest import browser, server
from tests.networks.conftest import network

__all__ = ["browser", "network", "server"]


@pytest.fixture(autouse=True)
def _nothing_kept_between_tests():
    versions.clear_rules_cache()
    connections.forget_connectors()
    yield
    versions.clear_rules_cache()
    connections.forget_connectors()
