# SPDX-License-Identifier: AGPL-3.0-or-later
"""Programs of the house, each in a process of its own, that need not read the house's code first.

One process (`python -m tests.screens.fakes.forked`) reads all of it and waits; whoever wants a program sends it the
environment and what to run, and it forks (fork(2)). The new process derives its settings from that environment, as one
that begins from nothing does; only what does not depend on them was there before: the code, the templates, the words.
"""

import contextlib
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import django
from django.conf import settings
from django.db import connections
from django.template.loader import get_template
from django.urls import get_resolver
from django.utils import translation
from django.utils.functional import empty

ROOT = Path(__file__).resolve().parents[3]
END_WITHIN_S = 30
LONGEST = 1 << 20
"""Bytes of a request: the environment and a program of a test."""
THE_END = "\N{END OF TEXT}"
"""Printed last by a text that came to its end."""


class Forked:
    """A program that runs. `pid` is its number, `out` the reading end of its standard output."""

    def __init__(self, pid: int, pidfd: int, out: int) -> None:
        self.pid = pid
        self._pidfd = pidfd
        self.out = os.fdopen(out, "rb")

    def kill(self) -> None:
        """`kill -9`; it is gone when this returns, and nothing is kept of it. Raises AssertionError when it stays."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        ended, _, _ = select.select([self._pidfd], [], [], END_WITHIN_S)
        assert ended, "a killed process did not end"
        self.out.close()
        os.close(self._pidfd)


class Forks:
    """The process that forks, as seen by whoever asks it."""

    def __init__(self, asked: socket.socket) -> None:
        self._asked = asked

    def start(self, environment: Mapping[str, str], module: str) -> Forked:
        """Begins the `main` of a module."""
        return self._fork({"environment": dict(environment), "module": module})

    def run(self, environment: Mapping[str, str], text: str, *arguments: str) -> str:
        """Runs a text with Django set up, to its end; gives what it printed.

        Raises AssertionError when it fails: why stands in the standard error.
        """
        program = self._fork({"environment": dict(environment), "text": text, "arguments": arguments})
        try:
            printed, end, _ = program.out.read().decode().partition(THE_END)
        finally:
            program.kill()
        assert end, "a program in the house failed"
        return printed.strip()

    def _fork(self, request: Mapping[str, Any]) -> Forked:
        out, given = os.pipe()
        try:
            socket.send_fds(self._asked, [json.dumps(request).encode()], [given])
        finally:
            os.close(given)
        pid, (pidfd,), _, _ = socket.recv_fds(self._asked, LONGEST, 1)
        return Forked(int(pid), pidfd, out)


@contextlib.contextmanager
def forks(environment: Mapping[str, str]) -> Iterator[Forks]:
    """The process that forks, until the block ends. `environment` is that of a house whose settings are read first."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LONGEST)
    alone = {**environment, "OPENBLAS_NUM_THREADS": "1"}  # a thread does not come along with a fork
    with ours:
        with theirs:
            command = [sys.executable, "-m", "tests.screens.fakes.forked", str(theirs.fileno())]
            process = subprocess.Popen(command, env=alone, cwd=ROOT, pass_fds=(theirs.fileno(),))
        try:
            assert ours.recv(1), "the process that forks did not start"
            yield Forks(ours)
        finally:
            ours.close()
            assert process.wait(END_WITHIN_S) == 0


# What follows runs in the process that forks, and in those it makes.


def read_the_house() -> None:
    """All that does not depend on the settings."""
    django.setup()
    for name in ("permanence.project.bridge", "permanence.project.wiring", "uvicorn", "starlette.applications"):
        importlib.import_module(name)
    assert get_resolver().url_patterns
    package = importlib.import_module("permanence")
    for room in pkgutil.iter_modules(package.__path__):
        folder = Path(package.__path__[0], room.name, "templates")
        for template in sorted(folder.rglob("*.html")):
            get_template(str(template.relative_to(folder)))
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            translation.gettext("Save")


def become(environment: Mapping[str, str]) -> None:
    """Takes the environment, and the settings that follow from it."""
    os.environ.clear()
    os.environ.update(environment)
    importlib.reload(sys.modules[os.environ["DJANGO_SETTINGS_MODULE"]])
    settings._wrapped = empty  # they are read anew when somebody asks
    for unused in connections.all(initialized_only=True):
        assert unused.connection is None, "a database was opened before the fork"
        del connections[unused.alias]
    vars(connections).pop("settings", None)
    connections._settings = None


def run(request: Mapping[str, Any], given: int) -> NoReturn:
    """What was asked for, in the new process."""
    status = 1
    try:
        os.dup2(given, sys.stdout.fileno())
        become(request["environment"])
        if "module" in request:
            status = importlib.import_module(request["module"]).main()
        else:
            sys.argv = ["", *request["arguments"]]
            exec(compile(request["text"], "<a program of a test>", "exec"), {})  # noqa: S102 - as `python -c` runs it
            print(end=THE_END)
            status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def bury() -> None:
    """Lets go of the programs that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def serve(asked: socket.socket) -> None:
    """Forks whenever somebody asks, until nobody can any more."""
    read_the_house()
    asked.send(b".")
    while True:
        text, descriptors, _, _ = socket.recv_fds(asked, LONGEST, 1)
        bury()
        if not text:
            return
        assert len(os.listdir("/proc/self/task")) == 1, "a thread would be missing after the fork"
        child = os.fork()
        if child == 0:
            asked.close()
            run(json.loads(text), *descriptors)
        os.close(*descriptors)
        pidfd = os.pidfd_open(child)
        socket.send_fds(asked, [str(child).encode()], [pidfd])
        os.close(pidfd)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
