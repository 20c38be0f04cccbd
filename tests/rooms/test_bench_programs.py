# SPDX-License-Identifier: AGPL-3.0-or-later
"""A part of a bench that takes too long is ended with all it started, and says so; a race goes on where it was."""

import json
import os
import re
import select
import subprocess
import sys
from functools import partial

import pytest
from django.template.loader import get_template

from bench import agenda, agenda_kept, agenda_races, agenda_read, command
from bench.programs import PartFailed, Program

SLOW = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("child", child.pid, file=sys.stderr, flush=True)
time.sleep(600)
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A program of these lines."""

    def made(lines):
        (tmp_path / "slow_part.py").write_text(lines)
        monkeypatch.setattr("bench.programs.CLONE", tmp_path)
        return "slow_part"

    return made


def ended(pid):
    """Whether a process ends within some seconds; it was told to before."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], 10)[0])
    finally:
        os.close(watched)


def test_who_takes_too_long_is_ended_with_all_he_started(module, capfd):
    with pytest.raises(PartFailed, match=r"slow_part did not end within 0\.1 min and was ended"):
        Program(module=module(SLOW), limit_s=5).figures("--runs", "1")
    said = capfd.readouterr().err
    assert "slow_part --runs 1: begins" in said
    assert ended(int(re.search(r"child (\d+)", said)[1]))


@pytest.mark.parametrize("lines", ["raise SystemExit(3)", "print('no figures')", ""])
def test_who_gives_no_figures_has_failed(module, lines):
    with pytest.raises(PartFailed, match=r"slow_part ended with status [03] and without figures"):
        Program(module=module(lines), limit_s=30).figures()


def test_figures_count_also_where_something_was_found_wrong(module, capfd):
    lines = "import json, sys; print(json.dumps(sys.argv[1:])); sys.exit(1)"
    assert Program(module=module(lines), limit_s=30).figures("--quick") == ["--quick"]
    assert "slow_part: took" in capfd.readouterr().err


def test_a_bench_whose_part_failed_says_so_and_writes_nothing(module, monkeypatch, capsys):
    monkeypatch.setattr(agenda, "PARTS", {"search": Program(module=module("raise SystemExit(3)"), limit_s=30)})
    monkeypatch.setattr(command, "write_table", lambda *_: pytest.fail("written"))
    assert command.main(["agenda", "--runs", "1", "--write", "--json"]) == 1
    said = capsys.readouterr()
    assert "agenda: slow_part ended with status 3" in said.err
    assert said.out == ""


def found(nth):
    """What a piece of the race may find."""
    race = {
        "done": {"book": nth, f"only{nth}": 1},
        "wrong": {"agendas": 0},
        "unnamed": [f"piece {nth}"],
        "seconds": 1.5,
    }
    return {"race": {"race_attempts": 10, "race": {"sqlite": race}}, "doors": {"sqlite": {"seconds": 2}}}


def kept_in(file):
    """By number of the piece, and the files that are kept with them."""
    there = json.loads(file.read_text())
    return {each["nth"]: each["found"] for each in there["pieces"]}, set(there["read"])


def test_a_race_in_pieces_is_kept_goes_on_and_is_added_up(tmp_path, monkeypatch):
    file = tmp_path / "race.json"
    monkeypatch.setattr(agenda_races, "Pieces", partial(agenda_kept.Pieces, file=file))
    monkeypatch.setattr(agenda_races, "figures_of", lambda together: together)
    size, asked = agenda_races.Size(10, 1, pieces=4), []

    def piece(_size, nth):
        asked.append(nth)
        if asked == [0, 1, 2]:
            raise PartFailed("the machine goes down")
        return {**found(nth), "read": ["bench/agenda.py"]}

    monkeypatch.setattr(agenda_races, "piece", piece)
    with pytest.raises(PartFailed):
        agenda_races.part(size)
    whole = agenda_races.part(size)
    assert asked == [0, 1, 2, 2, 3]
    assert whole["race"]["race_attempts"] == 40
    race = whole["race"]["race"]["sqlite"]
    assert race["done"] == {"book": 6, "only0": 1, "only1": 1, "only2": 1, "only3": 1}
    assert race["unnamed"] == [f"piece {nth}" for nth in range(4)]
    assert (race["seconds"], whole["doors"]["sqlite"]["seconds"]) == (6.0, 8)
    assert list(tmp_path.glob("*.half")) == []
    assert kept_in(file) == ({nth: found(nth) for nth in range(4)}, {"bench/agenda.py", *agenda_read.LOCKS})
    assert agenda_races.part(size) == whole
    assert len(asked) == 5  # nothing is raced again
    agenda_races.part(agenda_races.Size(20, 1, pieces=2))
    assert asked[5:] == [0, 1]  # a race of another size is another race


