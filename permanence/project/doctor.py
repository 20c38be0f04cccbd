# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run doctor`: says in plain words what is well and what is wrong with a house. It changes nothing."""

import argparse
import ctypes
import os
import shutil
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from permanence.dispatch import fetching
from permanence.dispatch.channels.email.relay import Relay, RelaySettings
from permanence.foundation.exchange import Exchange
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock
from permanence.project import backup, backup_postgres, config
from permanence.project.line_states import read_table
from permanence.project.supervisor import doors, folder
from permanence.project.supervisor.ports import PortBusy, bind
from permanence.project.supervisor.sockets import busy_doors, wanted_ports
from permanence.project.supervisor.start import DEMONSTRATION, configuration_of, say
from permanence.reception.table import RoutingTable

EXPECTED = ("mediaplane", "exchange", "web", "worker")
ADVICE = {
    "events": "The worker writes the record of the calls: look at its lines of the log.",
    "fault": "The log shows each with its trace: report it.",
    "journal": "Look at the room and the state of the disk of the data folder.",
    "journal_aside": "Keep that file and the log: they show the fault.",
    "leg": "media.hosts has to hold an address of this machine for every carrier's family of addresses.",
    "line": "Give it to its client in the back office, or tell the carrier.",
    "media": "The supervisor starts it again; the log says why it went.",
    "ports": "Widen media.rtp.",
    "recording": "Look at the room and the state of the disk of the data folder.",
    "restore": "Its callers were told nothing; new calls are taken. Keep the log.",
    "silent": "Ask the carrier, or look at the trunk's address in the back office and at the firewall.",
    "sip_tls": "Put a good certificate and its key there.",
    "slice": "Save that client or the house again in the back office.",
    "trunk": "Look at its registrar, user and secret in the back office.",
    "turn_failed": "The log shows the fault with its trace: report it.",
}
"""What to do about an alarm of the exchange, by its code up to the colon."""
NETWORK_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "glusterfs", "ceph"}
LOW_DISK = 2_000_000_000
FULL_DISK = 200_000_000
BACKUP_AGE = timedelta(days=2)
CERTIFICATE_DAYS = 14
TIME_ERROR = 5
"""What adjtimex(2) returns when nothing keeps the clock right."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `level` is "well", "look" (may be wanted) or "wrong"."""

    level: str
    subject: str
    sentence: str


def examine(configuration: config.Configuration, *, at: datetime) -> Iterator[Finding]:
    """Everything that can be seen from this machine, in the order in which it should be mended."""
    status = folder.read_status(configuration.data)
    configuration = as_it_runs(configuration, status)
    yield from processes(status, doors_wanted=bool(configuration.public_host))
    yield from ports(configuration, status)
    if status is not None:
        yield from exchange(Path(status["run"]) / "exchange.sock")
    yield from microphone(configuration, at=at)
    yield disk(shutil.disk_usage(configuration.data).free, file_system(configuration.data, mounts()))
    yield clock(clock_state())
    yield from trunks(read_table(configuration.data), demonstration=configuration.demonstration)
    yield mail(configuration)
    yield receipts(configuration, at=at)
    yield last_backup(configuration, at=at)


def as_it_runs(configuration: config.Configuration, status: Mapping[str, Any] | None) -> config.Configuration:
    """The configuration with the site's address of the running house, which `--listen` may have given."""
    scheme, _, rest = str(status["web"] if status else "").partition("://")
    host = rest.rpartition(":")[0].strip("[]")
    return configuration.changed(web_host=host) if scheme == "http" and host not in {"", "localhost"} else configuration


def processes(
    status: Mapping[str, Any] | None, proc: Path = Path("/proc"), *, doors_wanted: bool = False
) -> Iterator[Finding]:
    """Whether the house runs, and each of its processes; `doors_wanted`: Caddy is one of them."""
    if status is None:
        yield Finding("wrong", "house", "No house runs on this data folder: start it with ./run.")
        return
    supervisor = int(status["pid"])
    yield Finding("well", "house", f"The house runs since {in_words(status['started'])} (process {supervisor}).")
    running = children(supervisor, proc)
    marks: dict[str, tuple[str, ...]] = {
        name: (f"permanence.engine.{name}", f"permanence.project.{name}") for name in EXPECTED
    }
    if doors_wanted:
        marks["doors"] = (f"/{doors.CADDYFILE} ",)
    for name, told in marks.items():
        if any(mark in line for line in running for mark in told):
            yield Finding("well", name, "running.")
        else:
            yield Finding("wrong", name, "not running; the log says why, the supervisor starts it again and again.")


