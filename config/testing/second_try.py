"""Try a failed browser test once more, and say so.

A browser, a web process and a live stream run beside each other, and what one of them does in the wrong moment on a
busy machine cannot always be told from a fault. A test that fails twice fails. One that passes the second time passes,
but the end of the run names it and shows what failed: it deserves a look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

_FIRST_FAILURE = "first_failure"


def run_browser_test(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run the test, a second time if it fails. Returns False for a test without the marker `browser`."""
    if item.get_closest_marker("browser") is None:
        return False
    hook = item.ihook
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    failure = next((report for report in reports if report.failed), None)
    if failure is not None:
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        for report in reports:
            report.user_properties.append((_FIRST_FAILURE, failure.longreprtext))
    for report in reports:
        hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def describe_second_tries(reports: Iterable[Any]) -> Iterator[str]:
    """Yield lines about those of the passed tests that had failed first. `reports` are those of passed calls."""
    for report in reports:
        failure = dict(report.user_properties).get(_FIRST_FAILURE)
        if failure is not None:
            yield f"{report.nodeid} passed only the second time. The first time:"
            yield from (f"  {line}" for line in failure.splitlines())
