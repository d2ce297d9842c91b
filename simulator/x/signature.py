"""OAuth 1.0a signatures (RFC 5849), checked as X does: against X's own host, whatever address was dialled."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote

HOSTS = ("https://api.twitter.com", "https://api.x.com")
#: Seconds a timestamp may be away from the server's clock.
SKEW = 300


def escaped(text: str) -> str:
    return quote(text, safe="-._~")


def parse_header(header: str) -> dict[str, str]:
    """Parse the parameters of an `Authorization: OAuth …` header."""
    parameters = {}
    for part in header.removeprefix("OAuth ").split(","):
        name, _, value = part.strip().partition("=")
        parameters[unquote(name)] = unquote(value.strip('"'))
    return parameters


def sign(
    method: str,
    url: str,
    parameters: Iterable[tuple[str, str]],
    consumer_secret: str,
    token_secret: str,
) -> str:
    """Return the HMAC-SHA1 signature of a request. Over method, address without query, and all parameters but
    `oauth_signature`.
    """
    pairs = sorted((escaped(name), escaped(value)) for name, value in parameters if name != "oauth_signature")
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join((method.upper(), escaped(url), escaped(joined)))
    key = f"{escaped(consumer_secret)}&{escaped(token_secret)}".encode()
    return base64.b64encode(hmac.new(key, base.encode(), hashlib.sha1).digest()).decode()


def verify(
    method: str,
    path: str,
    query: str,
    form: str,
    oauth: dict[str, str],
    consumer_secret: str,
    token_secret: str,
) -> bool:
    """Tell whether `oauth` signs this request. `form` is the body if it is form-encoded, else ""."""
    parameters = [(name, value) for name, value in oauth.items() if name != "realm"]
    parameters += parse_qsl(query, keep_blank_values=True) + parse_qsl(form, keep_blank_values=True)
    signature = oauth.get("oauth_signature", "")
    return any(
        hmac.compare_digest(
            sign(method, host + path, parameters, consumer_secret, token_secret).encode(), signature.encode()
        )
        for host in HOSTS
    )
