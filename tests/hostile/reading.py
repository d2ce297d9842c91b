"""What a view looks at of the query string and the form: whatever it never looks at cannot change its answer.

So a hostile value has to be tried in every name that was read, and only there. Who goes through all of them, or copies
them, has read everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from django.http import HttpRequest, QueryDict
from django_htmx.middleware import HtmxDetails

_BY_NAME = ("__getitem__", "__contains__", "get", "getlist", "pop", "setdefault")
_WHOLE = (
    "__iter__", "__len__", "__eq__", "__copy__", "__deepcopy__", "keys", "values", "items", "lists", "dict", "copy",
    "urlencode",
)  # fmt: skip


@dataclass
class Reading:
    """`names`: asked for by name. `whole`: all were looked at. `address`: the page's own full address was. `body`: what
    was sent was read, as a form or as it stands."""

    names: set[str] = field(default_factory=set)
    whole: bool = False
    address: bool = False
    body: bool = False

    def __bool__(self) -> bool:
        return self.whole or bool(self.names)

    @property
    def anything(self) -> bool:
        """Whether the answer may hang on what was sent: on values, on the address, or on the body's being sound."""
        return bool(self) or self.address or self.body


@contextmanager
def watched() -> Iterator[Reading]:
    """Within, every request's reading is added to what this gives; tests that look at several begin several."""
    found = Reading()
    with mock.patch.multiple(QueryDict, **_watching(QueryDict, found)):
        full = HttpRequest.get_full_path

        def get_full_path(self: HttpRequest, *arguments: Any, **named: Any) -> str:
            found.address = True
            return full(self, *arguments, **named)

        header = HtmxDetails._get_header_value

        def get_header(self: HtmxDetails, name: str) -> str | None:
            found.whole |= name.lower() == "hx-current-url"
            return header(self, name)

        parse, whole = HttpRequest._load_post_and_files, HttpRequest.body

        def load_form(self: HttpRequest) -> None:
            found.body = True
            parse(self)

        def body(self: HttpRequest) -> bytes:
            found.body = True
            return whole.fget(self)

        with (
            mock.patch.object(HttpRequest, "_load_post_and_files", load_form),
            mock.patch.object(HttpRequest, "body", property(body)),
            mock.patch.object(HttpRequest, "get_full_path", get_full_path),
            mock.patch.object(HtmxDetails, "_get_header_value", get_header),
        ):
            yield found


def _watching(of: type[QueryDict], found: Reading) -> dict[str, Callable[..., Any]]:
    parsed = of.__init__

    def parse(self: QueryDict, *arguments: Any, **named: Any) -> None:
        # Filling it goes through the same methods, and is nobody's reading.
        vars(self)["is_filling"] = True
        parsed(self, *arguments, **named)
        vars(self)["is_filling"] = False

    def by_name(method: Callable[..., Any]) -> Callable[..., Any]:
        def watching(self: QueryDict, name: Any, *arguments: Any, **named: Any) -> Any:
            if not vars(self).get("is_filling"):
                found.names.add(str(name))
            return method(self, name, *arguments, **named)

        return watching

    def whole(method: Callable[..., Any]) -> Callable[..., Any]:
        def watching(self: QueryDict, *arguments: Any, **named: Any) -> Any:
            found.whole = True
            return method(self, *arguments, **named)

        return watching

    one, many = dict.fromkeys(_BY_NAME, by_name), dict.fromkeys(_WHOLE, whole)
    return {"__init__": parse} | {name: watch(getattr(of, name)) for name, watch in (one | many).items()}
