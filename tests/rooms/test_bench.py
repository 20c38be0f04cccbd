# SPDX-License-Identifier: AGPL-3.0-or-later
"""The benches work and say what they promise; no figure is judged here."""

import json

import pytest

from bench import command, figures, screens
from permanence.project import bench as word


def figures_of(name, capfd, *arguments):
    """What `./run bench NAME --quick --json` prints."""
    status = word.main([name, "--quick", "--json", "--runs", "1", *arguments])
    assert status in {0, 1}  # 1: a call failed or a packet was lost, which a busy machine may do
    return json.loads(capfd.readouterr().out.splitlines()[-1])


def test_calls_with_audio(capfd):
    found = figures_of("calls", capfd, "--gateway", "embedded", "--seconds", "1", "--rate", "5")
    wanted = {"exchange_cpu_s_per_1000", "media_cpu_s_per_1000", "journal_sync_p99_ms", "failed", "gateway"}
    assert wanted <= found.keys()
    assert found["failed"] == 0
    assert found["calls"] == 5
    assert found["gateway"] == "embedded"
    assert {"load", "machine", "priority", "runs"} <= found.keys()


def test_calls_signalling_only(capfd):
    found = figures_of("calls", capfd, "--gateway", "null", "--seconds", "1", "--rate", "10")
    assert {"accounts_ratio", "free_to_offer_p99_ms", "exchange_cpu_s_per_1000"} <= found.keys()
    assert found["failed"] == 0
    assert found["gateway"] == "null (signalling only)"
    assert found["parts"].keys() == {"b", "c"}
    assert found["parts"]["c"]["free_to_offer_counted"] > 0


def test_media(capfd):
    found = figures_of("media", capfd, "--seconds", "1")
    assert {"calls", "cpu_ms_per_call_s", "lost", "delay_p99_ms", "cipher"} <= found.keys()
    assert found["packets"] > 0
    assert found["parts"].keys() >= {"permanence-10"}


@pytest.mark.parametrize("name", ["pop", "talk"])
def test_screens_give_their_keys(name, capsys, monkeypatch):
    # The house and Chromium behind these two are proved by the screens' tests; here is what becomes of the samples.
    runs = {"pop": [screens._spent([30.0, 40.0], missing=0)], "talk": [screens._both([30.0, 0.0], [20.0, 25.0])]}
    monkeypatch.setattr(screens, name, lambda **_: (runs[name], "nice 0"))
    status = command.main([name, "--quick", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert {"p50_ms", "p95_ms", "samples", "failed"} <= found.keys()
    assert status == (name == "talk")  # one side heard nothing once
    assert "seats" in found or name == "talk"


@pytest.mark.parametrize(("load", "written"), [(0.4, True), (1.3, False)])
def test_a_busy_machine_writes_nothing(load, written, tmp_path, capsys, monkeypatch):
    page = tmp_path / "performance.md"
    page.write_text("before\n<!-- bench pop -->\nold\n<!-- end pop -->\nafter\n")
    monkeypatch.setattr(screens, "pop", lambda **_: ([screens._spent([30.0], missing=0)], "nice 0"))
    monkeypatch.setattr(figures.os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(command, "write_table", lambda name, text: figures.write_table(name, text, page))
    command.main(["pop", "--write"])
    assert ("old" not in page.read_text()) is written
    assert ("not valid" in capsys.readouterr().err) is not written
    assert page.read_text().startswith("before\n<!-- bench pop -->\n")
    assert page.read_text().endswith("\n<!-- end pop -->\nafter\n")


def test_the_median_of_runs_but_the_sum_of_failures():
    merged = figures.merged([{"a": 1.0, "failed": 1}, {"a": 5.0, "failed": 0}, {"a": 2.0, "failed": 3}])
    assert merged == {"a": 2.0, "failed": 4}


def test_cpu_seconds_of_this_process_grow():
    before = figures.cpu_seconds(figures.os.getpid())
    total = sum(number * number for number in range(3_000_000))
    assert total > 0
    assert figures.cpu_seconds(figures.os.getpid()) > before


def test_the_word_needs_the_packages_of_the_tests(monkeypatch):
    monkeypatch.setattr(word, "find_spec", lambda _name: None)
    with pytest.raises(word.Refusal, match=r"run \./test once"):
        word.main(["pop"])
