# SPDX-License-Identifier: AGPL-3.0-or-later
"""The settings of one house: `permanence.toml` in its data folder, and the environment, which wins.

A setting `web.port` stands in the file as `port` under `[web]` and in the environment as `PERMANENCE_WEB_PORT`.
`SETTINGS` is the one list: `docs/configuration.md` explains it and a test compares the two. `configuration` is pure;
`read_configuration` is what a process calls at its start.
"""

import ipaddress
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

from permanence.dispatch.channels.email.mailbox_url import read_mailbox_url
from permanence.foundation.outside import Network, read_networks
from permanence.kernel.refusals import Refusal

SOCKET_PATH_LIMIT = 107
"""Bytes that the path of a Unix socket may have (`sun_path` is 108 bytes with its final zero, unix(7))."""

FILE_NAME = "permanence.toml"


class ConfigurationRefused(Refusal):
    """A setting is unknown, of the wrong kind, or missing; `why` names it and says what is expected."""

    code = "configuration_refused"


class PortRange(NamedTuple):
    """Ports from `first` to `last`, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


RTP_PORTS = PortRange(10000, 10999)


UNSET_SENDER = "permanence@localhost"
"""The sender of a house that was told of no mail server."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything the processes of one house need to know at their start. Hosts are literal addresses or names.

    `run` holds the Unix sockets: `data/run` unless that path is too long. `web_fd` is the listening socket inherited
    from the supervisor, or None when the process opens its own.
    """

    data: Path
    run: Path
    demonstration: bool = False
    house: str = "house"
    engine: str = "e1"
    web_host: str = "127.0.0.1"
    web_port: int = 8000
    web_fd: int | None = None
    line_host: str = "127.0.0.1"
    line_port: int = 8001
    sip_hosts: tuple[str, ...] = ("127.0.0.1",)
    sip_port: int = 5060
    sip_tls_port: int = 5061
    media_hosts: tuple[str, ...] = ("127.0.0.1",)
    media_port: int = 5080
    media_rtp: PortRange = RTP_PORTS
    public_host: str = ""
    public_tls: str = "acme"
    public_acme_directory: str = ""
    public_acme_root: str = ""
    public_address: str = ""
    mail_host: str = "127.0.0.1"
    mail_port: int = 25
    mail_user: str = ""
    mail_password: str = ""
    mail_security: str = "none"
    mail_from: str = UNSET_SENDER
    mail_receipts_url: str = field(default="", repr=False)
    mail_receipts_password: str = field(default="", repr=False)
    mail_receipts_password_file: str = ""
    mail_receipts_every: int = 60
    database_url: str = ""
    own_networks: tuple[Network, ...] = ()

    @property
    def sip_host(self) -> str:
        """The first address SIP listens on."""
        return self.sip_hosts[0]

    @property
    def database(self) -> Path:
        """The embedded database's file (used when `database_url` is empty)."""
        return self.data / "db.sqlite3"

    @property
    def ticket_key(self) -> Path:
        """The key that signs seat tickets: 32 bytes."""
        return self.data / "keys" / "ticket.key"

    @property
    def django_key(self) -> Path:
        """Django's secret key, as text."""
        return self.data / "keys" / "django.key"

    @property
    def mailbox(self) -> Path:
        """The folder in which the demonstration's mail sink keeps what it receives, one `.eml` a mail."""
        return self.data / "mail"

    @property
    def mail_is_set(self) -> bool:
        """Whether mails leave this house: its sender was written down, or it is a demonstration with a mailbox."""
        return self.demonstration or self.mail_from != UNSET_SENDER

    @property
    def exchange_socket(self) -> Path:
        """The exchange's control socket (and event bus)."""
        return self.run / "exchange.sock"

    @property
    def web_url(self) -> str:
        """Where a browser on this machine (with a public host: anywhere) opens the site; no final slash."""
        if self.public_host:
            return f"https://{self.public_host}"
        return f"http://{browser_host(self.web_host)}:{self.web_port}"

    @property
    def line_url(self) -> str:
        """The address of the call-control websocket for a browser that opened `web_url`."""
        if self.public_host:
            return f"wss://{self.public_host}/line"
        return f"ws://{browser_host(self.line_host)}:{self.line_port}/line"

    @property
    def is_seen_from_elsewhere(self) -> bool:
        """Whether browsers of other machines reach the site."""
        return bool(self.public_host) or not is_loopback(self.web_host)

    @property
    def origins(self) -> tuple[str, ...]:
        """The values of the Origin header that the exchange accepts."""
        if self.public_host:
            return (self.web_url,)
        named = {browser_host(self.web_host), self.web_host}
        if is_loopback(self.web_host):
            named |= {"localhost", "127.0.0.1", "[::1]"}
        return tuple(f"http://{host}:{self.web_port}" for host in sorted(named - {"0.0.0.0", "::"}))

    def environment(self) -> dict[str, str]:
        """The same configuration as `PERMANENCE_*` variables, for a process that is about to be started."""
        variables = {"PERMANENCE_DATA": str(self.data), "PERMANENCE_RUN": str(self.run)}
        for key, setting in SETTINGS.items():
            variables[variable(key)] = _written(getattr(self, setting.field))
        if self.web_fd is not None:
            variables["PERMANENCE_WEB_FD"] = str(self.web_fd)
        return variables

    def changed(self, **values: Any) -> Self:
        """The same configuration with some fields replaced."""
        return replace(self, **values)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value.strip()


