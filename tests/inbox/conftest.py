import pytest

from inbox import connections
from routing.rules.versions import clear_rules_cache
from routing.service_levels.versions import clear_service_levels_cache
from tests.inbox.leased_streams import feed

__all__ = ["feed"]


@pytest.fixture(autouse=True)
def _empty_caches():
    clear_rules_cache()
    clear_service_levels_cache()
    connections.forget_connectors()
    yield
    clear_rules_cache()
    clear_service_levels_cache()
    connections.forget_connectors()
