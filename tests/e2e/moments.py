"""The moment for which a test waits: a state of the page, never so many seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Page

_HEARD = """() => {
  const heard = window.heard = [];
  delete document.documentElement.dataset.heard;
  document.addEventListener("horseshoe:live", ({ detail }) => {
    if (!["cases", "notices"].includes(detail.kind)) return;
    heard.push(detail.ids ?? []);
    document.documentElement.dataset.heard = "yes";
  });
}"""
# The next picture has been drawn, so what fades or moves has begun to; and it has ended.
_STILL = """async () => {
  await new Promise(requestAnimationFrame);
  const moving = document.getAnimations().filter((one) => Number.isFinite(one.effect.getComputedTiming().endTime));
  await Promise.allSettled(moving.map((one) => one.finished));
}"""


def up_to_date(page: Page) -> None:
    """Wait until no refresh is due or under way."""
    page.wait_for_selector("html:not([data-refreshing])", state="attached")


@contextmanager
def heard(page: Page) -> Iterator[None]:
    """What is published within has been heard by the page, and it has refreshed itself for it."""
    page.evaluate(_HEARD)
    yield
    page.wait_for_selector("html[data-heard]", state="attached")
    up_to_date(page)


def still(page: Page) -> None:
    """Wait until nothing on the page fades or moves any more."""
    page.evaluate(_STILL)


def until(page: Page, is_so: Callable[[], object], seconds: float = 60) -> None:
    """Wait for something outside the page, while what the page asks is answered."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come"
        page.wait_for_timeout(20)
