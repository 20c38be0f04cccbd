# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the doctor says of what he sees."""

import re
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from permanence.project import backup, config, doctor
from permanence.reception.table import HouseSlice, RoutingTable, TrunkEntry
from tests.processes import free_port

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def levels(findings):
    return [(finding.level, finding.subject) for finding in findings]


def make_proc(tmp_path, **lines):
    numbers = {str(100 + index): line for index, line in enumerate(lines.values())}
    (tmp_path / "7" / "task" / "7").mkdir(parents=True)
    (tmp_path / "7" / "task" / "7" / "children").write_text(" ".join(numbers))
    for number, line in numbers.items():
        (tmp_path / number).mkdir()
        (tmp_path / number / "cmdline").write_bytes(line.replace(" ", "\0").encode())
    return tmp_path


def test_a_process_that_is_missing_is_named(tmp_path):
    proc = make_proc(
        tmp_path,
        media="python -m permanence.engine.mediaplane",
        exchange="python -m permanence.engine.exchange",
        web="python -m permanence.project.web",
    )
    found = list(doctor.processes({"pid": 7, "started": "then"}, proc))
    assert [finding.subject for finding in found if finding.level == "wrong"] == ["worker"]
    assert len(found) == 5


def test_caddy_is_one_of_the_processes_of_a_house_with_a_public_name(tmp_path):
    proc = make_proc(tmp_path, web="python -m permanence.project.web")
    wanted = doctor.processes({"pid": 7, "started": "then"}, proc, doors_wanted=True)
    assert ("wrong", "doors") in levels(wanted)
    (tmp_path / "100" / "cmdline").write_bytes(
        b"/usr/bin/caddy\0run\0--config\0/d/run/Caddyfile\0--adapter\0caddyfile\0"
    )
    assert ("well", "doors") in levels(doctor.processes({"pid": 7, "started": "then"}, proc, doors_wanted=True))


def trunk_state(name, **told):
    blank = dict.fromkeys(("registration", "registration_status", "alive", "alive_status"))
    return {"trunk": name, **blank, **told}


def test_each_alarm_and_each_sick_trunk_is_said_once():
    status = {
        "calls": [],
        "alarms": [
            {"code": "journal", "why": "new calls are refused: the journal cannot be written"},
            {"code": "trunk:h/one", "why": "the carrier does not accept our registration (403)"},
        ],
        "trunk_states": [
            trunk_state("h/one", registration="failed", registration_status=403),
            trunk_state("h/two", registration="failed", registration_status=503),
            trunk_state("h/three", registration="registered", registration_status=200, alive=False, alive_status=408),
            trunk_state("h/four", registration="registered", registration_status=200, alive=True, alive_status=200),
            trunk_state("h/five"),
        ],
    }
    found = list(doctor.complaints(status))
    assert {finding.level for finding in found} == {"wrong"}
    assert [finding.subject for finding in found] == ["exchange", "trunks", "trunks", "trunks"]
    assert found[0].sentence.startswith("New calls are refused: the journal cannot be written. Look at the room")
    for finding, name, code in zip(found[1:], ("h/one", "h/two", "h/three"), ("403", "503", "408"), strict=True):
        assert finding.sentence.startswith(f"{name}: ")
        assert f"({code})" in finding.sentence


def test_an_exchange_without_complaint_is_well():
    assert levels(doctor.complaints({"calls": [], "alarms": [], "trunk_states": []})) == [("well", "exchange")]


def test_a_silent_exchange_is_wrong(tmp_path):
    found = list(doctor.exchange(tmp_path / "exchange.sock"))
    assert levels(found) == [("wrong", "exchange")]


def test_a_house_that_does_not_run_is_said_once():
    assert levels(doctor.processes(None)) == [("wrong", "house")]


@pytest.mark.parametrize(
    ("free", "kind", "level"),
    [(50e9, "ext4", "well"), (1e9, "ext4", "look"), (1e8, "ext4", "wrong"), (50e9, "nfs4", "wrong")],
)
def test_the_disk(free, kind, level):
    assert doctor.disk(int(free), kind).level == level


def test_the_file_system_is_that_of_the_nearest_mount():
    mounted = [("/", "ext4"), ("/srv", "nfs4"), ("/srv/local", "xfs")]
    assert doctor.file_system(Path("/srv/house"), mounted) == "nfs4"
    assert doctor.file_system(Path("/srv/local/house"), mounted) == "xfs"


@pytest.mark.parametrize(("state", "level"), [(0, "well"), (5, "look"), (-1, "look")])
def test_the_clock(state, level):
    assert doctor.clock(state).level == level


