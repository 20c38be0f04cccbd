# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signs of life: a process that hangs is killed and started again, one that is only slow is left alone."""

import asyncio
import os
import signal
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.kernel.pulse import PULSE_FD, Pulse
from permanence.kernel.system import SystemClock
from permanence.project import config
from permanence.project.supervisor import doors, plan
from permanence.project.supervisor.children import Child
from permanence.project.supervisor.house import House
from permanence.project.supervisor.log import Log
from permanence.project.supervisor.signs import BUSY_LOOKS, LOOK_S, STILL_LOOKS, Activity, Signs, activity

LOOK = 0.02
PULSING = """
import os, pathlib, sys, threading
from permanence.kernel.pulse import Pulse
pulse = Pulse.inherited(os.environ)
with pathlib.Path(sys.argv[2]).open("a") as file:
    file.write(f"{os.getpid()}\\n")
pulse.beat()
print("ready", flush=True)
"""
LIVES = "while True: pulse.beat(); threading.Event().wait(0.002)\n"
SPINS = "while True: pass\n"
WAITS = "threading.Event().wait()\n"


def make(tmp_path, script):
    said = []
    program = plan.Program("media", ("-c", PULSING + script, "media", str(tmp_path / "pids")), pulses=True)
    log = Log(tmp_path / "permanence.log", SystemClock())
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    house = House([program], environment=environment, log=log, clock=SystemClock(), say=said.append, look_s=LOOK)
    return house, said


def pids(tmp_path):
    return [int(line) for line in (tmp_path / "pids").read_text().split()]


async def run(tmp_path, house, *, when_ready, starts):
    running = asyncio.create_task(house.run(when_ready))
    async with asyncio.timeout(60):
        while not (tmp_path / "pids").exists() or len(pids(tmp_path)) < starts:
            await asyncio.sleep(0)
    house.stop()
    await asyncio.wait_for(running, 30)


@pytest.mark.parametrize("hangs", ["stopped", "waits"])
async def test_a_process_that_hangs_is_killed_and_started_again(tmp_path, hangs):
    house, said = make(tmp_path, LIVES if hangs == "stopped" else WAITS)

    def hang():
        if hangs == "stopped":
            os.kill(pids(tmp_path)[0], signal.SIGSTOP)

    await run(tmp_path, house, when_ready=hang, starts=2)
    assert said[0].startswith("media gives no sign of life (")
    assert said[0].endswith(" s): killed")
    assert said[1] == "media ended (signal SIGKILL); started again in 0 s"


async def test_a_process_that_runs_in_circles_is_killed_in_the_end(tmp_path):
    house, said = make(tmp_path, SPINS)
    await run(tmp_path, house, when_ready=lambda: None, starts=2)
    assert said[0] == f"media gives no sign of life ({BUSY_LOOKS * LOOK:g} s): killed"


async def test_a_process_that_lives_is_left_alone(tmp_path, monkeypatch):
    house, said = make(tmp_path, LIVES)
    looked, ready = asyncio.Semaphore(0), asyncio.Event()
    real = Child.pulsed

    def counted(child):
        looked.release()
        return real(child)

    monkeypatch.setattr(Child, "pulsed", counted)
    running = asyncio.create_task(house.run(ready.set))
    async with asyncio.timeout(60):
        await ready.wait()
        for _ in range(2 * STILL_LOOKS):
            await looked.acquire()
    house.stop()
    await asyncio.wait_for(running, 30)
    assert said == ["stopping media"]
    assert len(pids(tmp_path)) == 1


def test_the_four_processes_pulse_and_what_is_not_ours_does_not(tmp_path):
    assert [entry.name for entry in plan.programs(config.Configuration(tmp_path, tmp_path), {}) if entry.pulses] == [
        "media",
        "exchange",
        "web",
        "worker",
    ]
    assert not doors.doors(config.Configuration(tmp_path, tmp_path), "/usr/bin/caddy").pulses


def looks(*seen):
    """How many looks it takes until the process has to be ended; None when it never has."""
    signs = Signs()
    for number, (pulsed, found) in enumerate(seen, 1):
        if signs.look(pulsed=pulsed, found=found):
            return number
    return None


PULSE = (True, None)
AT_REST = (False, Activity(wants=False, ticks=7))


def test_a_process_at_rest_is_told_in_seconds_and_one_that_wants_to_run_is_given_time():
    busy = [(False, Activity(wants=True, ticks=7))] * (BUSY_LOOKS + 1)
    slow = [(False, Activity(wants=False, ticks=number)) for number in range(BUSY_LOOKS + 1)]
    assert looks(PULSE, *[AT_REST] * 20) == STILL_LOOKS + 2
    assert (STILL_LOOKS + 2) * LOOK_S <= 10
    assert looks(PULSE, *busy) == looks(PULSE, *slow) == BUSY_LOOKS + 1
    assert looks(PULSE, *[(False, None)] * BUSY_LOOKS) == BUSY_LOOKS + 1
    assert looks(*[AT_REST] * 100) == STILL_LOOKS + 1  # it said that it serves, and never pulsed


seen = st.tuples(st.booleans(), st.builds(Activity, wants=st.booleans(), ticks=st.integers(0, 3)) | st.none())


@given(st.lists(seen, max_size=200))
def test_nobody_is_ended_but_after_as_many_looks_in_vain_as_it_takes(seen):
    ended = looks(*seen)
    if ended is None:
        return
    in_vain = [pulsed for pulsed, _ in seen[:ended]]
    last = seen[ended - STILL_LOOKS - 1 : ended]
    rested = all(found is not None for _, found in last) and len({found.ticks for _, found in last}) == 1
    rested = rested and not any(found.wants for _, found in last[1:])
    assert not any(in_vain[-STILL_LOOKS - 1 :])
    assert rested or (len(in_vain) >= BUSY_LOOKS and not any(in_vain[-BUSY_LOOKS:]))


def test_what_a_process_does_is_read_of_all_its_threads(tmp_path):
    def thread(number, state, ticks, name="x) R 1 ("):
        folder = tmp_path / "9" / "task" / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        rest = " ".join(["1"] * 10)
        (folder / "stat").write_text(f"{number} ({name}) {state} {rest} {ticks} 5 0 0\n")

    assert activity(9, tmp_path) is None
    thread(9, "S", 10)
    thread(10, "S", 20)
    assert activity(9, tmp_path) == Activity(wants=False, ticks=40)
    for state, wants in (("R", True), ("D", True), ("t", True), ("T", False)):
        thread(10, state, 20)
        assert activity(9, tmp_path) == Activity(wants=wants, ticks=40)
    (tmp_path / "9" / "task" / "10" / "stat").write_text("nonsense")
    assert activity(9, tmp_path) is None
    here = activity(os.getpid())
    assert here is not None
    assert here.wants


def test_a_pulse_never_waits_and_never_fails():
    ours, theirs = os.pipe()
    pulse = Pulse.inherited({PULSE_FD: str(theirs)})
    assert not os.get_inheritable(theirs)
    for _ in range(100_000):  # nobody reads
        pulse.beat()
    assert set(os.read(ours, 1 << 20)) == {ord(".")}
    os.close(ours)
    pulse.beat()  # nobody is there
    os.close(theirs)
    for number in ("", "x", "-1", "99999", str(theirs)):
        Pulse.inherited({PULSE_FD: number}).beat()
    Pulse.inherited({}).beat()