def _slug(value: object) -> str:
    text = _text(value)
    if not text or not text.replace("-", "").isalnum() or text.lower() != text:
        raise ValueError("a short name in lower case letters, digits and hyphens")
    return text


def _tls(value: object) -> str:
    text = _text(value)
    if text not in {"acme", "internal"}:
        raise ValueError("acme or internal")
    return text


def _directory(value: object) -> str:
    text = _text(value)
    if text and not (text.startswith("https://") and text.isprintable() and not set(text) & set(' "{}')):
        raise ValueError("the https:// address of an ACME directory")
    return text


def _security(value: object) -> str:
    text = _text(value)
    if text not in {"none", "starttls", "tls"}:
        raise ValueError("none, starttls or tls")
    return text


def _mailbox(value: object) -> str:
    text = _text(value)
    if text:
        read_mailbox_url(text)
    return text


def _seconds(value: object) -> int:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal()) or not 10 <= int(text) <= 86400:
        raise ValueError("seconds, between 10 and 86400")
    return int(text)


def _address(value: object) -> str:
    text = _text(value)
    if text:
        try:
            ipaddress.ip_address(text)
        except ValueError:
            raise ValueError("an IPv4 or IPv6 address") from None
    return text


def _port(value: object) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = 0
    if isinstance(value, bool) or not 0 < number < 65536:
        raise ValueError("a port between 1 and 65535")
    return number


def _ports(value: object) -> PortRange:
    try:
        first, last = (int(part) for part in str(value).split("-"))
    except ValueError:
        first, last = 0, 0
    if not (first >= 1024 and first + 3 <= last <= 65535):
        raise ValueError("two ports, as in 10000-10999")
    return PortRange(first, last)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text not in {"1", "0", "true", "false", "yes", "no"}:
        raise ValueError("true or false")
    return text in {"1", "true", "yes"}


def _addresses(value: object) -> tuple[str, ...]:
    parts = value if isinstance(value, list) else str(value).split(",")
    found = tuple(_address(part) for part in parts if str(part).strip())
    if not found:
        raise ValueError("at least one address (0.0.0.0 for every IPv4 address)")
    return found


class Setting(NamedTuple):
    """One setting: the field of `Configuration` it fills, and its reader (whose ValueError says what is expected).

    A password may stand in a `secret` one: what was found is not repeated to whoever reads the refusal.
    """

    field: str
    read: Callable[[object], Any]
    secret: bool = False


