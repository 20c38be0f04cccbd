# SPDX-License-Identifier: AGPL-3.0-or-later
"""The address of a mailbox as a setting writes it: `imaps://user:password@host:port/folder` (after RFC 5092)."""

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

EXPECTED = "imaps://user:password@host/folder, or imap:// for STARTTLS, with / ? # % : in a password written as %2F..."
PORTS = {"imaps": 993, "imap": 143}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxAddress:
    """Where a mailbox is. `scheme` is "imaps" (TLS from the first byte) or "imap" (STARTTLS): never without TLS."""

    scheme: str
    host: str
    port: int
    user: str
    folder: str
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        """The address without the password, for the log and the state file."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{self.user}@{host}:{self.port}/{self.folder}"


def read_mailbox_url(text: str) -> MailboxAddress:
    """The address that `text` writes; without a folder it is INBOX.

    Raises ValueError, which says what is expected and nothing of what was found: a password may stand in it.
    """
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise ValueError(EXPECTED) from None
    user, password = unquote(url.username or ""), unquote(url.password or "")
    folder = unquote(url.path.removeprefix("/")) or "INBOX"
    plain = all(each.isprintable() for each in (user, password, folder))
    if url.scheme not in PORTS or not url.hostname or not user or url.query or url.fragment or not plain:
        raise ValueError(EXPECTED)
    return MailboxAddress(
        scheme=url.scheme,
        host=url.hostname,
        port=port or PORTS[url.scheme],
        user=user,
        password=password,
        folder=folder,
    )
