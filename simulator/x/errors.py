"""X's error bodies, in the shapes of API v2."""

from __future__ import annotations

from typing import Any

_PROBLEMS = "https://api.twitter.com/2/problems/"


class Problem(Exception):
    """An answer that is an error. `outcome` is how the attempt is entered in the ledger."""

    def __init__(
        self,
        status: int,
        body: dict[str, Any],
        *,
        headers: dict[str, str] | None = None,
        outcome: str = "refused",
    ) -> None:
        super().__init__(body.get("detail", ""))
        self.status = status
        self.body = body
        self.headers = headers or {}
        self.outcome = outcome


def problem(status: int, title: str, detail: str, kind: str = "about:blank", **more: Any) -> Problem:
    uri = kind if kind == "about:blank" else _PROBLEMS + kind
    return Problem(status, {"title": title, "detail": detail, "type": uri, "status": status, **more})


def unauthorized_error() -> Problem:
    return problem(401, "Unauthorized", "Unauthorized")


def invalid_error(message: str, **parameters: str) -> Problem:
    """Build the error for a request X cannot understand. `parameters` names the offending ones with their
    values.
    """
    return Problem(
        400,
        {
            "errors": [{"parameters": {key.replace("__", "."): [value] for key, value in parameters.items()}, "message": message}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": _PROBLEMS + "invalid-request",
        },
    )  # fmt: skip


def forbidden_error(detail: str) -> Problem:
    return problem(403, "Forbidden", detail)


def duplicate_error() -> Problem:
    return forbidden_error("You are not allowed to create a Tweet with duplicate content.")


def no_scope_error(scope: str) -> Problem:
    return problem(
        403,
        "Forbidden",
        f"The access token lacks the scope {scope}.",
        "oauth2-permissions",
    )


def gone_entry(kind: str, parameter: str, value: str) -> dict[str, Any]:
    """Build the entry in `errors[]` for something that does not exist."""
    return {
        "value": value,
        "detail": f"Could not find {kind} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": _PROBLEMS + "resource-not-found",
    }


def missing_error(kind: str, parameter: str, value: str) -> Problem:
    return Problem(404, {"errors": [gone_entry(kind, parameter, value)], "title": "Not Found Error", "type": _PROBLEMS + "resource-not-found", "detail": f"Could not find {kind} with {parameter}: [{value}]."})  # fmt: skip


def too_many_error(headers: dict[str, str]) -> Problem:
    body = {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429}
    return Problem(429, body, headers=headers)


def usage_capped_error() -> Problem:
    return Problem(
        429,
        {
            "account_id": 1364000000000000000,
            "product_name": "standard-basic",
            "title": "UsageCapExceeded",
            "period": "Monthly",
            "scope": "Product",
            "detail": "Usage cap exceeded: Monthly product cap",
            "type": _PROBLEMS + "usage-capped",
        },
    )
