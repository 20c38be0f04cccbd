# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run install DIR`: the house of a data folder becomes a service of systemd that starts at boot as its own user."""

import argparse
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from permanence.kernel.refusals import Refusal
from permanence.project.supervisor import folder
from permanence.project.supervisor.owner import refuse_inside
from permanence.project.supervisor.start import CLONE, configuration_of, say

USER = "permanence"
UNIT = Path("/etc/systemd/system/permanence.service")


class CannotInstall(Refusal):
    """The service cannot be made here; `why` is the sentence to print."""

    code = "cannot_install"


def unit(clone: Path, data: Path, user: str) -> str:
    """The unit file: the same command a person types, with the rights that it needs and no others."""
    return f"""\
[Unit]
Description=Permanence, telephone answering ({data})
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
User={user}
ExecStart="{clone}/run" --empty "{data}"
Restart=always
RestartSec=1
KillMode=mixed
TimeoutStopSec=30
LimitNOFILE=65536
# The media thread asks for real-time priority and works without it.
LimitRTPRIO=20
# Caddy, where the house has a public name, listens on 80 and 443.
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=true
ProtectSystem=strict
ReadWritePaths="{data}" "{clone}/.venv" "{clone}/locale"
ProtectHome=read-only
PrivateTmp=true
UMask=0077

[Install]
WantedBy=multi-user.target
"""


def check(clone: Path, data: Path) -> None:
    """Raises CannotInstall or Refusal with the first thing that is missing."""
    if os.getuid() != 0:
        raise CannotInstall("A service is installed by root:  sudo ./run install DIR")
    if shutil.which("systemctl") is None or not Path("/run/systemd/system").is_dir():
        raise CannotInstall("This machine was not started by systemd: start the house by what it uses instead.")
    refuse_inside(data, clone)
    if not (data / "db.sqlite3").exists() and not configuration_of(data, os.environ).database_url:
        raise CannotInstall(f"There is no house in {data} yet. Open it first:  ./run --empty {data}")
    if folder.is_running(data):
        raise CannotInstall("This house is running: stop it (Ctrl-C), then install.")
    private = [parent for parent in (clone, *clone.parents) if not parent.stat().st_mode & 0o001]
    if private:
        raise CannotInstall(
            f"Another user cannot enter {private[0]}: put the program elsewhere, as in /opt/permanence."
        )


def main(arguments: Sequence[str]) -> int:
    """Makes the user, gives it the data folder, writes the unit, starts it."""
    parser = argparse.ArgumentParser(prog="./run install", description="Makes a service that starts at boot.")
    parser.add_argument("data", type=Path, help="the data folder of a house made by ./run --empty")
    data = parser.parse_args(arguments).data.resolve()
    check(CLONE, data)
    try:
        pwd.getpwnam(USER)
    except KeyError:
        _do("useradd", "--system", "--home-dir", str(data), "--no-create-home", "--shell", "/usr/sbin/nologin", USER)
    _do("chown", "-R", f"{USER}:", str(data))
    UNIT.write_text(unit(CLONE, data, USER), encoding="utf-8")
    _do("systemctl", "daemon-reload")
    _do("systemctl", "enable", "--now", UNIT.name)
    say(f"The house runs as the service {UNIT.name} of the user {USER}: systemctl status permanence")
    return 0


def _do(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed commands
    except FileNotFoundError:
        raise CannotInstall(
            f"This machine has no {command[0]}: a whole Debian has it (packages passwd, systemd)."
        ) from None
    if done.returncode != 0:
        raise CannotInstall(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
