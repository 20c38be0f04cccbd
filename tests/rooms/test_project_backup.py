# SPDX-License-Identifier: AGPL-3.0-or-later
"""A house copied while it is written to, and put back; copies that cannot be trusted are refused."""

import json
import sqlite3
import threading
from contextlib import closing

import pytest

from permanence.kernel.system import SystemEntropy
from permanence.project import backup
from permanence.project.supervisor import folder


@pytest.fixture
def house(tmp_path):
    data = tmp_path / "house"
    folder.make_parts(data)
    folder.make_keys(data, SystemEntropy())
    (data / "permanence.toml").write_text("[web]\nport = 8123\n")
    (data / "journal" / "00000001.journal").write_bytes(b"facts")
    (data / "audio" / "2026").mkdir()
    (data / "audio" / "2026" / "a.alaw").write_bytes(b"\xd5" * 800)
    with closing(sqlite3.connect(data / "db.sqlite3")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE pair (number INTEGER PRIMARY KEY, twin INTEGER)")
        database.commit()
    return data


def test_a_house_that_is_being_written_to_is_copied_at_one_moment_and_put_back_whole(house, tmp_path):
    stop, wrote_some = threading.Event(), threading.Event()

    def write():
        with closing(sqlite3.connect(house / "db.sqlite3", timeout=30)) as database:
            number = 0
            while not stop.is_set():
                number += 1
                with database:
                    database.execute("INSERT INTO pair VALUES (?, ?)", (2 * number, number))
                    database.execute("INSERT INTO pair VALUES (?, ?)", (2 * number + 1, number))
                if number == 20:
                    wrote_some.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert wrote_some.wait(20)
        copy = backup.back_up(house, tmp_path / "copies", stamp="20261124T100000Z")
    finally:
        stop.set()
        writer.join()
    assert backup.restore(copy, tmp_path / "again") == len([path for path in copy.rglob("*") if path.is_file()]) - 1
    with closing(sqlite3.connect(tmp_path / "again" / "db.sqlite3")) as database:
        (count, twins) = database.execute("SELECT count(*), count(DISTINCT twin) FROM pair").fetchone()
    assert count >= 40
    assert count == 2 * twins  # no transaction is half there
    for name in (
        "keys/ticket.key",
        "keys/django.key",
        "permanence.toml",
        "journal/00000001.journal",
        "audio/2026/a.alaw",
    ):
        assert (tmp_path / "again" / name).read_bytes() == (house / name).read_bytes()
    assert (tmp_path / "again" / "keys" / "ticket.key").stat().st_mode & 0o777 == 0o600
    assert (house / backup.LAST).read_text().startswith("20261124T100000Z ")


def test_a_journal_file_that_is_dropped_during_the_copy_is_in_the_copy(house, tmp_path, monkeypatch):
    real = backup._copy_database

    def drop_meanwhile(source, target):
        real(source, target)
        (house / "journal" / "00000001.journal").unlink()
        (house / "journal" / "00000002.journal").write_bytes(b"later facts")

    monkeypatch.setattr(backup, "_copy_database", drop_meanwhile)
    copy = backup.back_up(house, tmp_path / "copies", stamp="s")
    assert {path.name for path in (copy / "journal").iterdir()} == {"00000001.journal", "00000002.journal"}


def test_a_copy_is_never_put_over_something(house, tmp_path):
    copy = backup.back_up(house, tmp_path / "copies", stamp="s")
    with pytest.raises(backup.BackupRefused, match="not empty"):
        backup.restore(copy, house)


def test_a_copy_that_changed_on_its_disk_is_refused_before_anything_is_written(house, tmp_path):
    copy = backup.back_up(house, tmp_path / "copies", stamp="s")
    (copy / "journal" / "00000001.journal").write_bytes(b"fact?")
    with pytest.raises(backup.BackupRefused, match="00000001"):
        backup.restore(copy, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_manifest_that_points_outside_the_copy_is_refused(house, tmp_path):
    copy = backup.back_up(house, tmp_path / "copies", stamp="s")
    manifest = json.loads((copy / backup.MANIFEST).read_text())
    manifest["files"]["../secret"] = "0"
    (copy / backup.MANIFEST).write_text(json.dumps(manifest))
    (copy.parent / "secret").write_text("x")
    with pytest.raises(backup.BackupRefused, match="missing"):
        backup.restore(copy, tmp_path / "again")


def test_a_copy_is_not_put_inside_the_house(house):
    with pytest.raises(backup.BackupRefused, match="inside the house"):
        backup.back_up(house, house / "copies", stamp="s")


def test_what_is_no_house_is_not_copied(tmp_path):
    with pytest.raises(backup.BackupRefused, match="no house"):
        backup.back_up(tmp_path / "nowhere", tmp_path / "copies", stamp="s")


def test_a_house_on_postgresql_is_left_to_postgresqls_own_tool(house, tmp_path):
    with pytest.raises(backup.BackupRefused, match="pg_dump"):
        backup.back_up(house, tmp_path / "copies", stamp="s", database_url="postgresql://host/name")