@pytest.fixture
def code(tmp_path, monkeypatch):
    """A repository with two modules, of which a race of three pieces reads one."""
    folder = tmp_path / "code"
    for name in ("bench/read.py", "bench/other.py", "permanence/agenda/migrations/0001.py", *agenda_read.LOCKS):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
        os.utime(folder / name, (1, 1))
    os.utime(folder / "permanence/agenda/migrations", (1, 1))
    kept = partial(agenda_kept.Pieces, file=tmp_path / "race.json", root=folder)
    monkeypatch.setattr(agenda_races, "Pieces", kept)
    monkeypatch.setattr(agenda_races, "figures_of", lambda together: together)
    monkeypatch.setattr(agenda_races, "changed_since", partial(agenda_read.changed_since, root=folder))
    return folder


def raced(monkeypatch, while_it_runs=lambda _nth: None):
    """The numbers of the pieces that were raced."""
    asked = []

    def piece(_size, nth):
        asked.append(nth)
        while_it_runs(nth)
        return {**found(nth), "read": ["bench/read.py", "permanence/agenda/migrations/"]}

    monkeypatch.setattr(agenda_races, "piece", piece)
    assert agenda_races.part(agenda_races.Size(10, 1, pieces=3))["race"]["race_attempts"] == 30
    return asked


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        ("bench/other.py", []),
        ("permanence/agenda/new.py", []),
        ("bench/read.py", [0, 1, 2]),
        ("requirements/run.txt", [0, 1, 2]),
        ("permanence/agenda/migrations/0002.py", [0, 1, 2]),
    ],
)
def test_a_piece_counts_as_long_as_what_it_read_is_the_same(code, monkeypatch, changed, again):
    assert raced(monkeypatch) == [0, 1, 2]
    assert raced(monkeypatch) == []
    (code / changed).write_text("# another")
    assert raced(monkeypatch) == again
    assert raced(monkeypatch) == []


def test_a_piece_during_which_the_code_was_changed_is_raced_again_as_those_before_it(code, monkeypatch):
    def edit(nth):
        if nth == 1:
            (code / "bench/read.py").write_text("another = 1")
            edits.append(nth)

    edits = []
    assert raced(monkeypatch, lambda nth: None if edits else edit(nth)) == [0, 1, 0, 1, 2]
    assert raced(monkeypatch) == []


CODE = '''"""A module."""
from elsewhere import used, unused

LIMIT = 3

def ran():
    """Says."""
    return used(LIMIT)

def waits():
    return unused(LIMIT)

@registered
def listens():
    return 1

class _Shelf:
    length = 1

class _Cover:
    colour = _Shelf

def opens():
    return _Cover()

class Book:
    """A book."""
    def take(self):
        return ran()

    def look(self):
        return waits()
'''
RAN = ("ran", "_Cover", "_Shelf", "Book", "Book.take")


def of(source, folder, ran=RAN):
    (folder / "permanence").mkdir(exist_ok=True)
    (folder / "permanence/a.py").write_text(source)
    read = ["permanence/a.py", *(f"permanence/a.py::{each}" for each in ran)]
    return agenda_read.digests(read, root=folder)["permanence/a.py"].split()


