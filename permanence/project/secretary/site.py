# SPDX-License-Identifier: AGPL-3.0-or-later
"""The site as her browser uses it: sign in, the console's page, seat tickets, messages. Blocking; loopback only."""

import base64
import json
import re
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urlsplit

from permanence.kernel.refusals import Refusal
from permanence.project.config import is_loopback

LIMIT_S = 10.0
_CONFIG = re.compile(r'<script id="config" type="application/json">(.*?)</script>', re.DOTALL)
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_AWAY = 502
"""Status from which on the site does not refuse but is not there."""


class NotHere(Refusal):
    """The house is no demonstration on this machine alone: nobody is played there."""

    code = "not_a_demonstration"


class SiteAway(Refusal):
    """The site does not answer now; it may later."""

    code = "site_away"


class SiteRefused(Refusal):
    """The site said no; `code` is its own where it gave one."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why or code)
        self.code = code


class SignedOut(SiteRefused):
    """The session is over: sign in again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `location`: where the site sends the browser, "" for nowhere."""

    status: int
    location: str
    text: str


class Site:
    """One browser's session with the site."""

    def __init__(self, url: str) -> None:
        """`url`: of the site. Raises NotHere unless it is plain HTTP on loopback."""
        self.url = url.rstrip("/")
        self.host, self._port = loopback(url, "http")
        self._cookies: dict[str, str] = {}
        self._csrf = ""

    def sign_in(self, email: str, password: str) -> dict[str, Any]:
        """From the sign-in page to the console; what the console's page is told. Raises SiteRefused, NotHere."""
        self._cookies.clear()
        self._ask("GET", "/login")
        self._csrf = self._cookies.get("csrftoken", "")
        answer = self._ask("POST", "/login", urlencode({"username": email, "password": password}), _FORM)
        if answer.status != 302:
            raise SiteRefused("sign_in_refused", f"the site refuses {email} with the demonstration's password")
        page = self._ask("GET", "/console")
        if page.status != 200:
            raise SiteRefused("no_secretary", f"{email} has no post at the telephone")
        config = read_page(page.text)
        self._csrf = str(config["csrf"])
        return config

    def ticket(self, seat: str) -> str:
        """A seat ticket, good for ten minutes. Raises SignedOut, SiteRefused, SiteAway."""
        return str(self._json("GET", f"/console/ticket?{urlencode({'seat': seat})}")["ticket"])

    def take_message(self, message: dict[str, Any]) -> None:
        """Keeps a message, as the console does; the same id again changes nothing. Raises as `ticket`."""
        self._json("POST", "/console/messages", json.dumps(message))

    def sign_out(self) -> None:
        """Ends the session."""
        self._ask("POST", "/logout", "", _FORM)

    def _json(self, method: str, path: str, body: str | None = None) -> dict[str, Any]:
        answer = self._ask(method, path, body, _JSON)
        if answer.status in (302, 401, 403):
            raise SignedOut("signed_out", "the session is over")
        try:
            read = json.loads(answer.text)
        except ValueError:
            read = {}
        if answer.status >= 300 or not isinstance(read, dict):
            raise SiteRefused(str(read.get("code", answer.status)), str(read.get("why", "")))
        return read

    def _ask(self, method: str, path: str, body: str | None = None, kind: str = _JSON) -> Answer:
        headers = {"Host": urlsplit(self.url).netloc, "Accept-Language": "en"}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if method == "POST":
            headers |= {"Origin": self.url, "X-CSRFToken": self._csrf, "Content-Type": kind}
        connection = HTTPConnection(self.host, self._port, timeout=LIMIT_S)
        try:
            connection.request(method, path, None if body is None else body.encode(), headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except (OSError, HTTPException) as error:
            raise SiteAway(f"the site does not answer ({error})") from error
        finally:
            connection.close()
        self._keep(response)
        if response.status >= _AWAY:
            raise SiteAway(f"the site answers {response.status}")
        return Answer(response.status, response.getheader("Location", ""), text)

    def _keep(self, response: HTTPResponse) -> None:
        for header in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(header).items():
                if morsel.value:
                    self._cookies[name] = morsel.value
                else:
                    self._cookies.pop(name, None)


def read_page(text: str) -> dict[str, Any]:
    """What the console's page is told by the site. Raises NotHere unless it says that it is the demonstration."""
    found = _CONFIG.search(text)
    config: dict[str, Any] = {} if found is None else json.loads(found[1])
    if config.get("demonstration") is not True:
        raise NotHere("The site does not say that it is a demonstration: nobody is played there.")
    return config


def loopback(url: str, scheme: str) -> tuple[str, int]:
    """Host and port of an address. Raises NotHere unless it has this scheme and leads to this machine alone."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != scheme or not is_loopback(host) or parts.port is None:
        raise NotHere(
            f"{url} is no address of this machine alone: a secretary is only played in a demonstration that "
            "nobody else sees."
        )
    return host, parts.port


def secretary_in(ticket: str) -> str:
    """The secretary's id in a ticket, whose first part is no secret to whoever holds it (`kernel.tickets`)."""
    body = ticket.partition(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["secretary"])
