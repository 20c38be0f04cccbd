# SPDX-License-Identifier: AGPL-3.0-or-later
"""Looks every few seconds at what may go wrong in a house and keeps it as standing alarms (`foundation.alarms`).

It asks the exchange for its `status`, the machine for its disk, clock, certificate and last copy, the database for what
does not leave it. The exchange being away is an alarm too, from its second miss on: a restart takes a moment.
"""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta

from permanence.calls import queries as calls
from permanence.clients import queries as clients
from permanence.dispatch import fetching
from permanence.dispatch import queries as dispatch
from permanence.foundation import alarms, bus, outbox
from permanence.foundation.alarms import Alarm
from permanence.foundation.exchange import Exchange, ExchangeAbsent, ExchangeRefused
from permanence.kernel.faults import FaultBook
from permanence.messaging import alerts as unsent
from permanence.messaging.rules import ALERT_TOLD_AFTER
from permanence.project import doctor
from permanence.project.config import Configuration
from permanence.project.findings import Findings, of_status, refused_source
from permanence.project.forwarding_watch import ForwardingWatch
from permanence.switchboard import queries as switchboard

LOOK_S = 5.0
"""Between two looks."""
AWAY_FOR = timedelta(seconds=LOOK_S)
CERTIFICATE_EVERY = timedelta(minutes=1)
STUCK_FOR = timedelta(seconds=60)
"""A loop of the worker that has not come round for so long is stuck: no sign of life is given for it."""
NEW_HOUSE = doctor.BACKUP_AGE
"""How long a new house may be without a copy."""


class Watch:
    """`turned`: when the worker's loop last came round; `faults`: those of the worker."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        configuration: Configuration,
        faults: FaultBook,
        turned: Callable[[], datetime | None],
    ) -> None:
        self._exchange = exchange
        self._configuration = configuration
        self._faults = faults
        self._turned = turned
        self._away_since: datetime | None = None
        self._of_exchange = Findings()
        self._refused: list[dict[str, object]] = []
        self._certificate: list[Alarm] = []
        self._certificate_at: datetime | None = None
        self._forwarding = ForwardingWatch()

    def look(self, at: datetime) -> None:
        """Look once, and keep what is wrong."""
        keys = alarms.houses()
        self._ask(at)
        found = Findings([*self._of_exchange.machine, *self._machine(at)])
        for house, told in self._of_exchange.of_house.items():
            for alarm in told:
                found.add(house, self._named(house, alarm))
        for house in keys if self._refused else ():
            self._strangers(house, found, at)
        for trouble in dispatch.mail_trouble() if self._configuration.mail_is_set else ():
            found.add(trouble.house, Alarm(code="mail", params={"count": trouble.waiting}, since=trouble.since))
        for each in unsent.unsent_alerts(at=at, after=ALERT_TOLD_AFTER):
            told_of = {"client": each.client_name, "secretary": each.by_name}
            about = f"{each.client}/{each.call}"
            found.add(each.house, Alarm(code="alert_unsent", about=about, params=told_of, since=each.ended_at))
        for house, since in outbox.stuck().items():
            found.add(house, Alarm(code="outbox", since=since))
        for house, told in self._forwarding.alarms(keys, at=at).items():
            for alarm in told:
                found.add(house, alarm)
        alarms.keep(found.told_to(keys), keys=keys, at=at)
        turned = self._turned()
        if turned is not None and at - turned < STUCK_FOR:
            alarms.sign(at=at)

    def _ask(self, at: datetime) -> None:
        """The exchange's own complaints; for the first miss they stay as they were."""
        try:
            status = self._exchange.status()
            self._of_exchange, self._refused, self._away_since = of_status(status), status.get("refused", []), None
        except (ExchangeAbsent, ExchangeRefused, KeyError):
            self._away_since = self._away_since or at
            if at - self._away_since >= AWAY_FOR:
                self._of_exchange = Findings([Alarm(code="exchange", since=self._away_since)])
                self._refused = []

    def _strangers(self, house: str, found: Findings, at: datetime) -> None:
        trunks = switchboard.house_slice(house=house, version=0).trunks
        addresses = [address for trunk in trunks for address in trunk.addresses]
        alarm = refused_source(self._refused, addresses, last_call_at=calls.last_call_at(house=house), at=at)
        if alarm is not None:
            found.add(house, alarm)

    def _named(self, house: str, alarm: Alarm) -> Alarm:
        """A slice is named after its client."""
        key = alarm.about.removeprefix("client-").removesuffix(".json")
        if alarm.code != "slice" or key == alarm.about or not key.isdecimal():
            return alarm
        try:
            name = clients.client(house=house, client=key).name
        except clients.ClientUnknown:
            name = ""
        return Alarm(code=alarm.code, about=alarm.about, params={"client": name})

    def _machine(self, at: datetime) -> list[Alarm]:
        found = [*self._disk(), *self._checked_certificate(at), *self._receipts()]
        if self._faults.is_standing(at):
            params = {"count": self._faults.count, "kind": self._faults.kind}
            found.append(Alarm(code="worker_fault", params=params))
        asides = bus.set_aside_since(at=at)
        if asides:
            found.append(Alarm(code="event_aside", params={"count": asides}))
        if not self._configuration.demonstration:
            found += self._kept(at)
        return found

    def _disk(self) -> list[Alarm]:
        free = shutil.disk_usage(self._configuration.data).free
        if free >= doctor.LOW_DISK:
            return []
        # Rounded down to tenths of a gigabyte: the words change seldom.
        return [Alarm(code="disk_full" if free < doctor.FULL_DISK else "disk", params={"gb": f"{free // 10**8 / 10}"})]

    def _receipts(self) -> list[Alarm]:
        standing = fetching.read_standing(self._configuration.mailbox / fetching.STANDING_FILE)
        if not standing.why:
            return []
        return [Alarm(code="receipts", since=datetime.fromisoformat(standing.failing_since))]

    def _kept(self, at: datetime) -> list[Alarm]:
        """Clock and copies, which a demonstration needs not."""
        settings = self._configuration
        found = [Alarm(code="clock")] if doctor.clock_state() == doctor.TIME_ERROR else []
        made = doctor.backup_made(settings)
        opened = doctor.opened_at(settings)
        if made is None and opened is not None and at - opened > NEW_HOUSE:
            found.append(Alarm(code="backup_never", since=opened))
        elif made is not None and at - made > doctor.BACKUP_AGE:
            found.append(Alarm(code="backup_old", since=made))
        return found

    def _checked_certificate(self, at: datetime) -> list[Alarm]:
        settings = self._configuration
        if not settings.public_host:
            return []
        if self._certificate_at is None or at >= self._certificate_at + CERTIFICATE_EVERY:
            self._certificate_at = at
            self._certificate = self._certificate_now(at)
        return self._certificate

    def _certificate_now(self, at: datetime) -> list[Alarm]:
        settings = self._configuration
        try:
            left = doctor.certificate_days(settings.public_host, at=at, authority=doctor.authority_of(settings))
        except (OSError, ValueError):
            return [Alarm(code="certificate_bad")]
        return [] if left >= doctor.CERTIFICATE_DAYS else [Alarm(code="certificate", params={"days": left})]
