"""Graph's errors as the errors of the contract, by code and subcode; never by message text.

Codes: developers.facebook.com/docs/graph-api/guides/error-handling, .../messenger-platform/error-codes and
.../docs/graph-api/overview/rate-limiting.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import orjson

from networks import transport, wire
from networks.base import (
    Budget,
    CannotRead,
    Gone,
    MissingPermission,
    NetworkError,
    Reauthorise,
    Refusal,
    Rejected,
    RetryLater,
)

LABEL = "Facebook"
#: "Too many requests": refused before anything was done. 368 is a temporary block for misuse.
_SLOW_DOWN = frozenset({4, 17, 32, 341, 368, 613, *range(80000, 80015)})
#: Internal errors of Facebook: the request may have been carried out all the same.
_UNWELL = frozenset({1, 2})
_TOKEN_DEAD = frozenset({102, 190, 458, 459, 460, 463, 464, 467})
_NO_PERMISSION = frozenset({3, 10, *range(200, 300)})
_NOT_THERE = frozenset({(803, 0)})
#: Deleted, or not ours to see: Graph does not say which.
_NOT_SHOWN = frozenset({(100, 33)})
#: Permission codes that concern one person or moment: outside the 24 h window, or the person is unavailable.
_NOT_NOW = frozenset(
    {(10, 2018278), (10, 2018065), (10, 2534022), (200, 1545041), (200, 2018108), (200, 2018028)}
)

#: Refusals of a write, by code and subcode.
_REFUSALS = {
    (506, 0): Refusal.DUPLICATE, (506, 1455006): Refusal.DUPLICATE,
    (10, 2018278): Refusal.WINDOW, (10, 2018065): Refusal.WINDOW, (10, 2534022): Refusal.WINDOW,
    (200, 1545041): Refusal.UNAVAILABLE, (200, 2018108): Refusal.UNAVAILABLE, (200, 2018028): Refusal.UNAVAILABLE,
    (551, 1545041): Refusal.UNAVAILABLE, (551, 0): Refusal.UNAVAILABLE,
    (100, 2018320): Refusal.TOO_LONG,
}  # fmt: skip


def classify_facebook_answer(
    answer: transport.HTTPAnswer | transport.NoAnswer, *, write: bool, now: dt.datetime, scope: str = ""
) -> NetworkError | None:
    """Return the error in an answer, None when there is none.

    `scope` names the permission that the request needs.
    """
    if isinstance(answer, transport.NoAnswer):
        return transport.no_answer_error(LABEL, answer, write=write)
    body = answer.document
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, Mapping):
        refused = _classify_refusal(answer, error, write=write, now=now, scope=scope)
        code = _int_or_none(error.get("code")) or 0, _int_or_none(error.get("error_subcode")) or 0
        refused.said, refused.refusal = _error_words(error), _REFUSALS.get(code, Refusal.UNKNOWN)
        return refused
    at = transport.retry_at(answer.headers, now)
    if answer.status == 429:
        return RetryLater(f"{LABEL} has asked us to slow down.", code="429", at=at)
    # facebook-sdk treats a 5xx whose JSON has no `error` as a success, and a proxy's HTML as a format error.
    if not 200 <= answer.status < 300:
        reason = f"the network has problems ({answer.status})"
        return transport.unavailable_error(LABEL, reason, write=write, code=str(answer.status), at=at)
    if not isinstance(body, Mapping) or error is not None:
        return transport.unavailable_error(
            LABEL, "an answer that could not be read", write=write, code="malformed"
        )
    return None


def _classify_refusal(
    answer: transport.HTTPAnswer, error: Mapping[str, Any], *, write: bool, now: dt.datetime, scope: str
) -> NetworkError:
    code, subcode = _int_or_none(error.get("code")), _int_or_none(error.get("error_subcode")) or 0
    shown = str(code) if not subcode else f"{code}/{subcode}"
    words = _error_words(error)
    if code in _SLOW_DOWN:
        return RetryLater(
            f"{LABEL} has asked us to slow down. {words}", code=shown, at=_access_regained_at(answer, now)
        )
    if code in _TOKEN_DEAD:
        return Reauthorise(f"{LABEL} no longer accepts this connection. {words}", code=shown)
    if code in _UNWELL and error.get("is_transient") is False and words:
        return Rejected(f"{LABEL} refused this. {words}", code=shown)
    if code is None or code in _UNWELL or error.get("is_transient") is True:
        at = transport.retry_at(answer.headers, now)
        return transport.unavailable_error(LABEL, "the network has problems", write=write, code=shown, at=at)
    if (code, subcode) in _NOT_SHOWN:
        return CannotRead(f"{LABEL} does not let us see this, or it was deleted. {words}", code=shown)
    if (code, subcode) in _NOT_THERE:
        return Gone(f"{LABEL}: it no longer exists. {words}", code=shown)
    if (code, subcode) in _NOT_NOW:
        return Rejected(f"{LABEL} refused this. {words}", code=shown)
    if code in _NO_PERMISSION:
        return MissingPermission(f"{LABEL}: a permission is missing. {words}", code=shown, scope=scope)
    if answer.status >= 500:
        return transport.unavailable_error(
            LABEL, f"the network has problems ({answer.status})", write=write, code=shown
        )
    return Rejected(f"{LABEL} refused this. {words}", code=shown)


def _int_or_none(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _error_words(error: Mapping[str, Any]) -> str:
    """Return the network's own error text, for a person to read."""
    words = wire.optional_text(error.get("error_user_msg")) or wire.optional_text(error.get("message"))
    return transport.scrub_secrets(words)[:300]


def _access_regained_at(answer: transport.HTTPAnswer, now: dt.datetime) -> dt.datetime | None:
    return read_facebook_budget(answer, now).resets_at or transport.retry_at(answer.headers, now)


def read_facebook_budget(answer: transport.HTTPAnswer | None, now: dt.datetime) -> Budget:
    """Read the largest used share of any rate limit.

    The percentages come from `x-app-usage`, `x-page-usage` and `x-business-use-case-usage`.
    """
    headers = answer.headers if answer else {}
    shares: list[float] = []
    minutes = 0
    for name in ("x-app-usage", "x-page-usage", "x-business-use-case-usage"):
        for usage in _parse_usages(headers.get(name, "")):
            shares += [
                value / 100
                for key in ("call_count", "total_time", "total_cputime")
                if isinstance(value := usage.get(key), int | float) and not isinstance(value, bool)
            ]
            minutes = max(minutes, _int_or_none(usage.get("estimated_time_to_regain_access")) or 0)
    resets_at = now + dt.timedelta(minutes=min(minutes, 1440)) if minutes else None
    return Budget(used=max(shares) if shares else None, resets_at=resets_at)


def _parse_usages(header: str) -> list[Mapping[str, Any]]:
    try:
        usages = orjson.loads(header) if header else None
    except orjson.JSONDecodeError:
        return []
    if not isinstance(usages, Mapping):
        return []
    nested = [part for parts in usages.values() for part in wire.as_list(parts) if isinstance(part, Mapping)]
    return [usages, *nested]
