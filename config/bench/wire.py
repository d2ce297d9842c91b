"""A simulated X that always has eight new pages of a hundred mentions, for the ingest bench.

Run as `python -m config.bench.wire`; serves on the loopback address and prints its port. Sentences are made
beforehand, so that a page costs next to nothing.
"""

from __future__ import annotations

import http.server
import itertools
import random
import time
import urllib.parse
from typing import Any

import orjson

from config.bench.words import vocabulary

PAGE_SIZE, PAGE_COUNT = 100, 8
BRAND_ID = "1"
# A post id of an hour ago (milliseconds since X's epoch, shifted left by 22 bits): no id is in a kept database yet.
_FIRST_ID = (int(time.time() * 1000) - 3_600_000 - 1_288_834_974_657) << 22
_numbers = itertools.count(1)
_draw = random.Random(3)
_words = vocabulary()
_weights = list(itertools.accumulate(1 / (rank + 2) for rank in range(len(_words))))


def _draw_sentence() -> str:
    return "@brand1 " + " ".join(_draw.choices(_words, cum_weights=_weights, k=_draw.randint(6, 25)))


_SENTENCES = [_draw_sentence() for _ in range(5000)]


def build_page(number: int) -> dict[str, Any]:
    """Build one page of new mentions, newest first, with their authors.

    `number` counts pages from 0; every page but the last of `PAGE_COUNT` names the next one.
    """
    ids = [_FIRST_ID + next(_numbers) * 4096 for _ in range(PAGE_SIZE)][::-1]
    authors = [str(1000 + int(_draw.random() ** 2 * 200_000)) for _ in ids]
    data = [
        {
            "id": str(post_id), "text": _draw.choice(_SENTENCES), "author_id": author, "conversation_id": str(post_id),
            "created_at": "2026-11-01T12:00:00.000Z", "edit_history_tweet_ids": [str(post_id)], "lang": "en",
            "reply_settings": "everyone",
        }
        for post_id, author in zip(ids, authors, strict=True)
    ]  # fmt: skip
    users = [
        {
            "id": author, "username": f"u{author}", "name": f"User {author}", "verified": False,
            "profile_image_url": "https://pbs.example/a.png", "public_metrics": {"followers_count": 10},
        }
        for author in dict.fromkeys(authors)
    ]  # fmt: skip
    meta: dict[str, Any] = {"result_count": PAGE_SIZE, "newest_id": str(ids[0]), "oldest_id": str(ids[-1])}
    if number + 1 < PAGE_COUNT:
        meta["next_token"] = f"p{number + 1}"
    return {"data": data, "includes": {"users": users}, "meta": meta}


class Handler(http.server.BaseHTTPRequestHandler):
    """An HTTP handler that answers every GET with a new page; a token gives the page's number (default 0)."""

    protocol_version = "HTTP/1.1"
    # Headers and body are two writes: with Nagle's algorithm the second waits until the first is acknowledged.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:  # noqa: N802 (the name is the library's)
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        body = orjson.dumps(build_page(int(query.get("pagination_token", ["p0"])[0][1:])))
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-rate-limit-limit", "1000000")
        self.send_header("x-rate-limit-remaining", "999999")
        self.send_header("x-rate-limit-reset", "4102444800")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Log nothing."""


def main() -> None:
    """Print a free loopback port and serve on it until terminated."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
