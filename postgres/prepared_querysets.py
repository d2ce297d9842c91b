"""Querysets whose SQL Django compiles once; later calls only replace the values.

Compiling the statement for a case with its neighbours costs 3 ms, more than Postgres takes to execute it. A
`prepared_query` function builds its queryset with stand-ins (placeholder values); wherever they appear among
the parameters, the values of each call are inserted. It returns the same rows as the queryset itself.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial, wraps
from itertools import count
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet

R = TypeVar("R")
T = TypeVar("T")
#: Shapes cached per statement: they differ by role, and by a user's number of departments or brand accounts.
MAX_CACHED_SHAPES = 200
# No row has such an id and no message such a time, so a stand-in cannot be mistaken for a constant.
_FIRST_STAND_IN_ID, _FIRST_STAND_IN_TIME = -(2**60), dt.datetime(1, 1, 2, tzinfo=dt.UTC)
# Postgres stores no text with this character.
_STAND_IN_TEXT = "\x00"


class AnyText(str):
    """A text that may differ from call to call; a plain `str` is part of the statement's shape."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Statement:
    """A compiled queryset. `places` has the number of the value for each parameter, None for a constant."""

    queryset: QuerySet[Any]
    compiler: Any
    sql: str
    parameters: tuple[Any, ...]
    places: tuple[int | None, ...]
    #: Functions that convert columns to Python values: looked up at the first run, the same for later ones.
    converters: list[dict[int, Any]] = field(default_factory=list)


def prepared_query(build: Callable[..., QuerySet[Any, R]]) -> Callable[..., list[R]]:
    """Turn `build(*arguments) -> QuerySet` into a function that returns rows.

    The statement is compiled once for each shape of the arguments. Integers, datetimes, `AnyText`, frozensets of
    integers and instances of classes registered by `register_argument` (users) may differ from call to call:
    `build` may pass them to filters but must not inspect them. Everything else is part of the shape, so
    `build` may branch on it. Raises `TypeError` at the first call when a value does not appear in the
    statement.
    """
    prepare = _prepare(build)

    @wraps(build)
    def rows(*arguments: Any) -> list[R]:
        statement, values = prepare(arguments)
        return _run_statement(statement, values) if statement is not None else []

    return rows


def prepared_statement(
    build: Callable[..., QuerySet[Any]],
) -> Callable[..., tuple[str, tuple[Any, ...]] | None]:
    """Turn `build(*arguments) -> QuerySet` into a function that returns SQL.

    With its parameters, for a handwritten statement of which the queryset is a part. The rules are those of
    `prepared_query`; None when no row can match.
    """
    prepare = _prepare(build)

    @wraps(build)
    def statement_of(*arguments: Any) -> tuple[str, tuple[Any, ...]] | None:
        statement, values = prepare(arguments)
        return None if statement is None else (statement.sql, _fill_in(statement, values))

    return statement_of


def _prepare(
    build: Callable[..., QuerySet[Any]],
) -> Callable[[tuple[Any, ...]], tuple[_Statement | None, list[Any]]]:
    """Return a function from arguments to statement and values."""

    @lru_cache(maxsize=MAX_CACHED_SHAPES)
    def compiled(shape: tuple[Any, ...]) -> _Statement | None:
        stand_ins = _StandIns()
        return _compile_queryset(build(*map(stand_ins.make, shape)), stand_ins.needed)

    def prepare(arguments: tuple[Any, ...]) -> tuple[_Statement | None, list[Any]]:
        values: list[Any] = []
        shape = tuple(_argument_shape(argument, values) for argument in arguments)
        return compiled(shape), values

    return prepare


@dataclass(frozen=True, slots=True)
class _IdShape:
    """Any integer."""


@dataclass(frozen=True, slots=True)
class _TimeShape:
    """Any datetime."""


@dataclass(frozen=True, slots=True)
class _TextShape:
    """Any text."""


@dataclass(frozen=True, slots=True)
class _IdSetShape:
    """A set of `size` integers."""

    size: int


@dataclass(frozen=True, slots=True)
class _Registered:
    """An instance of a registered class with this shape."""

    cls: type
    shape: Any


#: By class: the function that splits an instance into (shape, values), and the one that builds a stand-in.
_ARGUMENTS: dict[
    type, tuple[Callable[[Any], tuple[Any, list[int]]], Callable[[Any, Callable[[], int]], Any]]
] = {}


def register_argument(
    cls: type[T],
    split: Callable[[T], tuple[Any, list[int]]],
    stand_in: Callable[[Any, Callable[[], int]], T],
) -> None:
    """Let prepared functions accept instances of `cls`.

    `split(instance)` returns the part that belongs to the statement (hashable) and the integers that may
    differ. `stand_in(shape, next_id)` builds an instance of that shape with ids from `next_id()`, called in
    the order of those integers. Not all of them have to appear in the statement.
    """
    _ARGUMENTS[cls] = split, stand_in