def in_words(moment: str) -> str:
    """An RFC 3339 moment on this machine's clock, `24 November 2026, 12:03`; what is no moment is left as it is."""
    try:
        return f"{datetime.fromisoformat(moment).astimezone():%-d %B %Y, %H:%M}"
    except ValueError:
        return moment


def children(parent: int, proc: Path) -> list[str]:
    """The command lines of a process's children."""
    try:
        numbers = (proc / str(parent) / "task" / str(parent) / "children").read_text().split()
    except OSError:
        return []
    return [line for number in numbers if (line := _command(proc / number))]


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def ports(configuration: config.Configuration, status: Mapping[str, Any] | None) -> Iterator[Finding]:
    """Running: do the site and the line answer. Not running: are the ports free. What is well is one finding."""
    well: list[str] = []
    if status is None:
        for wanted in wanted_ports(configuration):
            try:
                bind(wanted, or_next=False).close()
            except PortBusy as busy:
                yield Finding("wrong", "ports", busy.why)
            else:
                well.append(f"{wanted.name} {wanted.port}")
        if well:
            yield Finding("well", "ports", f"Free: {', '.join(well)}.")
        for why in busy_doors(configuration):
            yield Finding("wrong", "ports", why)
        return
    behind = ((configuration.web_host, configuration.web_port), (configuration.line_host, configuration.line_port))
    named = (("the site", status["web"]), ("the line", status["line"]))
    for (name, address), own in zip(named, behind, strict=True):
        if configuration.public_host:
            host, port = own
        else:
            host, _, number = str(address).partition("://")[2].removesuffix("/line").rpartition(":")
            port = int(number)
        if answers("127.0.0.1" if host in {"localhost", "0.0.0.0"} else host.strip("[]"), port):
            well.append(f"{name} answers at {address}")
        else:
            yield Finding("wrong", "ports", f"{name} does not answer at {address}.")
    if well:
        yield Finding("well", "ports", f"{', '.join(well)}.")


def exchange(control: Path) -> Iterator[Finding]:
    """What the running exchange says of itself on its control socket; its silence is a finding too."""
    try:
        status = Exchange(control).status()
    except Refusal as refusal:
        yield Finding("wrong", "exchange", f"It does not say how it is: {refusal.why}. No call may be taken.")
        return
    yield from complaints(status)


def complaints(status: Mapping[str, Any]) -> Iterator[Finding]:
    """Each alarm of the exchange's `status`, and each trunk whose carrier turned us away or is silent, once."""
    alarms = {str(alarm["code"]): str(alarm["why"]) for alarm in status["alarms"]}
    for code, why in alarms.items():
        kind, _, about = code.partition(":")
        subject = "trunks" if kind in {"trunk", "silent"} else "exchange"
        said = f"{about}: {why}" if about else f"{why[:1].upper()}{why[1:]}"
        yield Finding("wrong", subject, f"{said.rstrip('.')}. {ADVICE.get(kind, 'The log says more.')}")
    for trunk in status["trunk_states"]:
        name = trunk["trunk"]
        if trunk["registration"] == "failed" and f"trunk:{name}" not in alarms:
            why = f"our registration failed ({trunk['registration_status']})"
            yield Finding("wrong", "trunks", f"{name}: {why}. {ADVICE['trunk']}")
        if trunk["alive"] is False and f"silent:{name}" not in alarms:
            why = f"the carrier does not answer ({trunk['alive_status']})"
            yield Finding("wrong", "trunks", f"{name}: {why}. {ADVICE['silent']}")
    if not alarms:
        yield Finding("well", "exchange", f"It answers and complains of nothing; {len(status['calls'])} calls now.")