@pytest.mark.parametrize(
    ("old", "new", "counts"),
    [
        ("return used(LIMIT)", "return used(LIMIT + 1)", True),
        ("return ran()", "return ran() or None", True),
        ("LIMIT = 3", "LIMIT = 4", True),
        ("def look(self)", "def look(self, more)", True),
        ("    def look", "    def __eq__(self, other):\n        return True\n\n    def look", True),
        ("def listens()", "@registered\ndef hears():\n    return 2\n\n@registered\ndef listens()", True),
        ("import used", "import another as used", True),
        ("class Book:", "class Book(Shelf):", True),
        ("class Book:", "@registered\nclass Page:\n    number = 1\n\nclass Book:", True),
        ("class Book:", "def used(limit):\n    return 0\n\nclass Book:", True),
        ("class Book:", "def LIMIT():\n    return 0\n\nclass Book:", True),
        ("class Book:", "@dataclass(frozen=True)\nclass Page:\n    number = 1\n\nclass Book:", False),
        ("length = 1", "length = 2", False),
        ("class _Shelf:", "@dataclass\nclass _Shelf:", False),
        ("return used(LIMIT)", "return _Cover.colour", True),
        ("return unused(LIMIT)", "return unused(LIMIT + 1)", False),
        ("def waits()", "def waits_longer()", False),
        ("import used, unused", "import used, unused, new", False),
        ("return waits()", "return None", False),
        ("return 1", "return 2", False),
        ("A module", "Another module", False),
        ("Says", "Says it", False),
        ("LIMIT = 3", "LIMIT = 3  # three", False),
        ("LIMIT = 3", 'LIMIT = 3\n"""So many."""', False),
    ],
)
def test_of_a_module_that_was_read_what_did_not_run_does_not_count(tmp_path, old, new, counts):
    assert old in CODE
    assert (of(CODE.replace(old, new), tmp_path) != of(CODE, tmp_path)) is counts


def test_of_what_races_and_judges_all_counts(tmp_path):
    for folder in ("bench", "tests"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.py").write_text(CODE)
        before = agenda_read.digests([f"{folder}/a.py"], root=tmp_path)
        (tmp_path / folder / "a.py").write_text(CODE.replace("return waits()", "return None"))
        assert agenda_read.digests([f"{folder}/a.py"], root=tmp_path) != before


def test_what_ran_is_kept_beside_its_digest(tmp_path):
    assert of(CODE, tmp_path)[1:] == sorted(RAN)
    said = agenda_read.digests(["permanence/a.py", "permanence/a.py::ran"], root=tmp_path)
    assert {"permanence/a.py", "permanence/a.py::ran"} <= set(agenda_read.read_of(said))
    assert of(CODE, tmp_path, ran=()) != of(CODE.replace("LIMIT = 3", "LIMIT = 4"), tmp_path, ran=())


def test_a_process_that_is_watched_tells_what_ran_in_it_and_in_those_it_forks():
    program = """
import json, multiprocessing
from bench import agenda_read
agenda_read.watch()
from bench.agenda_races import added, counted
def child(told):
    counted({})
    told.put(agenda_read.read_here())
if __name__ == "__main__":
    import django
    django.setup()
    fork = multiprocessing.get_context("fork")
    told = fork.SimpleQueue()
    one = fork.Process(target=child, args=(told,))
    one.start()
    print(json.dumps([told.get(), agenda_read.read_here()]))
"""
    environment = {**os.environ, "PYTHONPATH": str(agenda_read.CLONE)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=True, stdout=subprocess.PIPE)
    child, parent = json.loads(done.stdout)
    assert "bench/agenda_races.py::counted" in child
    assert "bench/agenda_races.py::counted" not in parent
    assert "bench/agenda_races.py" in parent
    assert not any("::added" in each for each in child)


def test_what_a_process_has_read_is_its_modules_and_templates():
    get_template("booking/base.html")
    read = set(agenda_read.read_here())
    assert {"bench/agenda_read.py", "permanence/foundation/prepared.py"} <= read
    assert any(each.endswith("booking/base.html") for each in read)
    assert all((agenda_read.CLONE / each).exists() for each in read)
    assert all(each.startswith(agenda_read.OURS) for each in read)


def test_the_whole_race_is_a_million_and_twenty_thousand_through_each_door():
    full = agenda_races.FULL
    assert (full.operations * full.pieces, full.each_door * full.pieces) == (1_000_000, 20_000)


def test_what_is_asked_for_usually_takes_less_than_ten_minutes():
    asked = {"runs": 5, "seconds": None, "rate": None, "quick": False, "gateway": ""}
    assert 6 * 60 < command.about_s("agenda", command.Wish(**asked)) < 9 * 60
    assert 3 < command.about_s("agenda", command.Wish(**asked, full=True)) / 3600 < 4
