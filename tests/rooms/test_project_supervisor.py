# SPDX-License-Identifier: AGPL-3.0-or-later
"""The supervisor with real processes: ready in order, restarted, stopped in order, dying with their parent."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.project import config
from permanence.project.supervisor import doors, folder, greeting, owner, plan, ports, sockets
from permanence.project.supervisor.house import House
from permanence.project.supervisor.log import Log
from tests.processes import free_port

CLONE = Path(__file__).resolve().parents[2]

SERVING = """
import os, pathlib, signal, sys
trace = pathlib.Path(sys.argv[2])
def note(word):
    with trace.open("a") as file:
        file.write(f"{sys.argv[1]} {word}\\n")
def leave(*_):
    note("stops")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
note("starts")
trace.with_suffix(".pid").write_text(str(os.getpid()))
print("ready", flush=True)
while True:
    signal.pause()
"""


def program(name, script, *arguments, after=None):
    return plan.Program(name, ("-c", script, name, *arguments), after=after)


def make_house(tmp_path, programs):
    said = []
    log = Log(tmp_path / "permanence.log", SystemClock())
    house = House(programs, environment=dict(os.environ), log=log, clock=SystemClock(), say=said.append)
    return house, said


def trace_of(path):
    return path.read_text().splitlines() if path.exists() else []


async def test_processes_start_in_order_and_stop_screens_first_conversations_last(tmp_path):
    trace = tmp_path / "trace"
    names = [("media", None), ("exchange", "media"), ("web", None), ("worker", None), ("mailbox", None)]
    house, _ = make_house(tmp_path, [program(name, SERVING, str(trace), after=after) for name, after in names])
    await asyncio.wait_for(house.run(house.stop), 30)
    lines = trace_of(trace)
    assert lines.index("media starts") < lines.index("exchange starts")
    assert [line for line in lines if line.endswith("stops")] == [
        f"{name} stops" for name in ("mailbox", "web", "worker", "exchange", "media")
    ]


async def test_a_process_that_is_killed_is_started_again_and_named(tmp_path):
    trace = tmp_path / "trace"
    house, said = make_house(tmp_path, [program("web", SERVING, str(trace))])
    killed = []

    def kill_once():
        killed.append(int(trace.with_suffix(".pid").read_text()))
        os.kill(killed[0], signal.SIGKILL)

    running = asyncio.create_task(house.run(kill_once))
    async with asyncio.timeout(30):
        while trace_of(trace).count("web starts") < 2:
            await asyncio.sleep(0)
    house.stop()
    await asyncio.wait_for(running, 30)
    assert said[0] == "web ended (signal SIGKILL); started again in 0 s"
    assert len(killed) == 1


async def test_the_log_names_the_process_of_every_line(tmp_path):
    script = "import sys, time\nprint('heard', flush=True)\nprint('seen', file=sys.stderr, flush=True)\n"
    script += "print('ready', flush=True)\nwhile True: time.sleep(60)"
    house, _ = make_house(tmp_path, [program("media", script)])
    await asyncio.wait_for(house.run(house.stop), 30)
    written = [line.split(maxsplit=2)[1:] for line in (tmp_path / "permanence.log").read_text().splitlines()]
    assert ["media", "heard"] in written
    assert ["media", "seen"] in written


def test_children_die_with_a_supervisor_that_is_killed(tmp_path):
    parent = tmp_path / "parent.py"
    parent.write_text(
        f"""
import asyncio, os, pathlib, sys
sys.path.insert(0, {str(CLONE)!r})
from permanence.kernel.system import SystemClock
from permanence.project.supervisor import plan
from permanence.project.supervisor.house import House
from permanence.project.supervisor.log import Log
number = pathlib.Path({str(tmp_path / "media.pid")!r})
forever = (f"import os, pathlib, time; pathlib.Path({{str(number)!r}}).write_text(str(os.getpid()))\\n"
           "print('ready', flush=True)\\nwhile True: time.sleep(60)")
