# SPDX-License-Identifier: AGPL-3.0-or-later
"""TLS of the trunks: our certificate, the carriers' authorities, and their renewal while we run.

In the keys folder: `sip.crt` (the chain) and `sip.key` are ours, for those who call us over TLS and for carriers that
want to see it; `sip-clients.crt`, where there is one, signs the certificates of carriers that show theirs; a trunk's
`ca_file` signs its carrier's.
"""

import errno
import ssl
from pathlib import Path

from permanence.reception.table import TrunkEntry

CERTIFICATE, KEY, CLIENTS = "sip.crt", "sip.key", "sip-clients.crt"


class TrunkTls:
    """The contexts, made once and renewed when their files change."""

    def __init__(self, keys: Path) -> None:
        self._keys = keys
        self._server: ssl.SSLContext | None = None
        self._served: tuple[float, ...] = ()
        self._clients: dict[tuple[str, bool], tuple[tuple[float, ...], ssl.SSLContext]] = {}

    @property
    def has_certificate(self) -> bool:
        """Whether we can be called over TLS."""
        return (self._keys / CERTIFICATE).is_file() and (self._keys / KEY).is_file()

    def server(self) -> ssl.SSLContext:
        """The context of the listening side. Raises OSError (ssl.SSLError) when the certificate cannot be used."""
        if self._server is None:
            made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            made.minimum_version = ssl.TLSVersion.TLSv1_2
            self._load(made)
            self._server = made
        return self._server

    def renew(self) -> bool:
        """Takes a changed certificate for the connections to come; whether it did.

        Raises OSError when the new one cannot be used: the old one stays.
        """
        if self._server is None or self._stamps(CERTIFICATE, KEY, CLIENTS) == self._served:
            return False
        self._load(self._server)
        return True

    def client(self, entry: TrunkEntry) -> ssl.SSLContext:
        """The context by which a trunk's carrier is called. Raises OSError or ValueError."""
        ours = (CERTIFICATE, KEY) if entry.client_certificate else ()
        stamps = self._stamps(*((entry.ca_file,) if entry.ca_file else ()), *ours)
        name = entry.ca_file, entry.client_certificate
        kept = self._clients.get(name)
        if kept is not None and kept[0] == stamps:
            return kept[1]
        made = ssl.create_default_context(cafile=self._existing(entry.ca_file) if entry.ca_file else None)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        if ours:
            made.load_cert_chain(self._existing(CERTIFICATE), self._existing(KEY))
        self._clients[name] = stamps, made
        return made

    def _load(self, context: ssl.SSLContext) -> None:
        stamps = self._stamps(CERTIFICATE, KEY, CLIENTS)
        pair = self._existing(CERTIFICATE), self._existing(KEY)
        # A pair that does not fit together would leave the context half changed: it is tried on another one first.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*pair)
        context.load_cert_chain(*pair)
        if (self._keys / CLIENTS).is_file():
            context.load_verify_locations(self._keys / CLIENTS)
            context.verify_mode = ssl.CERT_OPTIONAL
        self._served = stamps

    def _existing(self, name: str) -> str:
        """The path of a file that is there: the TLS library does not say which one it misses."""
        path = self._named(name)
        if not path.is_file():
            raise FileNotFoundError(errno.ENOENT, "not in the keys folder", name)
        return str(path)

    def _named(self, name: str) -> Path:
        if "/" in name or name.startswith("."):
            raise ValueError("the trunk's ca_file is a file of the keys folder")
        return self._keys / name

    def _stamps(self, *names: str) -> tuple[float, ...]:
        found = []
        for name in names:
            try:
                found.append(self._named(name).stat().st_mtime)
            except OSError:
                found.append(0.0)
        return tuple(found)