def test_a_site_in_the_open_without_tls_has_no_microphone(tmp_path):
    base = config.Configuration(tmp_path, tmp_path / "run")
    assert levels(doctor.microphone(base, at=AT)) == [("look", "microphone")]
    assert levels(doctor.microphone(base.changed(web_host="192.0.2.7"), at=AT)) == [("wrong", "microphone")]


def test_a_demonstration_that_listens_elsewhere_is_looked_at_where_it_listens(tmp_path):
    base = config.Configuration(tmp_path, tmp_path / "run", demonstration=True)
    found = doctor.as_it_runs(base, {"web": "http://192.0.2.7:8000"})
    assert levels(doctor.microphone(found, at=AT)) == [("wrong", "microphone")]
    assert doctor.as_it_runs(base, {"web": "http://[2001:db8::7]:8000"}).web_host == "2001:db8::7"
    assert doctor.as_it_runs(base, {"web": "http://localhost:8000"}) == base
    assert doctor.as_it_runs(base, None) == base


def test_a_public_name_without_a_certificate_is_wrong():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert doctor.certificate("house.example", at=AT, port=port).level == "wrong"


def test_trunks_and_lines():
    assert levels(doctor.trunks(RoutingTable(), demonstration=False)) == [("wrong", "trunks"), ("wrong", "lines")]
    trunk = TrunkEntry(name="carrier", addresses=("192.0.2.1",), country="FR")
    house = HouseSlice(house="h", version=1, name="H", language="fr", secretaries=(), trunks=(trunk,))
    found = list(doctor.trunks(RoutingTable().put(house), demonstration=False))
    assert found[0].level == "well"
    assert "192.0.2.1" in found[0].sentence


@pytest.mark.parametrize(
    ("left", "level"), [(None, "wrong"), ("20261123T120000Z /c", "well"), ("20261101T120000Z /c", "look")]
)
def test_the_last_backup(tmp_path, left, level):
    (tmp_path / "log").mkdir()
    if left:
        (tmp_path / backup.LAST).write_text(left)
    assert doctor.last_backup(config.Configuration(tmp_path, tmp_path), at=AT).level == level


def test_ports_of_a_house_at_rest(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]
        found = list(doctor.ports(config.Configuration(tmp_path, tmp_path, web_port=busy), None))
    assert found[0].level == "wrong"
    assert str(busy) in found[0].sentence


def test_the_doors_of_a_running_house(tmp_path):
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        port = door.getsockname()[1]
        status = {"web": f"http://localhost:{port}", "line": f"ws://localhost:{port}/line"}
        house = config.Configuration(tmp_path, tmp_path)
        assert levels(doctor.ports(house, status)) == [("well", "ports")]
    assert levels(doctor.ports(house, status)) == [("wrong", "ports")] * 2


def test_a_moment_is_said_in_words():
    assert re.fullmatch(r"2[45] November 2026, \d\d:03", doctor.in_words("2026-11-24T12:03:05+00:00"))


class Taker:
    """A mail server that takes every mail, and says nothing of itself."""


@pytest.fixture
def relay_port():
    controller = Controller(Taker(), hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller.port
    controller.stop()


def with_relay(tmp_path, port):
    read = config.configuration(tmp_path, file={}, environment={})
    return read.changed(mail_host="127.0.0.1", mail_port=port, mail_from="house@permanence.example")


def test_a_house_that_was_told_of_no_mail_server_hears_what_does_not_work(tmp_path):
    found = doctor.mail(config.configuration(tmp_path, file={}, environment={}))
    assert (found.level, found.subject) == ("look", "mail")
    assert "invitations reach nobody" in found.sentence


def test_a_mail_server_that_answers_is_well(tmp_path, relay_port):
    found = doctor.mail(with_relay(tmp_path, relay_port))
    assert (found.level, found.sentence) == ("well", f"The mail server 127.0.0.1:{relay_port} answers.")


def test_a_mail_server_that_is_away_is_named_with_its_reason(tmp_path):
    port = free_port()
    found = doctor.mail(with_relay(tmp_path, port))
    assert found.level == "wrong"
    assert f"127.0.0.1:{port} takes no mail: " in found.sentence


def test_a_mail_server_that_refuses_our_login_is_wrong(tmp_path, relay_port):
    found = doctor.mail(with_relay(tmp_path, relay_port).changed(mail_user="house", mail_password="not this"))
    assert found.level == "wrong"
    assert "not this" not in found.sentence
