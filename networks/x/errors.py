"""X's errors as the errors of the contract, by status, problem type and code.

By its text only a refusal for which X gives neither (403, "about:blank").

Problem types: docs.x.com/x-api/fundamentals/response-codes-and-errors; the numeric codes are those of API
v1.1, which v2 still sends in `errors[].code`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from networks import transport, wire
from networks.base import (
    BudgetExhausted,
    Gone,
    MissingPermission,
    NetworkError,
    Reauthorise,
    Refusal,
    Rejected,
    RetryLater,
)

LABEL = "X"
_DELETED = "deleted"
_SPENT = frozenset(
    {"usage-capped", "UsageCapExceeded", "credits", "CreditsDepleted", "SpendCapReached", "185"}
)
_TOKEN_DEAD = frozenset({"32", "64", "89", "135", "215", "326"})
_NO_SCOPE = frozenset(
    {
        "client-forbidden",
        "oauth1-permissions",
        "oauth2-permissions",
        "unsupported-authentication",
        "not-authorized-for-field",
        "93",
        "220",
        "261",
    }
)
_NOT_THERE = frozenset({"resource-not-found", "34", "50", "144", "385", "421"})
_SLOW_DOWN = frozenset({"88", "rate-limit-exceeded"})
_INVALID = frozenset(
    {"invalid-request", "not-authorized-for-resource", "disallowed-resource", "187", "186", "226", "433"}
)
#: Refusals of a write, by code.
_REFUSALS = {
    "187": Refusal.DUPLICATE, "433": Refusal.CLOSED, "186": Refusal.TOO_LONG, "354": Refusal.TOO_LONG,
    "226": Refusal.AUTOMATED, "349": Refusal.UNAVAILABLE, "150": Refusal.UNAVAILABLE, "151": Refusal.UNAVAILABLE,
}  # fmt: skip
#: And by a part of the text, for those without a code.
_REFUSAL_TEXTS = (
    ("duplicate", Refusal.DUPLICATE),
    ("deleted or not visible", _DELETED),
    ("reply to this conversation is not allowed", Refusal.CLOSED),
    ("restricted who can reply", Refusal.CLOSED),
    ("too long", Refusal.TOO_LONG),
    ("automated", Refusal.AUTOMATED),
    ("cannot send messages to this", Refusal.UNAVAILABLE),
    ("permission to dm", Refusal.UNAVAILABLE),
)
_UNWELL = frozenset({"130", "131", "operational-disconnect"})


def problem_code(problem: Mapping[str, Any]) -> str:
    """Return the most specific code of a problem.

    This is a numeric code, otherwise the last part of the problem's type URI, otherwise its title.
    """
    numeric = problem.get("code")
    if isinstance(numeric, int | str) and not isinstance(numeric, bool):
        return str(numeric)
    slug = wire.optional_text(problem.get("type")).rstrip("/").rpartition("/problems/")[2]
    if slug and "about:blank" not in slug:
        return slug[:80]
    return wire.optional_text(problem.get("title"))[:80]


def list_problems(document: object) -> list[Mapping[str, Any]]:
    """List the problem objects of an answer, outermost first."""
    body = wire.as_mapping(document)
    problems = [body] if ("title" in body or "type" in body or "code" in body) else []
    problems += [part for part in wire.as_list(body.get("errors")) if isinstance(part, Mapping)]
    error = body.get("error")
    problems += [error] if isinstance(error, Mapping) else []
    return problems


def names_parameter(error: NetworkError, answer: transport.HTTPAnswer | None, parameter: str) -> bool:
    """Tell whether a refusal is about this request parameter.

    For example an expired page token, or a `since_id` that is too old.
    """
    if not isinstance(error, Rejected) or answer is None:
        return False
    return any(
        parameter in wire.as_mapping(problem.get("parameters")) or problem.get("parameter") == parameter
        for problem in list_problems(answer.document)
    )


def classify_x_answer(
    answer: transport.HTTPAnswer | transport.NoAnswer, *, write: bool, now: dt.datetime, scope: str = ""
) -> NetworkError | None:
    """Return the error in an answer, None when there is none.

    `scope` names the permission that the request needs.
    """
    if isinstance(answer, transport.NoAnswer):
        return transport.no_answer_error(LABEL, answer, write=write)
    problems = list_problems(answer.document)
    codes = [code for code in map(problem_code, problems) if code]
    status = answer.status
    if 200 <= status < 300:
        body = wire.as_mapping(answer.document)
        if any(key in body for key in ("data", "meta", "access_token")):
            return None
        if not codes:
            return transport.unavailable_error(
                LABEL, "an answer that could not be read", write=write, code="malformed"
            )
        # A 200 that contains an error: the codes decide, and the status given in the body.
        status = next(
            (problem["status"] for problem in problems if isinstance(problem.get("status"), int)), 0
        )
    error = _classify_refusal(answer, status, codes, problems, write=write, now=now, scope=scope)
    error.said = _error_words(problems, status)
    return error


def _classify_refusal(
    answer: transport.HTTPAnswer,
    status: int,
    codes: list[str],
    problems: list[Mapping[str, Any]],
    *,
    write: bool,
    now: dt.datetime,
    scope: str,
) -> NetworkError:
    code = codes[-1] if codes else str(status)
    all_codes = frozenset(codes)
    words = _error_words(problems, status)
    if status == 402 or all_codes & _SPENT:
        return BudgetExhausted(f"{LABEL}: the allowance is used up. {words}", code=code)
    if status == 429 or all_codes & _SLOW_DOWN:
        return _too_many_error(answer, code, now)
    if status == 401 or all_codes & _TOKEN_DEAD:
        return Reauthorise(f"{LABEL} no longer accepts this connection. {words}", code=code)
    if status >= 500 or status in (408, 425) or 0 < status < 400 or all_codes & _UNWELL:
        at = transport.retry_at(answer.headers, now)
        return transport.unavailable_error(
            LABEL, f"the network has problems ({status})", write=write, code=code, at=at
        )
    if all_codes & _NO_SCOPE:
        return MissingPermission(f"{LABEL}: a permission is missing. {words}", code=code, scope=scope)
    if status in (404, 410) or all_codes & _NOT_THERE:
        return Gone(f"{LABEL}: it no longer exists. {words}", code=code)
    if status == 0 and not all_codes & _INVALID:
        return transport.unavailable_error(
            LABEL, f"an answer that could not be read ({code})", write=write, code=code
        )
    refusal = _find_refusal(codes, words)
    if refusal == _DELETED:
        return Gone(f"{LABEL}: it no longer exists. {words}", code=code)
    rejected = Rejected(f"{LABEL} refused this. {words}", code=code)
    rejected.refusal = Refusal(refusal)
    return rejected


def _find_refusal(codes: list[str], words: str) -> str:
    """Return why X refused a request, "" when it does not say."""
    by_code = (_REFUSALS[code] for code in codes if code in _REFUSALS)
    text = words.casefold()
    by_text = (refusal for part, refusal in _REFUSAL_TEXTS if part in text)
    return next(by_code, None) or next(by_text, Refusal.UNKNOWN)


def _too_many_error(answer: transport.HTTPAnswer, code: str, now: dt.datetime) -> NetworkError:
    """Build the error for an exhausted rate limit.

    This is the 15-minute window, or one of the 24-hour limits that X reports beside it.
    """
    for scope in ("user", "app"):
        if answer.headers.get(f"x-{scope}-limit-24hour-remaining") == "0":
            until = transport.parse_header_time(answer.headers.get(f"x-{scope}-limit-24hour-reset"))
            return BudgetExhausted(f"{LABEL}: the daily allowance is used up.", code=code, until=until)
    at = transport.retry_at(answer.headers, now, "x-rate-limit-reset")
    return RetryLater(f"{LABEL} has asked us to slow down.", code=code, at=at)


def _error_words(problems: list[Mapping[str, Any]], status: int) -> str:
    """Return the network's own error text, for a person to read."""
    for problem in reversed(problems):
        for key in ("message", "detail", "title"):
            if words := wire.optional_text(problem.get(key)):
                return transport.scrub_secrets(words)[:300]
    return f"(HTTP {status})"
