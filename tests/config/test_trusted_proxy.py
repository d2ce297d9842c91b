"""Who the client is: what the trusted proxy says, and nothing that a client makes up."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.trusted_proxy import TrustedProxyMiddleware, read_trusted_proxy

ROOT = Path(__file__).resolve().parents[2]


def seen(trusted, peer, *headers):
    """The client's address and scheme that the application behind the middleware sees."""
    found = {}

    async def application(scope, receive, send):
        found.update(scope)

    scope = {
        "type": "http",
        "scheme": "http",
        "client": peer and (peer, 5000),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }
    asyncio.run(TrustedProxyMiddleware(application, read_trusted_proxy(trusted))(scope, None, None))
    return found["client"] and found["client"][0], found["scheme"]


FOR, PROTO = "x-forwarded-for", "x-forwarded-proto"


@pytest.mark.parametrize(
    ("trusted", "peer", "headers", "expected"),
    [
        ("10.0.0.9", "10.0.0.9", [(FOR, "192.0.2.7"), (PROTO, "https")], ("192.0.2.7", "https")),
        # What the client wrote itself stands before what the proxy added, in the same header or in one of its own.
        ("10.0.0.9", "10.0.0.9", [(FOR, "203.0.113.1, 192.0.2.7")], ("192.0.2.7", "http")),
        ("10.0.0.9", "10.0.0.9", [(FOR, "203.0.113.1"), (FOR, "192.0.2.7")], ("192.0.2.7", "http")),
        # A client that claims to be a second proxy, within the trusted network, is no proxy.
        ("10.0.0.0/24", "10.0.0.9", [(FOR, "203.0.113.1, 10.0.0.44")], ("10.0.0.44", "http")),
        ("10.0.0.0/24", "::ffff:10.0.0.9", [(FOR, "192.0.2.7:4711")], ("192.0.2.7", "http")),
        ("10.0.0.9", "10.0.0.9", [(FOR, "[2001:db8::5]:443")], ("2001:db8::5", "http")),
        ("fd00::9", "fd00::9", [(FOR, "2001:db8::5")], ("2001:db8::5", "http")),
        # Nobody else is believed: not the loopback address, not a neighbour, nobody when no proxy is set.
        ("10.0.0.9", "127.0.0.1", [(FOR, "192.0.2.7"), (PROTO, "https")], ("127.0.0.1", "http")),
        ("10.0.0.9", "10.0.0.8", [(FOR, "192.0.2.7")], ("10.0.0.8", "http")),
        ("", "127.0.0.1", [(FOR, "192.0.2.7"), (PROTO, "https")], ("127.0.0.1", "http")),
        # Nonsense changes nothing.
        ("10.0.0.9", "10.0.0.9", [(FOR, "unknown"), (PROTO, "gopher")], ("10.0.0.9", "http")),
        ("10.0.0.9", "10.0.0.9", [(FOR, "\xff\x00,")], ("10.0.0.9", "http")),
        ("10.0.0.9", None, [(FOR, "192.0.2.7")], (None, "http")),
        ("10.0.0.9", "10.0.0.9", [], ("10.0.0.9", "http")),
    ],
)
def test_only_the_last_entry_of_the_trusted_proxy_counts(trusted, peer, headers, expected):
    assert seen(trusted, peer, *headers) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"TRUSTED_PROXY": "*"}, "TRUSTED_PROXY is the address of your reverse proxy"),
        ({"TRUSTED_PROXY": "10.0.0.9/24"}, "TRUSTED_PROXY is the address of your reverse proxy"),
        ({"BEHIND_PROXY": "1"}, "BEHIND_PROXY has become TRUSTED_PROXY"),
    ],
)
def test_a_wrong_setting_fails_at_start(environment, words):
    command = [sys.executable, "-m", "django", "check"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert words in done.stderr


def test_compose_the_image_and_caddy_agree():
    compose = (ROOT / "docker-compose.yml").read_text()
    # One address, by an anchor: what the application believes is where the proxy is.
    assert re.search(r"TRUSTED_PROXY: &proxy-address [0-9.]+\n", compose)
    assert "ipv4_address: *proxy-address" in compose
    # Neither server believes anybody before the application has looked.
    assert "--no-proxy-headers" in (ROOT / "Dockerfile").read_text()
    assert "--no-proxy-headers" in (ROOT / "config" / "up.py").read_text()
    settings = [line for line in (ROOT / "docs" / "Caddyfile").read_text().splitlines() if "#" not in line]
    assert not any("trusted_proxies" in line or "X-Forwarded" in line for line in settings)
