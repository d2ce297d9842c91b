import pytest

from inbox import connections
from routing.rules.versions import clear_rules_cache
from routing.service_levels.versions import forget_service_levels
from tests.inbox.leased_streams import feed

__all__ = ["feed"]


@pytest.fixture(autouse=True)
def _nothing_kept_between_tests():
    clear_rules_cache()
    forget_service_levels()
    connections.forget_connectors()
    yield
    clear_rules_cache()
    forget_service_levels()
    connections.forget_connectors()
