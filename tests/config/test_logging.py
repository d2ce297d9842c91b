"""No secret reaches a log."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from config.logging import JSONFormatter, LineFormatter, scrub_log_secrets

CANARY = "CANARY-4f1e"


@pytest.mark.parametrize(
    "text",
    [
        f"GET https://graph.facebook.com/v25.0/me?fields=id&access_token={CANARY}&limit=1",
        f'{{"access_token": "{CANARY}"}}',
        f"{{'refresh_token': '{CANARY}', 'x': 1}}",
        f"Authorization: Bearer {CANARY}",
        f"appsecret_proof={CANARY}",
        f'oauth_signature="{CANARY}"',
        f"client_secret={CANARY}",
    ],
)
def test_secret_parameters_are_removed(text):
    assert CANARY not in scrub_log_secrets(text)
    assert "[removed]" in scrub_log_secrets(text)


def test_the_rest_of_the_line_stays():
    line = f"GET /v25.0/me?access_token={CANARY}&limit=1 failed"

    assert scrub_log_secrets(line) == "GET /v25.0/me?access_token=[removed]&limit=1 failed"


@pytest.mark.parametrize("formatter", [LineFormatter(), JSONFormatter()])
def test_tracebacks_are_scrubbed_too(formatter):
    try:
        raise ValueError(f"https://graph.facebook.com/me?access_token={CANARY}")
    except ValueError:
        record = logging.LogRecord("n", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())

    assert CANARY not in formatter.format(record)


def test_json_stays_json_whatever_the_message_holds():
    record = logging.LogRecord("n", logging.INFO, __file__, 1, 'a "quote"\nand %s', ("more",), None)

    assert json.loads(JSONFormatter().format(record))["message"] == 'a "quote"\nand more'
