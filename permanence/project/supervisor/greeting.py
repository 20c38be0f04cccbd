# SPDX-License-Identifier: AGPL-3.0-or-later
"""The last lines that `./run` prints: where to look, who to be, what to dial, what to try next. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from permanence.project.config import Configuration
from permanence.project.demo_cast import DEMONSTRATION_LOGINS, NUMBERS


def status(configuration: Configuration, *, pid: int, started: str) -> dict[str, Any]:
    """What `run/house.json` says while the house runs."""
    return {
        "version": 1,
        "pid": pid,
        "started": started,
        "house": configuration.house,
        "demonstration": configuration.demonstration,
        "web": configuration.web_url,
        "line": configuration.line_url,
        "sip": {"host": configuration.sip_host, "port": configuration.sip_port},
        "media_port": configuration.media_port,
        "mail_port": configuration.mail_port,
        "rtp": list(configuration.media_rtp),
        "run": str(configuration.run),
    }


def words(configuration: Configuration, notes: Sequence[str], states: Mapping[str, str] | None = None) -> list[str]:
    """The lines to print when every process is ready. `states`: each line (E.164) with "open now" and the like."""
    lines = ["", "Permanence is ready.", ""]
    lines += [f"  note   {note}" for note in notes]
    lines.append(f"  site   {configuration.web_url}/")
    hosts = [f"[{host}]" if ":" in host else host for host in configuration.sip_hosts]
    lines += [f"  SIP    sip:{host}:{configuration.sip_port} (UDP and TCP)" for host in hosts]
    lines.append(f"  data   {configuration.data}")
    lines.append(f"  log    {configuration.data / 'log' / 'permanence.log'}")
    if configuration.demonstration:
        lines += _demonstration(configuration, states or {})
    else:
        lines += ["", f"Next: open {configuration.web_url}/ and log in: the first page says what is still missing."]
    return [*lines, "", "Ctrl-C stops the house."]


def _demonstration(configuration: Configuration, states: Mapping[str, str]) -> list[str]:
    width = max(len(login.email) for login in DEMONSTRATION_LOGINS)
    logins = [f"    {login.email:<{width}}  {login.password}  {login.who}" for login in DEMONSTRATION_LOGINS]
    names = max(len(name) for name, _ in NUMBERS)
    numbers = [f"    {number:<{width}}  {name:<{names}}  {states.get(number, '')}".rstrip() for name, number in NUMBERS]
    mail = ["", f"  mail   {configuration.web_url}/demo/mail", f"  SMS    {configuration.web_url}/demo/sms"]
    live = ["Or see it live, beside you as Claire or Marc:  ./run demo --secretary"]
    if configuration.is_seen_from_elsewhere:  # the passwords were changed; the mailbox asks nobody who he is
        logins = [f"    {login.email:<{width}}  {login.who}" for login in DEMONSTRATION_LOGINS]
        mail, live = [], []
        if not configuration.public_host:
            mail = ["", "  note   no browser elsewhere gives its microphone without TLS: public.host brings it"]
    return [
        "",
        "  log in as",
        *logins,
        "",
        "  numbers to dial",
        *numbers,
        *mail,
        "",
        f"Next: open {configuration.web_url}/, log in as Aoife and press “Begin my service” (F2);",
        f"then, in another terminal:  ./run phone {NUMBERS[0][1]}",
        *live,
    ]
