"""Parts of a page that are drawn once: equal numbers give an equal drawing.

A part is drawn from its arguments alone, without the reader, the request or the moment. All of them, written out, are its key: other numbers,
another period or another selection are another key, so no drawing is ever out of date or anybody else's (docs/decisions/0051).
"""

from __future__ import annotations

import pickle  # noqa: S403 (keys are written by it, nothing is read)
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, ParamSpec, cast

from django.template import Context
from django.template.loader import get_template
from django.utils.safestring import SafeString

_Parts = ParamSpec("_Parts")
_MOST_LETTERS = 12_000_000


class _Drawings:
    """The drawings of this process; those not asked for longest go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, SafeString] = OrderedDict()
        self._letters = 0
        self._lock = Lock()

    def find(self, key: bytes) -> SafeString | None:
        with self._lock:
            drawing = self._kept.get(key)
            if drawing is not None:
                self._kept.move_to_end(key)
            return drawing

    def keep(self, key: bytes, drawing: SafeString) -> None:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = drawing
                self._letters += len(drawing) + len(key)
            while self._letters > _MOST_LETTERS:
                old, gone = self._kept.popitem(last=False)
                self._letters -= len(gone) + len(old)


_drawings = _Drawings()


def draw(
    template: str, build: Callable[_Parts, dict[str, Any]], *args: _Parts.args, **kwargs: _Parts.kwargs
) -> SafeString:
    """Return a template rendered with what `build` returns, and nothing else.

    `build` is a function of a module, of its arguments alone. Raises for what cannot be written out as a key.
    """
    key = pickle.dumps((template, build, args, kwargs))
    drawing = _drawings.find(key)
    if drawing is None:
        # Numbers in templates are places in drawings: written as they are, not by the form of a language.
        context = Context(build(*args, **kwargs), use_l10n=False)
        drawing = cast(Any, get_template(template)).template.render(context)
        _drawings.keep(key, drawing)
    return drawing