house = House([plan.Program("media", ("-c", forever))], environment=dict(os.environ),
              log=Log(pathlib.Path({str(tmp_path / "log")!r}), SystemClock()), clock=SystemClock(), say=print)
asyncio.run(house.run(lambda: print(number.read_text(), flush=True)))
"""
    )
    with subprocess.Popen([sys.executable, str(parent)], stdout=subprocess.PIPE, text=True) as supervisor:
        child = os.pidfd_open(int(supervisor.stdout.readline()))
        supervisor.kill()
        supervisor.wait()
        reader = asyncio.new_event_loop()
        ended = asyncio.Event()
        reader.add_reader(child, ended.set)
        reader.run_until_complete(asyncio.wait_for(ended.wait(), 20))
        reader.close()
    os.close(child)
    assert ended.is_set()


@pytest.mark.parametrize(("ends", "delay"), [(1, 0.0), (2, 0.5), (3, 1.0), (4, 2.0), (8, 30.0), (500, 30.0)])
def test_the_first_restart_is_immediate_then_patience_grows(ends, delay):
    assert plan.restart_delay(ends) == delay


def test_a_busy_port_is_named_with_its_owner_and_the_demonstration_takes_the_next():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]
        wanted = ports.Wanted("the site", "web_port", ("127.0.0.1",), busy, ("tcp",))
        with pytest.raises(ports.PortBusy, match=rf"the site: port {busy} .* taken by TCP .*\(pid {os.getpid()}\)"):
            ports.bind(wanted, or_next=False)
        got = ports.bind(wanted, or_next=True)
        assert got.port > busy
        assert f"(pid {os.getpid()})" in got.busy
        got.close()


def test_a_busy_door_is_named_with_its_owner_and_what_helps(tmp_path):
    house = config.Configuration(tmp_path, tmp_path / "run", public_host="house.example")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]
        said = sockets.busy_doors(house, (busy,))
        assert f"port {busy} is taken by" in said[0]
        assert f"(pid {os.getpid()})" in said[0]
        assert "sudo systemctl disable --now caddy" in said[1]
        assert sockets.busy_doors(house.changed(public_host=""), (busy,)) == []
    assert sockets.busy_doors(house, (busy,)) == []


def test_udp_and_tcp_are_taken_on_the_same_number():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        busy = other.getsockname()[1]
        got = ports.bind(ports.Wanted("SIP", "sip_port", ("127.0.0.1",), busy, ("tcp", "udp")), or_next=True)
        assert got.port != busy
        assert [held.getsockname()[1] for held in got.sockets] == [got.port, got.port]
        got.close()


def test_the_descriptors_carry_the_names_of_the_contract(tmp_path):
    base = config.Configuration(tmp_path, tmp_path / "run", demonstration=True, mail_port=free_port())
    wanted = base.changed(web_port=free_port(), line_port=free_port(), sip_port=free_port(), media_port=free_port())
    taken = sockets.take_ports(wanted)
    fds = taken.fds()
    assert set(fds) == {"web", "line", "sip-udp", "sip-tcp", "media-udp", "media-tcp"}
    made = {made.name: made for made in plan.programs(taken.configuration, fds)}
    assert f"sip-udp={fds['sip-udp'][0]}" in made["exchange"].arguments
    assert set(made["exchange"].fds) == {*fds["line"], *fds["sip-udp"], *fds["sip-tcp"]}
    assert dict(made["web"].environment)["PERMANENCE_WEB_FD"] == str(fds["web"][0])
    assert set(made) == {"media", "exchange", "web", "worker", "mailbox"}
    taken.close()


def test_a_public_name_gets_its_doors(tmp_path):
    house = config.Configuration(tmp_path, tmp_path, public_host="house.example", web_port=9000, line_host="0.0.0.0")
    text = doors.caddyfile(house)
    assert "house.example {" in text
    assert text.index("handle /line {") < text.index("reverse_proxy 127.0.0.1:8001")
    assert text.index("reverse_proxy 127.0.0.1:8001") < text.index("reverse_proxy 127.0.0.1:9000")
    assert "tls internal" not in text
    assert "redir https://house.example{uri}" in text
    assert "\ttls internal\n" in doors.caddyfile(house.changed(public_tls="internal"))
    assert "acme_ca" not in text
    other = house.changed(public_acme_directory="https://ca.example/acme/directory", public_acme_root="ca.crt")
    assert f'\tacme_ca https://ca.example/acme/directory\n\tacme_ca_root "{tmp_path}/keys/ca.crt"\n' in doors.caddyfile(
        other
    )
    program = doors.doors(house, "/usr/bin/caddy")
    assert program.arguments[0] == "/usr/bin/caddy"
    assert not program.says_ready


def test_a_second_house_on_the_same_folder_is_refused_until_the_first_ends(tmp_path):
    folder.make_parts(tmp_path)
    first = folder.Lock(tmp_path)
    first.take()
    assert folder.is_running(tmp_path)
    with pytest.raises(folder.HouseRunning, match=f"process {os.getpid()}"):
        folder.Lock(tmp_path).take()
    first.release()
    assert not folder.is_running(tmp_path)
    folder.Lock(tmp_path).take()


def test_keys_are_for_their_owner_alone_and_never_made_twice(tmp_path):
    folder.make_parts(tmp_path)
    folder.make_keys(tmp_path, SystemEntropy())
    keys = {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    assert set(keys) >= {"ticket.key", "django.key"}
    assert len(keys["ticket.key"]) == 32
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}
    folder.make_keys(tmp_path, SystemEntropy())
    assert {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()} == keys


def test_what_runs_is_known_only_while_it_runs(tmp_path):
    folder.make_parts(tmp_path)
    folder.write_status(tmp_path, {"pid": 1})
    assert folder.read_status(tmp_path) is None
    lock = folder.Lock(tmp_path)
    lock.take()
    assert folder.read_status(tmp_path) == {"pid": 1}
    lock.release()


def test_the_log_turns_over_by_size(tmp_path):
    log = Log(tmp_path / "permanence.log", SystemClock(), limit=200)
    for number in range(12):
        log.write("web", f"line {number}")
    assert (tmp_path / "permanence.log").stat().st_size <= 200
    assert (tmp_path / "permanence.log.1").exists()
    assert len(list(tmp_path.iterdir())) <= 7
    assert log.tail("web")[-1] == "line 11"


def test_the_last_lines_say_where_who_what_and_next(tmp_path):
    house = config.Configuration(tmp_path, tmp_path / "run", demonstration=True, web_port=8012)
    text = "\n".join(greeting.words(house, ["the site: port 8000 is taken."], {"+353209100101": "open now"}))
    for expected in (
        "http://localhost:8012/",
        "sip:127.0.0.1:5060",
        "claire@permanence.example",
        "mail   http://localhost:8012/demo/mail",
        "SMS    http://localhost:8012/demo/sms",
        "./run phone +353209100101",
        "Atlas           open now",
        "port 8000",
    ):
        assert expected in text
    published = json.loads(json.dumps(greeting.status(house, pid=3, started="now")))
    assert published["sip"] == {"host": "127.0.0.1", "port": 5060}


@pytest.mark.parametrize(
    ("locale", "country", "language"),
    [
        ("en_IE.UTF-8", "IE", "en"),
        ("en_GB", "IE", "en"),
        ("fr_LU", "LU", "fr"),
        ("de_DE", "LU", "de"),
        ("C", "FR", "fr"),
    ],
)
def test_the_locale_of_the_owner_proposes_country_and_language(locale, country, language):
    assert owner.guess({"LANG": locale}) == (country, language)
