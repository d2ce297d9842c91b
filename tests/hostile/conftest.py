import pytest

from inbox import connections
from routing.rules import versions
from tests.e2e.conftest import browser, pytest_runtest_teardown, server
from tests.networks.conftest import network

__all__ = ["browser", "network", "pytest_runtest_teardown", "server"]


@pytest.fixture(autouse=True)
def _nothing_kept_between_tests():
    versions.clear_rules_cache()
    connections.forget_connectors()
    yield
    versions.clear_rules_cache()
    connections.forget_connectors()
