from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.networks.server import Network, serving


@pytest.fixture
def network() -> Iterator[Network]:
    with serving() as running:
        yield running
