"""Log configuration: one line per event, without secrets."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
from typing import Any

#: Query parameters, JSON keys and headers that carry secrets. Graph puts its token in the address.
_SECRET_PATTERN = re.compile(
    r"(?i)\b(access_token|appsecret_proof|client_secret|refresh_token|code_verifier|oauth_token|oauth_signature"
    r"|authorization|input_token|fb_exchange_token)(\\?\"?'?\s*[=:]\s*\\?\"?'?)(?:Bearer\s+|OAuth\s+)?[^\s&\",'\\]+"
)


def scrub_log_secrets(text: str) -> str:
    """Replace the values of secret parameters in `text` by `[removed]`."""
    return _SECRET_PATTERN.sub(r"\1\2[removed]", text)


class LineFormatter(logging.Formatter):
    """A formatter for people; secrets are removed from the whole record, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        return scrub_log_secrets(super().format(record))


class JSONFormatter(LineFormatter):
    """A formatter for log collectors: one JSON object per record, without secrets. Times are UTC."""

    def format(self, record: logging.LogRecord) -> str:
        body = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": scrub_log_secrets(record.getMessage()),
        }
        if record.exc_info:
            body["traceback"] = scrub_log_secrets(self.formatException(record.exc_info))
        return json.dumps(body, ensure_ascii=False)


def logging_config(level: str, *, json: bool) -> dict[str, Any]:
    """Return a `logging.config.dictConfig` for every process."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": LineFormatter, "format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"},
            "json": {"()": JSONFormatter},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json" if json else "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {name: {"level": "WARNING"} for name in ("urllib3", "httpx", "tweepy")},
    }
