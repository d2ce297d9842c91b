"""HTTP for the networks' libraries: timeouts, a size limit, another host, and the actual answer.

tweepy and facebook-sdk set no timeouts, hide headers and raise arbitrary exceptions when an answer is
malformed. A `Transport` mounted on their `requests` session adds what they lack and remembers the last
answer, so that failures are classified by status and code.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from networks import wire
from networks.base import AmbiguousSend, NetworkError, RetryLater

Clock = Callable[[], dt.datetime]

#: Seconds to connect, and to wait for each chunk of the answer.
TIMEOUT = (5.0, 20.0)
#: Seconds that a whole answer may take: a server that sends a few bytes at a time never triggers the read timeout.
DEADLINE_SECONDS = 60.0
#: Maximum size of one answer in bytes after decompression. The largest valid page (100 posts with comments) is
#: below 2 MB.
MAX_BYTES = 16 * 1024 * 1024
_CHUNK = 64 * 1024
_patience: ContextVar[float | None] = ContextVar("patience", default=None)
_LONGEST_WAIT = dt.timedelta(hours=24)
_SECRET_PATTERN = re.compile(
    r"(?i)\b(access_token|appsecret_proof|client_secret|refresh_token|fb_exchange_token|code_verifier|input_token|code)"
    r"(=|%3D|\"\s*:\s*\")[^&\s\"'<>)]+"
)


@contextlib.contextmanager
def limit_patience(seconds: float | None) -> Iterator[None]:
    """Give each request in this block only so many seconds; None for as many as usual."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


def _limits() -> tuple[tuple[float, float], float]:
    """Return the time-outs and the deadline of a request."""
    longest = _patience.get() or float("inf")
    return (min(TIMEOUT[0], longest), min(TIMEOUT[1], longest)), min(DEADLINE_SECONDS, longest)


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def scrub_secrets(text: str) -> str:
    """Replace the tokens that URLs contain in `text`."""
    return _SECRET_PATTERN.sub(r"\1\2…", text)


