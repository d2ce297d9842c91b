"""Graph's error bodies."""

from __future__ import annotations

import secrets
from typing import Any


class GraphProblem(Exception):
    """An answer that is an error."""

    def __init__(
        self, status: int, message: str, code: int | None, subcode: int = 0, *, kind: str = "OAuthException"
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        error: dict[str, Any] = {"message": message, "type": kind}
        if code is not None:
            error["code"] = code
        if subcode:
            error["error_subcode"] = subcode
        error["fbtrace_id"] = "A" + secrets.token_urlsafe(16)
        self.body = {"error": error}


def parameter_error(message: str) -> GraphProblem:
    return GraphProblem(400, f"(#100) {message}", 100)


def not_there_error(object_id: str, verb: str = "get") -> GraphProblem:
    """Build the error for what cannot be seen. Deleted, never there, or not this token's to see: Graph does
    not say which.
    """
    return GraphProblem(
        400,
        f"Unsupported {verb} request. Object with ID '{object_id}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api",
        100,
        33,
        kind="GraphMethodException",
    )


def duplicate_error() -> GraphProblem:
    return GraphProblem(400, "(#506) Duplicate status message", 506, 1455006)


def dead_token_error() -> GraphProblem:
    return GraphProblem(
        400,
        "Error validating access token: The session has been invalidated because the user changed their password or "
        "Facebook has changed the session for security reasons.",
        190,
        460,
    )


def bad_token_error() -> GraphProblem:
    return GraphProblem(400, "Invalid OAuth access token - Cannot parse access token", 190)


def permission_error(scope: str) -> GraphProblem:
    return GraphProblem(403, f"(#200) Requires {scope} permission to manage the object", 200)


def too_many_error(page: bool = True) -> GraphProblem:
    if page:
        return GraphProblem(400, "(#80001) There have been too many calls to this Page account. Wait a bit and try again.", 80001, 2446079)  # fmt: skip
    return GraphProblem(400, "(#4) Application request limit reached", 4)