def answers(host: str, port: int) -> bool:
    """Whether a TCP connection is taken within 2 s."""
    try:
        with socket.create_connection((host, port), timeout=2.0):
            return True
    except OSError:
        return False


def microphone(configuration: config.Configuration, *, at: datetime) -> Iterator[Finding]:
    """Browsers give the microphone to https and to localhost only (the "secure context" of W3C)."""
    if configuration.public_host:
        yield certificate(configuration.public_host, at=at, authority=authority_of(configuration))
    elif config.is_loopback(configuration.web_host):
        sentence = "Secretaries on this machine have their microphone; from elsewhere set public.host (README)."
        yield Finding("well" if configuration.demonstration else "look", "microphone", sentence)
    else:
        sentence = f"The site listens on {configuration.web_host} without TLS: no browser gives its microphone there. "
        yield Finding("wrong", "microphone", sentence + "Set public.host to a name that leads here.")


def authority_of(configuration: config.Configuration) -> Path | None:
    """The house's own authority, where it signs the certificate itself."""
    return configuration.data / doors.AUTHORITY if configuration.public_tls == "internal" else None


def certificate_days(host: str, *, at: datetime, port: int = 443, authority: Path | None = None) -> int:
    """For how many more days the certificate is good that this machine shows under its public name.

    `authority` signs it where it is the house's own. Raises OSError or ValueError when there is no good one.
    """
    cafile = str(authority) if authority is not None and authority.exists() else None
    with (
        socket.create_connection(("127.0.0.1", port), timeout=3.0) as plain,
        ssl.create_default_context(cafile=cafile).wrap_socket(plain, server_hostname=host) as secured,
    ):
        shown = secured.getpeercert() or {}
    return (datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC) - at).days


def certificate(host: str, *, at: datetime, port: int = 443, authority: Path | None = None) -> Finding:
    """The certificate that this machine shows under its public name, signed by `authority` where it is the house's."""
    try:
        left = certificate_days(host, at=at, port=port, authority=authority)
    except (OSError, ValueError) as error:
        return Finding(
            "wrong", "TLS", f"https://{host} does not answer on this machine with a good certificate: {error}."
        )
    level = "well" if left >= CERTIFICATE_DAYS else "wrong"
    return Finding(level, "TLS", f"The certificate of {host} is good for {left} more days.")


def mounts() -> list[tuple[str, str]]:
    """(mount point, kind of file system) of this machine, proc(5)."""
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    return [(words[1].replace("\\040", " "), words[2]) for line in lines if len(words := line.split()) > 2]


def file_system(path: Path, mounted: Sequence[tuple[str, str]]) -> str:
    """The kind of file system that holds `path`."""
    holding = [(point, kind) for point, kind in mounted if path.is_relative_to(point)]
    return max(holding, key=lambda found: len(found[0]), default=("", "unknown"))[1]


def disk(free: int, kind: str) -> Finding:
    """Room on the disk of the data folder (bytes), and whether it is a disk of this machine."""
    if kind in NETWORK_SYSTEMS:
        return Finding("wrong", "disk", f"The data folder is on {kind}: SQLite needs a disk of this machine.")
    room = f"{free / 1e9:.1f} GB are free."
    if free < FULL_DISK:
        return Finding("wrong", "disk", f"{room} New calls will be refused when nothing is left.")
    return Finding("look" if free < LOW_DISK else "well", "disk", room)


def clock_state() -> int:
    """What adjtimex(2) says of this machine's clock."""
    return int(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512)))


def clock(state: int) -> Finding:
    """`state`: what adjtimex(2) returned."""
    if state == TIME_ERROR:
        return Finding(
            "look", "clock", "Nothing keeps this machine's clock right: install systemd-timesyncd or chrony."
        )
    if state < 0:
        return Finding("look", "clock", "The state of the clock may not be read here.")
    return Finding("well", "clock", "The clock is kept right.")


