# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run` and `./run --empty DIR`: everything from the data folder to the last line printed."""

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from permanence.countries.places import TIME_ZONES
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.project import config, line_states
from permanence.project.demo_cast import NUMBERS
from permanence.project.supervisor import doors, folder, greeting, listening, plan
from permanence.project.supervisor.fingerprint import is_prepared
from permanence.project.supervisor.house import House
from permanence.project.supervisor.log import Log
from permanence.project.supervisor.owner import SPOKEN, Owner, ask_owner, first_settings, refuse_inside
from permanence.project.supervisor.sockets import Sockets, take_ports

CLONE = Path(__file__).resolve().parents[3]
DEMONSTRATION = CLONE / "var" / "demo"
DEMONSTRATION_DEFAULTS = {
    "house": {"name": "demo", "demonstration": True},
    "mail": {"port": 8025, "from": "permanence@permanence.example"},
}


def say(sentence: str) -> None:
    """One line to the person who typed `./run`."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def demonstration_configuration(data: Path, environment: Mapping[str, str], listen: str = "") -> config.Configuration:
    """The demonstration's configuration: its own defaults, its file, the environment; loopback whatever they say.

    `listen`: one address of this machine at which others may see it. Raises Refusal.
    """
    file = {table: dict(content) for table, content in config.read_file(data).items()}
    for table, content in DEMONSTRATION_DEFAULTS.items():
        file[table] = {**content, **file.get(table, {})}
    read = config.configuration(data, file=file, environment=environment)
    hosts = (*read.sip_hosts, read.mail_host)
    if not listen:
        hosts = (*hosts, read.web_host, read.line_host, *read.media_hosts)
    outside = [host for host in hosts if not config.is_loopback(host)]
    if outside or (not listen and (read.public_host or read.public_address)):
        raise Refusal(
            "The demonstration listens on this machine only: its passwords are printed in its README. "
            f"{listening.REAL_HOUSE}"
        )
    read = read.changed(demonstration=True)
    return listening.opened(read, listen) if listen else read


def configuration_of(data: Path, environment: Mapping[str, str]) -> config.Configuration:
    """The configuration of an existing house, demonstration or real. Raises ConfigurationRefused."""
    if data == DEMONSTRATION or (data / "keys" / "house-demo.key").exists():
        return demonstration_configuration(data, environment)
    return config.configuration(data, file=config.read_file(data), environment=environment)


def open_house(configuration: config.Configuration, new_owner: Owner | None = None) -> int:
    """Runs a house until it is stopped; the exit status. Raises Refusal with a sentence to print.

    `new_owner`: for a house that does not exist yet.
    """
    data = configuration.data
    os.umask(0o077)  # whatever a process of the house writes is for its owner alone
    folder.make_parts(data)
    lock = folder.Lock(data)
    try:
        lock.take()
    except folder.HouseRunning as running:
        raise _with_address(data, running.why) from running
    folder.make_keys(data, SystemEntropy())
    configuration = configuration.changed(run=folder.sockets_folder(data))
    sockets = take_ports(configuration)
    log = Log(data / "log" / "permanence.log", SystemClock())
    try:
        _prepare(sockets.configuration, log, new_owner)
        say("Starting media, exchange, web and worker.")
        return asyncio.run(_run(sockets, log))
    finally:
        folder.forget_status(data)
        sockets.close()
        lock.release()


def _with_address(data: Path, why: str) -> folder.HouseRunning:
    status = folder.read_status(data)
    return folder.HouseRunning(f"{why} Its site: {status['web']}/" if status else why)


def _environment(configuration: config.Configuration) -> dict[str, str]:
    passed = {**os.environ, **configuration.environment()}
    return {
        **passed,
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(CLONE),
        "DJANGO_SETTINGS_MODULE": "permanence.project.settings",
    }


def _prepare(configuration: config.Configuration, log: Log, new_owner: Owner | None) -> None:
    if new_owner is None and is_prepared(CLONE / "permanence", configuration):
        return
    what = (
        "Preparing the database and the demonstration house."
        if configuration.demonstration
        else "Preparing the database."
    )
    say(what)
    told = json.dumps(new_owner.as_json()) if new_owner is not None else ""
    command = [sys.executable, "-P", "-m", "permanence.project.supervisor.prepare"]
    done = subprocess.run(  # noqa: S603 - our own module
        command, env=_environment(configuration), capture_output=True, text=True, check=False, input=told
    )
    for line in (done.stdout + done.stderr).splitlines():
        log.write("prepare", line)
    if done.returncode != 0:
        last = "\n".join(f"    {line}" for line in log.tail("prepare")[-6:])
        raise Refusal(f"The database could not be prepared; the log is {log.path}. Its last lines:\n{last}")
    if new_owner is not None:
        say(f"The house is open. Its owner: {new_owner.email}   password (shown once): {new_owner.password}")


def _doors(configuration: config.Configuration) -> list[plan.Program]:
    """Caddy, where the house has a public name. Raises Refusal when it is not installed."""
    if not configuration.public_host:
        return []
    caddy = shutil.which("caddy")
    if caddy is None:
        raise Refusal("public.host needs Caddy for its certificate. Type:\n  sudo apt-get install caddy")
    (configuration.data / "run" / doors.CADDYFILE).write_text(doors.caddyfile(configuration), encoding="utf-8")
    return [doors.doors(configuration, str(Path(caddy).resolve()))]


async def _run(sockets: Sockets, log: Log) -> int:
    configuration = sockets.configuration
    clock = SystemClock()
    house = House(
        [*plan.programs(configuration, sockets.fds()), *_doors(configuration)],
        environment=_environment(configuration),
        log=log,
        clock=clock,
        say=say,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, house.stop)
    await house.run(_greeter(sockets, clock.now().isoformat(timespec="seconds")))
    say("The house is closed.")
    return 0


def _greeter(sockets: Sockets, started: str) -> Callable[[], None]:
    configuration, clock = sockets.configuration, SystemClock()

    def greet() -> None:
        folder.write_status(configuration.data, greeting.status(configuration, pid=os.getpid(), started=started))
        table, now = line_states.read_table(configuration.data), clock.now()
        states = {number: line_states.state_of(number, table, at=now) for _, number in NUMBERS}
        for line in greeting.words(configuration, sockets.notes, states):
            say(line)

    return greet


def main(arguments: Sequence[str]) -> int:
    """`./run [--data DIR]`: the demonstration house; `./run --empty DIR`: a real one."""
    parser = argparse.ArgumentParser(prog="./run", description="Starts the demonstration house, or a real one.")
    parser.add_argument("--data", type=Path, default=DEMONSTRATION, help="its data folder (default: var/demo)")
    empty = "a real house, in its own data folder"
    parser.add_argument("--empty", nargs="?", const="", metavar="DIR", help=empty)  # so that --empty --help explains
    parser.add_argument("--owner-email", help="with --empty, at the first start: the owner's login")
    parser.add_argument("--owner-name", help="the owner's name")
    parser.add_argument("--house-name", default="Permanence", help="the name of the house")
    parser.add_argument("--country", choices=sorted(TIME_ZONES), help="the house's country (default: that of LANG)")
    parser.add_argument("--language", choices=SPOKEN, help="the house's and owner's language (default: that of LANG)")
    parser.add_argument(
        "--listen", metavar="ADDRESS", help="the demonstration for others, once all its passwords were changed"
    )
    options = parser.parse_args(arguments)
    if options.empty == "":
        raise Refusal("Where is the house to be? ./run --empty DIR, for instance ./run --empty /srv/permanence")
    if options.empty is not None:
        if options.listen:
            raise listening.CannotListen(listening.NO_LISTEN)
        return _real_house(options)
    listen = listening.address_of(options.listen) if options.listen else ""
    configuration = demonstration_configuration(options.data.resolve(), os.environ, listen)
    if listen:
        listening.refuse_printed_passwords(configuration, _environment(configuration))
    return open_house(configuration)


def _real_house(options: argparse.Namespace) -> int:
    data = Path(options.empty).resolve()
    refuse_inside(data, CLONE)
    if (data / "run").exists() and folder.is_running(data):
        raise _with_address(data, "This house is already running.")
    folder.make_parts(data)
    first_settings(data)
    configuration = config.configuration(data, file=config.read_file(data), environment=os.environ)
    if configuration.demonstration:
        raise Refusal(f"{data} holds a demonstration house.")
    new = not (data / "keys" / f"house-{configuration.house}.key").exists()
    if not new:
        return open_house(configuration)
    take_ports(configuration).close()  # a port that is taken is said before the owner is asked anything
    return open_house(configuration, ask_owner(options, SystemEntropy(), os.environ))
