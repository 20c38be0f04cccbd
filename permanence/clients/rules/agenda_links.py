# SPDX-License-Identifier: AGPL-3.0-or-later
"""Decisions about the link to a client's agenda on another house's site: what may be opened, and what it is called."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from permanence.kernel.refusals import Refusal

PRODUCTS = ("Doctolib", "Maiia", "Keldoc", "ClickDoc", "Docorga", "Doctena")
"""What the trade uses most; any other name is good too."""
PRODUCT_LIMIT = 60
LINK_LIMIT = 500
REMARK_LIMIT = 200
_HOST = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])\Z")
"""A name of a site: letters before the last dot's end, so that no bare address of a machine passes (RFC 1123, 2.1)."""
_LINK = re.compile(r"[!-~]+\Z")


class LinkUnfit(Refusal):
    """Why a link is not opened; `code` says it: link_not_https, link_secret, link_host, link_malformed."""

    def __init__(self, code: str, why: str = "") -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True)
class AgendaLink:
    """A link that may be opened: `text` as it is opened, `host` as she is told whose site it is."""

    text: str
    host: str


def read_link(text: str) -> AgendaLink:
    """The link in what was typed. Raises LinkUnfit.

    Only https; nobody's name or secret in it; a site's name as it is registered (an international one as xn--...),
    never a machine's bare address; no blanks, control characters or backslashes, which browsers read in their own way.
    """
    text = text.strip()
    if len(text) > LINK_LIMIT or not _LINK.match(text) or "\\" in text:
        raise LinkUnfit("link_malformed", text[:60])
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise LinkUnfit("link_malformed", text[:60]) from error
    if parts.scheme != "https":
        raise LinkUnfit("link_not_https", parts.scheme[:20])
    if "@" in parts.netloc:
        raise LinkUnfit("link_secret", host)
    if not _HOST.match(host) or port == 0:
        raise LinkUnfit("link_host", host[:60])
    return AgendaLink(text, host)