def trunks(table: RoutingTable, *, demonstration: bool) -> Iterator[Finding]:
    """The carriers from which calls are taken, and the lines that can be called."""
    found = [trunk for house in table.houses.values() for trunk in house.trunks]
    if not found:
        yield Finding("wrong", "trunks", "No trunk: a call from a carrier is refused. Add one in the back office.")
    for trunk in found:
        sources = ", ".join(trunk.addresses) or trunk.registrar or "nowhere"
        yield Finding("well", "trunks", f"{trunk.name}: calls from {sources}.")
    if not table.lines:
        yield Finding("wrong", "lines", "No client has a line: add a client and a number in the back office.")
    elif not demonstration:
        yield Finding("well", "lines", f"{len(table.lines)} lines of {len(table.clients)} clients.")


def mail(configuration: config.Configuration) -> Finding:
    """Whether a mail would leave this house now: the relay is asked, and given nothing."""
    if not configuration.mail_is_set:
        told = "No mail server is set (mail.host and mail.from): invitations reach nobody, messages wait in the portal."
        return Finding("look", "mail", told)
    where = f"{configuration.mail_host}:{configuration.mail_port}"
    settings = RelaySettings(
        host=configuration.mail_host,
        port=configuration.mail_port,
        user=configuration.mail_user,
        password=configuration.mail_password,
        security=configuration.mail_security,
    )
    with Relay(settings) as relay:
        why = relay.away()
    if why:
        return Finding("wrong", "mail", f"The mail server {where} takes no mail: {why.rstrip('.')}. Mails wait here.")
    return Finding("well", "mail", f"The mail server {where} answers.")


def receipts(configuration: config.Configuration, *, at: datetime) -> Finding:
    """Whether the receipts of our mails are fetched, by what the worker wrote down at its last turn."""
    if configuration.demonstration:
        return Finding("well", "receipts", "The demonstration's mailbox writes its own.")
    if not configuration.mail_receipts_url:
        told = "Nothing fetches them (mail.receipts_url): a mail that comes back later is not noticed."
        return Finding("look", "receipts", told)
    every = timedelta(seconds=configuration.mail_receipts_every)
    standing = fetching.read_standing(configuration.mailbox / fetching.STANDING_FILE)
    well, sentence = fetching.judge(standing, every=every, at=at)
    return Finding("well" if well else "wrong", "receipts", sentence)


def last_backup(configuration: config.Configuration, *, at: datetime) -> Finding:
    """When the house was copied, by what `./run backup` left; and whether it can be, where PostgreSQL has to do it."""
    if configuration.demonstration:
        return Finding("well", "backup", "A demonstration needs none.")
    if configuration.database_url and not backup_postgres.installed("pg_dump"):
        return Finding("wrong", "backup", f"{backup_postgres.missing('pg_dump')}. Until then no copy can be made.")
    when = backup_made(configuration)
    if when is None:
        return Finding("wrong", "backup", f"This house was never copied: ./run backup DIR --data {configuration.data}")
    old = at - when > BACKUP_AGE
    return Finding("look" if old else "well", "backup", f"Last copied on {when:%Y-%m-%d %H:%M} UTC.")


def backup_made(configuration: config.Configuration) -> datetime | None:
    """When the last copy was made, None for never."""
    try:
        made = (configuration.data / backup.LAST).read_text(encoding="utf-8").split()[0]
        return datetime.strptime(made, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except (OSError, ValueError, IndexError):
        return None


def opened_at(configuration: config.Configuration) -> datetime | None:
    """When the house was first started, by its oldest key; None when there is none."""
    try:
        return datetime.fromtimestamp(configuration.django_key.stat().st_mtime, UTC)
    except OSError:
        return None


def main(arguments: Sequence[str]) -> int:
    """Status 1 when something is wrong."""
    parser = argparse.ArgumentParser(prog="./run doctor", description="Says what is wrong with a house.")
    parser.add_argument("--data", type=Path, default=DEMONSTRATION, help="its data folder (default: var/demo)")
    data = parser.parse_args(arguments).data.resolve()
    if not data.is_dir():
        raise Refusal(f"There is no house in {data}: start one with ./run or ./run --empty DIR.")
    settings = configuration_of(data, os.environ)
    signs = {"well": "ok   ", "look": "look ", "wrong": "WRONG"}
    findings = list(examine(settings, at=SystemClock().now()))
    for finding in findings:
        say(f"{signs[finding.level]}  {finding.subject:<11} {finding.sentence}")
    return int(any(finding.level == "wrong" for finding in findings))
