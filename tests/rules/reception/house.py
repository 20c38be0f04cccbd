# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small house for the tests of the reception: its table, and a driver that remembers what the desk decided."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from permanence.reception.decisions import Decided, Offer, PresenceIs
from permanence.reception.desk import Reception
from permanence.reception.table import (
    ClientSlice,
    GreetingEntry,
    HouseSlice,
    OpeningHours,
    RoutingTable,
    SecretaryEntry,
    TrunkEntry,
)

HOUSE = "demo"
START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

CLAIRE, AOIFE, MAUD = "1", "2", "3"
WEBER, DUPONT, ATLAS = "10", "11", "12"


class Counter:
    """Entropy of the tests: every token is another one, the same in every run."""

    def __init__(self) -> None:
        self._given = 0

    def token(self, size: int) -> bytes:
        self._given += 1
        return self._given.to_bytes(size, "big")


def client(
    number: str, languages: tuple[str, ...] = ("fr",), *, country: str = "FR", sector: str = "other", **more: Any
) -> ClientSlice:
    fields: dict[str, Any] = {
        "house": HOUSE,
        "client": number,
        "version": 1,
        "name": f"Client {number}",
        "initials": "CL",
        "colour": 1,
        "kind": "company",
        "sector": sector,
        "place": "",
        "country": country,
        "region": "",
        "time_zone": "Europe/Paris",
        "languages": languages,
        "state": "active",
        "lines": (f"+3519900{number}",),
        "hours": OpeningHours(always=True),
        "greetings": (GreetingEntry(language=(languages or ("fr",))[0], text="Bonjour, {name} à l'appareil."),),
    }
    return ClientSlice(**{**fields, **more})


def house_slice(
    secretaries: dict[str, tuple[str, ...]],
    *,
    members: dict[str, tuple[str, ...]] | None = None,
    limited: dict[str, tuple[str, ...]] | None = None,
    **more: Any,
) -> HouseSlice:
    """`members`: the pools each secretary is in; `limited`: the only clients a secretary answers for."""
    return HouseSlice(
        house=HOUSE,
        version=1,
        name="Demo",
        language="fr",
        secretaries=tuple(
            SecretaryEntry(
                id=each,
                name=f"Secretary {each}",
                languages=spoken,
                pools=(members or {}).get(each, ()),
                clients=(limited or {}).get(each),
            )
            for each, spoken in secretaries.items()
        ),
        trunks=(TrunkEntry(name="carrier", addresses=("127.0.0.1",), country="LU"),),
        **more,
    )


def table(*slices: HouseSlice | ClientSlice) -> RoutingTable:
    made = RoutingTable()
    for each in slices:
        made = made.put(each)
    return made


CAST = {CLAIRE: ("fr", "de"), AOIFE: ("en", "fr"), MAUD: ("en",)}
CLIENTS = (
    client(WEBER, ("fr", "de"), country="LU", sector="health", time_zone="Europe/Luxembourg"),
    client(DUPONT, ("fr",), sector="health"),
    client(ATLAS, ("en",), country="IE", time_zone="Europe/Dublin"),
)


class Desk:
    """Drives a `Reception` at a moment that only `forward` moves, and keeps everything it decided."""

    def __init__(self, *slices: HouseSlice | ClientSlice) -> None:
        self.table = table(*(slices or (house_slice(CAST), *CLIENTS)))
        self.at = START
        self.reception = Reception(HOUSE, self.table, entropy=Counter())
        self.decisions: list[Any] = []
        self.events: list[Any] = []
        self.states: dict[str, Any] = {}
        self.last = Decided()

    def do(self, name: str, *args: Any, **more: Any) -> Decided:
        return self.keep(getattr(self.reception, name)(*args, at=self.at, **more))

    def keep(self, decided: Decided) -> Decided:
        self.last = decided
        self.decisions.extend(decided.decisions)
        self.events.extend(decided.events)
        for name, value in decided.states.items():
            self.states.pop(name, None)
            if value is not None:
                self.states[name] = value
        return decided

    def forward(self, seconds: float) -> Decided:
        """Let time pass, ticking at every deadline on the way."""
        until = self.at + timedelta(seconds=seconds)
        gathered: list[Decided] = []
        while (due := self.reception.next_deadline()) is not None and due <= until:
            self.at = max(self.at, due)
            gathered.append(self.do("tick"))
        self.at = until
        self.last = Decided(
            tuple(each for one in gathered for each in one.decisions),
            tuple(each for one in gathered for each in one.events),
        )
        return self.last

    def sits(self, secretary: str, *, ready: bool = True) -> None:
        self.do("seat_connected", secretary, f"seat-{secretary}")
        self.do("line_state", secretary, up=True)
        if ready:
            self.do("ready", secretary)

    def rings(self, call: str, at_client: str | None = DUPONT, **more: Any) -> Decided:
        return self.do("call_arrived", call, client=at_client, **more)

    def restart(self, *, after: float = 0.0) -> Decided:
        """Another exchange takes over from the named states, after some seconds."""
        self.at += timedelta(seconds=after)
        self.reception, decided = Reception.restore(HOUSE, self.table, dict(self.states), entropy=Counter(), at=self.at)
        return self.keep(decided)

    def republish(self, change: Callable[[ClientSlice], ClientSlice], number: str) -> None:
        before = self.table.clients[HOUSE, number]
        self.table = self.table.put(replace(change(before), version=before.version + 1))
        self.do("table_changed", self.table)

    # what was decided

    def named(self, kind: type) -> list[Any]:
        """The decisions of that kind in the last input."""
        return [each for each in self.last.decisions if isinstance(each, kind)]

    def told(self, kind: type) -> list[Any]:
        """The events of that kind in the last input."""
        return [each for each in self.last.events if isinstance(each, kind)]

    def state(self, secretary: str) -> str:
        shown = self.reception.presence(secretary)
        return "" if shown is None else shown.state

    def offered(self, secretary: str) -> str | None:
        offer = self.reception.offer_to(secretary)
        return None if offer is None else offer.call

    def shown(self, secretary: str) -> PresenceIs:
        shown = self.reception.presence(secretary)
        assert shown is not None
        return shown


def codes(offer: Offer) -> list[str]:
    return [reason.code for reason in offer.why]
