"""Logs: one line an event, and never a secret in one."""

from __future__ import annotations

import logging
import re
from typing import Any

#: Query parameters and headers that carry secrets. Graph puts its token in the address.
_SECRET = re.compile(
    r"(?i)\b(access_token|appsecret_proof|client_secret|refresh_token|code_verifier|oauth_token|oauth_signature"
    r"|authorization|input_token|fb_exchange_token)(\"?\s*[=:]\s*\"?)(?:Bearer\s+|OAuth\s+)?[^\s&\",']+"
)


def scrub(text: str) -> str:
    """`text` with the values of secret parameters replaced by `[removed]`."""
    return _SECRET.sub(r"\1\2[removed]", text)


class ScrubbingFormatter(logging.Formatter):
    """Formats as usual, then removes secrets from the whole record, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub(super().format(record))


def logging_config(level: str, *, json: bool) -> dict[str, Any]:
    """A `logging.config.dictConfig` for every process; `json` is kept for log collectors."""
    line = (
        '{"time":"%(asctime)s","level":"%(levelname)s","logger":"%(name)s","message":"%(message)s"}'
        if json
        else "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": ScrubbingFormatter, "format": line}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {"urllib3": {"level": "WARNING"}, "httpx": {"level": "WARNING"}, "tweepy": {"level": "WARNING"}},
    }
