# SPDX-License-Identifier: AGPL-3.0-or-later
"""The last lines that `./run` prints: where to look, who to be, what to dial, what to try next. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from permanence.project.config import Configuration


def status(configuration: Configuration, *, pid: int, started: str, introduction: Mapping[str, Any]) -> dict[str, Any]:
    """What `run/house.json` says while the house runs; `introduction`: `logins` and `lines` of the demonstration."""
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
        "rtp": list(configuration.media_rtp),
        "run": str(configuration.run),
        "lines": list(introduction.get("lines", ())),
    }


def words(configuration: Configuration, introduction: Mapping[str, Any], notes: Sequence[str]) -> list[str]:
    """The lines to print when every process is ready."""
    lines = ["", "Permanence is ready.", ""]
    lines += [f"  note      {note}" for note in notes]
    lines.append(f"  site      {configuration.web_url}/")
    lines.append(f"  SIP       sip:{configuration.sip_host}:{configuration.sip_port} (UDP and TCP)")
    lines.append(f"  data      {configuration.data}")
    lines.append(f"  log       {configuration.data / 'log' / 'permanence.log'}")
    logins = introduction.get("logins", ())
    if logins:
        width = max(len(login["login"]) for login in logins)
        lines += ["", "  log in as"]
        lines += [f"    {login['login']:<{width}}  {login['password']}  {login['who']}" for login in logins]
    dialled = introduction.get("lines", ())
    if dialled:
        lines += ["", "  numbers to dial"]
        lines += [f"    {line['number']:<14}  {line['who']}" for line in dialled]
    lines += ["", *_next(configuration, dialled), "", "Ctrl-C stops the house."]
    return lines


def _next(configuration: Configuration, dialled: Sequence[Mapping[str, Any]]) -> list[str]:
    if not configuration.demonstration or not dialled:
        return [f"Next: open {configuration.web_url}/ and log in; ./run doctor says what is still missing."]
    return [
        f"Next: open {configuration.web_url}/, log in as a secretary and press ready;",
        f"then, in another terminal:  ./run phone {dialled[0]['number']}",
    ]
