"""The wrong answers themselves, in each network's own words."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from simulator.graph import errors as graph
from simulator.identifiers import make_page_token, open_page_token
from simulator.x import errors as x

HTML = (
    "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Sorry, something went wrong.</h1>"
    "<p>We are working on getting this fixed as soon as we can.</p></body></html>"
)
Answer = tuple[int, Any, dict[str, str]]


def build_refusal(fault: str, network: str, now_ms: int) -> Answer | None:
    """Build the answer of a fault that refuses. Status, body (JSON, or text for HTML) and headers; None when
    the fault is of another sort.
    """
    if fault == "server_error_html":
        return 502, HTML, {"content-type": "text/html; charset=utf-8"}
    if fault == "server_error_bare":
        return 500, {"status": "unavailable"}, {}
    return _x_refusal(fault, now_ms) if network == "x" else _graph_refusal(fault)


def _x_refusal(fault: str, now_ms: int) -> Answer | None:
    if fault in ("rate_limited", "rate_limited_without_reset"):
        headers = {
            "x-rate-limit-limit": "300",
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": str(now_ms // 1000 + 3),
        }
        problem = x.too_many_error(headers if fault == "rate_limited" else {})
    elif fault == "usage_capped":
        problem = x.usage_capped_error()
    elif fault == "server_error":
        problem = x.problem(503, "Service Unavailable", "Service Unavailable")
    elif fault == "revoked":
        problem = x.unauthorized_error()
    elif fault == "refused_duplicate":
        problem = x.duplicate_error()
    elif fault == "missing_permission":
        problem = x.problem(403, "Forbidden", "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.", "oauth1-permissions")  # fmt: skip
    else:
        return None
    return problem.status, problem.body, problem.headers


def _graph_refusal(fault: str) -> Answer | None:
    headers: dict[str, str] = {}
    if fault in ("rate_limited", "rate_limited_without_reset"):
        problem = graph.too_many_error()
        if fault == "rate_limited":
            wait = '{"0":[{"type":"pages","call_count":100,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":1}]}'
            headers = {"x-business-use-case-usage": wait}
    elif fault == "usage_capped":
        problem = graph.too_many_error(page=False)
    elif fault == "server_error":
        problem = graph.GraphProblem(
            500, "An unexpected error has occurred. Please retry your request later.", 2
        )
        problem.body["error"]["is_transient"] = True
    elif fault == "revoked":
        problem = graph.dead_token_error()
    elif fault == "missing_permission":
        problem = graph.permission_error("pages_manage_engagement")
    elif fault == "refused_duplicate":
        problem = graph.duplicate_error()
    elif fault == "not_shown":
        problem = graph.not_there_error("of this request")
    else:
        return None
    return problem.status, problem.body, headers


def spoil_page(fault: str, body: Any, rng: random.Random) -> Any:
    """Spoil a sound page: doubled, shuffled, empty, or leading back to itself."""
    if not isinstance(body, dict):
        return body
    if fault == "looping":
        return _make_looping(body)
    return _spoil_lists(fault, body, rng)


def _spoil_lists(fault: str, value: Any, rng: random.Random) -> Any:
    if isinstance(value, list):
        return [_spoil_lists(fault, part, rng) for part in value]
    if not isinstance(value, dict):
        return value
    spoiled = {key: _spoil_lists(fault, part, rng) for key, part in value.items()}
    items = spoiled.get("data")
    if isinstance(items, list) and items:
        if fault == "duplicates":
            spoiled["data"] = [copy for item in items for copy in [item] * rng.choice((1, 2, 2))]
        elif fault == "shuffled":
            rng.shuffle(items)
        elif fault == "empty_page":
            spoiled["data"] = []
    return spoiled


def _same_page_token(forward: str, backward: str) -> str:
    """Return a token of the very page between two tokens."""
    list_name, after = open_page_token(forward)
    _, before = open_page_token(backward)
    return make_page_token(list_name, str(int(before) + (1 if int(after) <= int(before) else -1)))


def _make_looping(body: dict[str, Any]) -> dict[str, Any]:
    meta, paging = body.get("meta"), body.get("paging")
    if isinstance(meta, dict) and meta.get("next_token"):
        newest = meta.get("newest_id") or body["data"][0]["id"]
        list_name, _ = open_page_token(meta["next_token"])
        return {**body, "meta": {**meta, "next_token": make_page_token(list_name, str(int(newest) + 1))}}
    if isinstance(paging, dict) and paging.get("next"):
        return {**body, "paging": {**paging, "next": _looped_address(paging)}}
    return body


def _looped_address(paging: dict[str, Any]) -> str:
    parts = urlsplit(paging["next"])
    query = dict(parse_qsl(parts.query))
    if "after" in query:
        query["after"] = _same_page_token(query["after"], paging["cursors"]["before"])
    else:
        back = dict(parse_qsl(urlsplit(paging["previous"]).query))
        query["__paging_token"] = _same_page_token(query["__paging_token"], back["__paging_token"])
        query["until"] = back["since"]
    address: str = urlunsplit(parts._replace(query=urlencode(query)))
    return address