def _argument_shape(argument: Any, values: list[Any]) -> Any:
    """Return the part of an argument that belongs to the statement.

    Its values are appended to `values`, in the order of their stand-ins.
    """
    # `__class__`, not `type()`: a lazy `request.user` reports the class of the user that it wraps.
    if (cls := argument.__class__) in _ARGUMENTS:
        shape, own_values = _ARGUMENTS[cls][0](argument)
        values += own_values
        return _Registered(cls, shape)
    if isinstance(argument, int) and not isinstance(argument, bool):
        values.append(argument)
        return _IdShape()
    if isinstance(argument, dt.datetime):
        values.append(argument)
        return _TimeShape()
    if isinstance(argument, AnyText):
        values.append(str(argument))
        return _TextShape()
    if isinstance(argument, frozenset):
        values += sorted(argument)
        return _IdSetShape(len(argument))
    return argument


class _StandIns:
    """Makes stand-ins, numbered in the order in which `_argument_shape` appends the values.

    `needed` holds the numbers of those that must appear in the statement.
    """

    def __init__(self) -> None:
        self._numbers = count()
        self.needed: set[int] = set()

    def make(self, shape: Any) -> Any:
        """Return the stand-in that `build` receives for an argument of this shape."""
        if isinstance(shape, _Registered):
            return _ARGUMENTS[shape.cls][1](shape.shape, self._id)
        if isinstance(shape, _IdSetShape):
            return frozenset(self._id(needed=True) for _ in range(shape.size))
        if isinstance(shape, _TimeShape):
            number = next(self._numbers)
            self.needed.add(number)
            return _FIRST_STAND_IN_TIME + dt.timedelta(microseconds=number)
        if isinstance(shape, _TextShape):
            number = next(self._numbers)
            self.needed.add(number)
            return AnyText(f"{_STAND_IN_TEXT}{number}")
        return self._id(needed=True) if isinstance(shape, _IdShape) else shape

    def _id(self, *, needed: bool = False) -> int:
        number = next(self._numbers)
        if needed:
            self.needed.add(number)
        return _FIRST_STAND_IN_ID - number


def _compile_queryset(queryset: QuerySet[Any], needed: set[int]) -> _Statement | None:
    """Compile the statement and find its places; None when no row can match.

    Raises `TypeError` when a needed value is not among the parameters.
    """
    compiler: Any = queryset.query.get_compiler(using=queryset.db)
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        return None
    places = tuple(_value_number(parameter) for parameter in parameters)
    if not needed <= set(places):
        raise TypeError("A prepared queryset does not compare one of its values, or changes it first.")
    return _Statement(queryset, compiler, sql, tuple(parameters), places)


def _value_number(parameter: Any) -> int | None:
    if isinstance(parameter, dt.datetime) and parameter < _FIRST_STAND_IN_TIME + dt.timedelta(days=1):
        return (parameter - _FIRST_STAND_IN_TIME) // dt.timedelta(microseconds=1)
    if isinstance(parameter, str) and parameter.startswith(_STAND_IN_TEXT):
        return int(parameter.removeprefix(_STAND_IN_TEXT))
    if isinstance(parameter, int) and not isinstance(parameter, bool) and parameter <= _FIRST_STAND_IN_ID:
        return _FIRST_STAND_IN_ID - parameter
    return None


class _CompiledQuerySet:
    """A queryset whose compiler is ready, in the form that Django's iterables need to fetch rows."""

    def __init__(self, queryset: QuerySet[Any], compiler: Any) -> None:
        self._queryset, self._compiler = queryset, compiler
        self.query = _CompiledQuery(queryset.query, compiler)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queryset, name)


class _CompiledQuery:
    def __init__(self, query: Any, compiler: Any) -> None:
        self._query, self._compiler = query, compiler

    def get_compiler(self, using: str) -> Any:
        return self._compiler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._query, name)


def _fill_in(statement: _Statement, values: list[Any]) -> tuple[Any, ...]:
    return tuple(
        constant if place is None else values[place]
        for constant, place in zip(statement.parameters, statement.places, strict=True)
    )


def _run_statement(statement: _Statement, values: list[Any]) -> list[Any]:
    # The compiler already knows the columns; copy it, because another thread may be using it with other values.
    compiler = copy.copy(statement.compiler)
    compiler.connection = connections[statement.queryset.db]
    compiler.as_sql = partial(_as_sql, statement.sql, _fill_in(statement, values))
    compiler.get_converters = partial(_cached_converters, statement, compiler.get_converters)
    iterable: Any = statement.queryset._iterable_class
    return list(iterable(_CompiledQuerySet(statement.queryset, compiler)))


def _as_sql(sql: str, parameters: tuple[Any, ...], *_: Any, **__: Any) -> tuple[str, tuple[Any, ...]]:
    return sql, parameters


def _cached_converters(
    statement: _Statement, ask: Callable[[Any], dict[int, Any]], expressions: Any
) -> dict[int, Any]:
    # The selected columns never change. Two threads that both run first look up the same converters.
    if not statement.converters:
        statement.converters.append(ask(expressions))
    return statement.converters[0]