class _ScrubbedLog(logging.Filter):
    """Removes tokens from the log of urllib3, which logs URLs: Graph's contain the token."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub_secrets(record.getMessage()), ()
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_ScrubbedLog())
# At level DEBUG these loggers log every header, including tokens.
for _name in ("tweepy.client", "requests_oauthlib", "oauthlib"):
    logging.getLogger(_name).setLevel(logging.INFO)


@dataclass(frozen=True, slots=True)
class HTTPAnswer:
    """One HTTP answer. `document` is the JSON in it, None when it is not JSON."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    document: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """A request without an answer. `sent` is False only when it certainly never reached the network."""

    sent: bool
    reason: str


class Transport(HTTPAdapter):
    """An adapter that sends the library's signed requests to `api_url` (which may have a path prefix).

    `answer` is the last complete answer, None when there is none.
    """

    def __init__(self, api_url: str = "") -> None:
        super().__init__()
        self.api_url = api_url.rstrip("/")
        self.answer: HTTPAnswer | None = None
        self._proxies: dict[str, Any] = {}

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        self.answer = None
        request.url = url = self.rewrite_url(request.url or "")
        host = urlsplit(url).netloc
        if host not in self._proxies:
            self._proxies[host] = get_environ_proxies(url, no_proxy=None)
        response = super().send(request, True, _limits()[0], verify, cert, self._proxies[host])
        body = b"".join(_read_pieces(response))
        response._content = body
        response._content_consumed = True  # type: ignore[attr-defined]
        try:
            document = wire.load_document(body)
        except ValueError:
            document = None
        self.answer = HTTPAnswer(response.status_code, response.headers, document)
        if document is not None:
            response.json = lambda **_: document  # type: ignore[method-assign]
        return response

    def rewrite_url(self, url: str) -> str:
        """Return the URL that a request for `url` is actually sent to."""
        if not self.api_url:
            return url
        base, requested = urlsplit(self.api_url), urlsplit(url)
        return urlunsplit((base.scheme, base.netloc, base.path + requested.path, requested.query, ""))


def _read_pieces(response: requests.Response) -> Iterator[bytes]:
    size, until = 0, time.monotonic() + _limits()[1]
    try:
        for piece in response.iter_content(_CHUNK):
            size += len(piece)
            if size > MAX_BYTES:
                raise requests.exceptions.ContentDecodingError("the answer is too large")
            if time.monotonic() > until:
                raise requests.exceptions.ReadTimeout("the answer took too long")
            yield piece
    except BaseException:
        # Connections with unread data must not return to the pool.
        response.close()
        raise
    response.raw.release_conn()


def mount_transport(session: requests.Session, api_url: str) -> Transport:
    """Mount a `Transport` on a library's session.

    Also switches off the session's features that would work around it.
    """
    transport = Transport(api_url)
    session.mount("https://", transport)
    session.mount("http://", transport)
    # None of the APIs redirects. Following a redirect could repeat a write or send a token to another host.
    session.max_redirects = 0
    # A ~/.netrc entry would replace the bearer token. Proxies and CA bundles from the environment still apply.
    session.trust_env = False
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    return transport


def attempt_call(transport: Transport, call: Callable[[], object]) -> HTTPAnswer | NoAnswer:
    """Run a library's call and return the answer or `NoAnswer`.

    What the library returns or raises for an answer is ignored. Raises only defects of ours: an exception
    before anything was sent that is not caused by the network.
    """
    transport.answer = None
    silence = NoAnswer(True, "no answer")
    try:
        call()
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        silence = NoAnswer(not _was_never_sent(error), type(error).__name__)
    except Exception:
        # The libraries raise all kinds of exceptions for malformed answers; the caller judges the answer itself.
        if transport.answer is None:
            raise
    answer: HTTPAnswer | None = transport.answer
    return silence if answer is None else answer


def call_or_raise(
    transport: Transport,
    call: Callable[[], object],
    classify: Callable[[HTTPAnswer | NoAnswer], NetworkError | None],
) -> HTTPAnswer:
    """Run a library's call; return its answer or raise its error.

    `classify` returns the error in an answer, None for a good one; it must return an error for every
    `NoAnswer`. Defects of ours are raised as in `attempt_call`: an exception before anything was sent that is
    not caused by the network.
    """
    answer = attempt_call(transport, call)
    if (error := classify(answer)) is not None:
        raise error
    assert isinstance(answer, HTTPAnswer)  # noqa: S101 - a NoAnswer has been raised above
    return answer


def _was_never_sent(error: BaseException | None) -> bool:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(
            error,
            requests.exceptions.ConnectTimeout
            | urllib3.exceptions.ConnectTimeoutError
            | ssl.SSLCertVerificationError
            | requests.exceptions.InvalidURL,
        ):
            return True
        reason = getattr(error, "reason", None) or getattr(error, "original_error", None)
        inner = reason if isinstance(reason, BaseException) else None
        inner = inner or next((part for part in error.args if isinstance(part, BaseException)), None)
        error = inner or error.__cause__ or error.__context__
    return False


def unavailable_error(
    label: str, reason: str, *, write: bool, code: str = "", at: dt.datetime | None = None
) -> NetworkError:
    """Build the error for a network that has a problem.

    A read can be retried; a write that was sent may have been carried out.
    """
    if write:
        return AmbiguousSend(f"{label}: {reason}. The message may or may not have been published.", code=code)
    return RetryLater(f"{label}: {reason}.", code=code, at=at)


def no_answer_error(label: str, silence: NoAnswer, *, write: bool) -> NetworkError:
    """Build the error for a request without an answer."""
    if not silence.sent:
        return RetryLater(f"{label} could not be reached ({silence.reason}).", code="unreachable")
    return unavailable_error(label, f"no answer ({silence.reason})", write=write, code="no_answer")


def parse_header_time(value: object) -> dt.datetime | None:
    """Parse a header's seconds since 1970; None when they are invalid."""
    try:
        return wire.require_time(int(str(value)))
    except ValueError:
        return None


def parse_header_count(value: object) -> int | None:
    """Parse a header's count; None when it is invalid."""
    return (
        int(value)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12
        else None
    )


def retry_at(headers: Mapping[str, str], now: dt.datetime, reset: str = "") -> dt.datetime | None:
    """Return when to retry; None when the headers do not say.

    Reads Retry-After (seconds or a date), otherwise the header named `reset`. At most 24 h ahead.
    """
    at: dt.datetime | None = None
    after = headers.get("retry-after", "")
    if (seconds := parse_header_count(after)) is not None:
        at = now + dt.timedelta(seconds=min(seconds, 86400))
    elif after:
        at = _parse_http_date(after)
    if at is None and reset:
        at = parse_header_time(headers.get(reset))
    return min(at, now + _LONGEST_WAIT) if at is not None else None


def _parse_http_date(value: str) -> dt.datetime | None:
    try:
        at = parsedate_to_datetime(value)
        return (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, TypeError, OverflowError):
        return None