SETTINGS: dict[str, Setting] = {
    "house.name": Setting("house", _slug),
    "house.demonstration": Setting("demonstration", _flag),
    "house.engine": Setting("engine", _slug),
    "house.database_url": Setting("database_url", _text),
    "house.own_networks": Setting("own_networks", read_networks),
    "web.host": Setting("web_host", _address),
    "web.port": Setting("web_port", _port),
    "line.host": Setting("line_host", _address),
    "line.port": Setting("line_port", _port),
    "sip.host": Setting("sip_hosts", _addresses),
    "sip.hosts": Setting("sip_hosts", _addresses),
    "sip.port": Setting("sip_port", _port),
    "sip.tls_port": Setting("sip_tls_port", _port),
    "media.hosts": Setting("media_hosts", _addresses),
    "media.port": Setting("media_port", _port),
    "media.rtp": Setting("media_rtp", _ports),
    "public.host": Setting("public_host", _text),
    "public.tls": Setting("public_tls", _tls),
    "public.acme_directory": Setting("public_acme_directory", _directory),
    "public.acme_root": Setting("public_acme_root", _text),
    "public.address": Setting("public_address", _address),
    "mail.host": Setting("mail_host", _text),
    "mail.port": Setting("mail_port", _port),
    "mail.user": Setting("mail_user", _text),
    "mail.password": Setting("mail_password", _text),
    "mail.security": Setting("mail_security", _security),
    "mail.from": Setting("mail_from", _text),
    "mail.receipts_url": Setting("mail_receipts_url", _mailbox, secret=True),
    "mail.receipts_password": Setting("mail_receipts_password", _text, secret=True),
    "mail.receipts_password_file": Setting("mail_receipts_password_file", _text),
    "mail.receipts_every": Setting("mail_receipts_every", _seconds),
}


def variable(key: str) -> str:
    """The environment's name of a setting: `web.port` is `PERMANENCE_WEB_PORT`; `house.` is left out."""
    if key == "house.name":
        return "PERMANENCE_HOUSE"
    return "PERMANENCE_" + key.removeprefix("house.").replace(".", "_").upper()


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple) and not isinstance(value, PortRange):
        return ",".join(str(part) for part in value)
    return str(value)


def is_loopback(host: str) -> bool:
    """Whether `host` is reached only from this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def browser_host(host: str) -> str:
    """How a browser of this machine names a listening address: `localhost` where it can, brackets around IPv6."""
    if host in {"localhost", "127.0.0.1", "::1", "0.0.0.0", "::"}:
        return "localhost"
    return f"[{host}]" if ":" in host else host


def run_folder(data: Path, *, fallback: Path) -> Path:
    """Where the Unix sockets live: `data/run`, or `fallback` when a path there would pass `SOCKET_PATH_LIMIT`."""
    wanted = data / "run"
    longest = len(str(wanted / "exchange.sock").encode())
    return wanted if longest <= SOCKET_PATH_LIMIT else fallback


def configuration(data: Path, *, file: Mapping[str, Any], environment: Mapping[str, str]) -> Configuration:
    """The configuration of the house in `data`: defaults, then `file` (a parsed `permanence.toml`), then `environment`.

    Raises ConfigurationRefused when a key is unknown or a value is not of its kind.
    """
    values: dict[str, Any] = {}
    for table, content in file.items():
        if not isinstance(content, Mapping):
            raise ConfigurationRefused(f"{FILE_NAME}: {table} is not a table ([{table}] with settings under it)")
        for name, value in content.items():
            _set(values, f"{table}.{name}", value, f"{FILE_NAME}: {table}.{name}")
    for key in SETTINGS:
        if variable(key) in environment:
            _set(values, key, environment[variable(key)], variable(key))
    run = environment.get("PERMANENCE_RUN") or str(data / "run")
    inherited = environment.get("PERMANENCE_WEB_FD")
    return Configuration(data=data, run=Path(run), web_fd=int(inherited) if inherited else None, **values)


def _set(values: dict[str, Any], key: str, value: object, named: str) -> None:
    setting = SETTINGS.get(key)
    if setting is None:
        raise ConfigurationRefused(f"{named}: there is no such setting; docs/configuration.md lists them")
    try:
        values[setting.field] = setting.read(value)
    except ValueError as error:
        found = "" if setting.secret else f", found {value!r}"
        raise ConfigurationRefused(f"{named}: expected {error}{found}") from error


def read_configuration(environment: Mapping[str, str]) -> Configuration:
    """What a process of the house calls first, with `os.environ`; reads the file in the folder of `PERMANENCE_DATA`.

    Raises ConfigurationRefused.
    """
    folder = environment.get("PERMANENCE_DATA")
    if not folder:
        raise ConfigurationRefused("PERMANENCE_DATA is not set: it names the data folder of the house")
    data = Path(folder).resolve()
    return configuration(data, file=read_file(data), environment=environment)


def read_file(data: Path) -> Mapping[str, Any]:
    """The parsed `permanence.toml` of a data folder; empty where there is none. Raises ConfigurationRefused."""
    path = data / FILE_NAME
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationRefused(f"{path}: {error}") from error
