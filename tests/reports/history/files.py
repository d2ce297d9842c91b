"""Small files of past conversations, and the command that imports them."""

from __future__ import annotations

import datetime as dt
import io
import json

from django.core.management import call_command

BEGIN = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


def said(id_, role="customer", minutes=0, text="Where is my parcel?", **fields):
    at = BEGIN + dt.timedelta(minutes=minutes)
    author = "fernhelp" if role == "brand" else "tilda"
    return {"id": id_, "author": author, "role": role, "at": at.isoformat(), "text": text} | fields


def conversation(thread, *messages, brand="fernhelp", **fields):
    return {"thread": thread, "brand": brand, "messages": list(messages)} | fields


def answered(thread, minutes=30, **fields):
    """A conversation with one question and one answer."""
    question, answer = (
        said(f"{thread}-1"),
        said(f"{thread}-2", "brand", minutes, "On its way.", in_reply_to=f"{thread}-1"),
    )
    return conversation(thread, question, answer, **fields)


def write_lines(path, *lines):
    """Write conversations, or lines as they are, and return the path."""
    texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    path.write_bytes(b"\n".join(texts) + b"\n")
    return path


def import_file(path, *options, network="x"):
    """Import a file and return what the command printed."""
    out = io.StringIO()
    call_command(
        "import_history",
        str(path),
        "--network",
        network,
        "--json",
        *options,
        stdout=out,
        stderr=io.StringIO(),
    )
    return json.loads(out.getvalue())


def counts(result):
    return tuple(result[name] for name in ("conversations", "messages", "known", "rejected"))
