"""Requests that go wrong on purpose. Tests and the demo switch faults on and off under /_sim/faults."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from starlette.requests import Request

from simulator.control import Control, ControlRefused, Reply, read_json
from simulator.world import World

FaultName = Literal[
    "rate_limited",
    "rate_limited_without_reset",
    "usage_capped",
    "server_error",
    "server_error_html",
    "server_error_bare",
    "hang",
    "slow",
    "truncated",
    "duplicates",
    "shuffled",
    "looping",
    "empty_page",
    "revoked",
    "missing_permission",
    "not_shown",
    "accepted_silent",
    "accepted_hang",
    "accepted_server_error",
    "accepted_duplicate",
    "refused_silent",
    "refused_duplicate",
]
RouteKind = Literal["read", "write", "auth"]
NAMES: tuple[str, ...] = get_args(FaultName)
#: Answers that the application gives first and that are then spoilt.
SPOILING_FAULTS = frozenset(
    {
        "truncated",
        "duplicates",
        "shuffled",
        "looping",
        "empty_page",
        "accepted_silent",
        "accepted_hang",
        "accepted_server_error",
        "accepted_duplicate",
        "slow",
    }
)


@dataclass(slots=True)
class Fault:
    """One rule. Empty scopes match everything but sign-in; `times` None means for ever, `skip` lets the first pass."""

    id: int
    fault: str
    network: str = ""
    account: str = ""
    kind: str = ""
    path: str = ""
    probability: float = 1.0
    times: int | None = None
    skip: int = 0
    seconds: float = 30.0
    hits: int = 0

    def matches(self, network: str, account: str, kind: str, path: str) -> bool:
        if self.times is not None and self.hits >= self.times:
            return False
        return (
            self.network in ("", network)
            and self.account in ("", account)
            and (self.kind == kind or (not self.kind and kind != "auth"))
            and self.path in path
        )


class Faults:
    """The rules in force, tried in the order in which they were added; the first that strikes wins."""

    def __init__(self, world: World, seed: int = 0) -> None:
        self.world = world
        self.rules: list[Fault] = []
        self.rng = random.Random(f"faults {seed}")
        self._count = 0

    def register_routes(self, control: Control) -> None:
        control.add("GET", "/faults", self.listed)
        control.add("POST", "/faults", self.add)
        control.add("DELETE", "/faults", self.clear)
        control.add("DELETE", "/faults/{fault_id:int}", self.remove)

    def pick_fault(self, network: str, account: str, kind: str, path: str) -> Fault | None:
        """Return the fault that befalls this request, counted as a hit."""
        for rule in self.rules:
            if not rule.matches(network, account, kind, path):
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            if rule.probability >= 1 or self.rng.random() < rule.probability:
                rule.hits += 1
                return rule
        return None

    async def listed(self, request: Request) -> Reply:
        return 200, {"faults": [asdict(rule) for rule in self.rules], "names": list(NAMES)}

    async def add(self, request: Request) -> Reply:
        """One fault, a list of them, or `{"seed": 5}` alone to start the dice again."""
        body = await read_json(request)
        entries = body if isinstance(body, list) else [body]
        if not all(isinstance(entry, dict) for entry in entries):
            raise ControlRefused("a fault is an object")
        for entry in entries:
            if "seed" in entry:
                self.rng = random.Random(f"faults {entry.pop('seed')}")
        made = [self._build_fault(entry) for entry in entries if entry]
        self.rules += made
        return 201, {"faults": [asdict(rule) for rule in made]}

    def _build_fault(self, entry: dict[str, Any]) -> Fault:
        if entry.get("fault") not in NAMES:
            raise ControlRefused(f"fault must be one of {', '.join(NAMES)}")
        if unknown := set(entry) - set(Fault.__dataclass_fields__) | ({"id", "hits"} & set(entry)):
            raise ControlRefused(f"unknown: {', '.join(sorted(unknown))}")
        if entry.get("kind", "") not in ("", *get_args(RouteKind)):
            raise ControlRefused("kind must be read, write or auth")
        if account := entry.get("account"):
            matching = [
                self.world.account(network, str(account))
                for network in ("x", "facebook")
                if entry.get("network", network) == network
            ]
            ids = [each.remote_id for each in matching if each is not None]
            if len(ids) != 1:
                raise ControlRefused(
                    f"{account} names {len(ids)} brand accounts; give network and handle, or the id"
                )
            entry = {**entry, "account": ids[0]}
        self._count += 1
        try:
            rule = Fault(id=self._count, **entry)
            rule.probability, rule.seconds, rule.skip = (
                float(rule.probability),
                float(rule.seconds),
                int(rule.skip),
            )
        except (TypeError, ValueError) as error:
            raise ControlRefused(str(error)) from None
        return rule

    async def clear(self, request: Request) -> Reply:
        self.rules.clear()
        return 200, {"faults": []}

    async def remove(self, request: Request) -> Reply:
        self.rules = [rule for rule in self.rules if rule.id != request.path_params["fault_id"]]
        return 200, {"faults": [asdict(rule) for rule in self.rules]}
