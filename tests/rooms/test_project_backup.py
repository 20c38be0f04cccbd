# SPDX-License-Identifier: AGPL-3.0-or-later
"""A house copied while it is written to, and put back; copies that cannot be trusted are refused."""

import json
import sqlite3
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from permanence.kernel.system import SystemEntropy
from permanence.project import backup, backup_postgres, backup_restore
from permanence.project.supervisor import folder

ELSEWHERE = "postgresql://house:secret@127.0.0.1:1/house"
"""Nobody listens there."""


def restore(copy, data, **environment):
    return backup_restore.restore(copy, data, environment=environment)


@pytest.fixture
def house(tmp_path):
    data = tmp_path / "house"
    folder.make_parts(data)
    folder.make_keys(data, SystemEntropy())
    (data / "permanence.toml").write_text("[web]\nport = 8123\n")
    (data / "journal" / "00000001.journal").write_bytes(b"facts")
    (data / "audio" / "2026").mkdir()
    (data / "audio" / "2026" / "a.alaw").write_bytes(b"\xd5" * 800)
    (data / "prompts" / f"{'a' * 64}.alaw").write_bytes(b"\xd5" * 800)
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
    assert restore(copy, tmp_path / "again") == len([path for path in copy.rglob("*") if path.is_file()]) - 1
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
        f"prompts/{'a' * 64}.alaw",
    ):
        assert (tmp_path / "again" / name).read_bytes() == (house / name).read_bytes()
    assert (tmp_path / "again" / "keys" / "ticket.key").stat().st_mode & 0o777 == 0o600
    assert (house / backup.LAST).read_text().startswith("20261124T100000Z ")


@pytest.fixture
def meanwhile(monkeypatch):
    """`meanwhile(act)`: what the house does once the moment of the database is held and before it is written down."""

    def during(act):
        real = backup.sqlite_moment

        @contextmanager
        def busy(source):
            with real(source) as write:

                def late(target):
                    act()
                    write(target)

                yield late

        monkeypatch.setattr(backup, "sqlite_moment", busy)

    return during


def test_what_the_exchange_and_the_worker_drop_during_the_copy_is_in_it(house, tmp_path, meanwhile):
    (house / "spool" / "call.alaw").write_bytes(b"sealed")
    (house / "journal" / "00000002.journal").write_bytes(b"later facts")
    (house / "spool" / "later.alaw").write_bytes(b"later")

    def dropped():
        for path in ("journal/00000001.journal", "journal/00000002.journal", "spool/call.alaw", "spool/later.alaw"):
            (house / path).unlink()

    meanwhile(dropped)
    copy = backup.back_up(house, tmp_path / "copies", stamp="s")
    assert {path.name for path in (copy / "journal").iterdir()} == {"00000001.journal", "00000002.journal"}
    assert {path.name for path in (copy / "spool").iterdir()} == {"call.alaw", "later.alaw"}


def test_what_the_exchange_drops_before_the_moment_and_what_it_writes_before_it_are_both_there(
    house, tmp_path, monkeypatch
):
    real = backup.sqlite_moment

    def before(source):
        (house / "journal" / "00000001.journal").unlink()
        (house / "journal" / "00000002.journal").write_bytes(b"later facts")
        return real(source)

    monkeypatch.setattr(backup, "sqlite_moment", before)
    copy = backup.back_up(house, tmp_path / "copies", stamp="s")
    assert {path.name for path in (copy / "journal").iterdir()} == {"00000001.journal", "00000002.journal"}


def test_rows_written_after_the_moment_are_not_in_the_copy(house, tmp_path, meanwhile):
    def one_more():
        with closing(sqlite3.connect(house / "db.sqlite3")) as database, database:
            database.execute("INSERT INTO pair VALUES (1, 1)")

    meanwhile(one_more)
    copy = backup.back_up(house, tmp_path / "copies", stamp="s")
    with closing(sqlite3.connect(copy / "db.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM pair").fetchone() == (0,)


def test_a_key_made_while_the_audio_is_copied_is_in_the_copy_with_a_pair_that_fits(house, tmp_path, monkeypatch):
    first = (house / "keys" / "spool.pub").read_bytes()
    real = backup._copy_folder

    def rotated(source, target, **given):
        if source.name == "audio":
            folder.make_spool_key(house)
            (house / "keys" / "house-h.2.key").write_bytes(b"new")
        real(source, target, **given)

    monkeypatch.setattr(backup, "_copy_folder", rotated)
    copy = backup.back_up(house, tmp_path / "copies", stamp="s")
    assert (house / "keys" / "spool.pub").read_bytes() != first
    assert (copy / "keys" / "spool.pub").read_bytes() == first  # its private key was listed after it was read
    assert {path.name for path in (house / "keys").iterdir()} == {path.name for path in (copy / "keys").iterdir()}


def test_half_a_copy_is_taken_away(house, tmp_path, meanwhile):
    def broken():
        raise OSError("the disk is full")

    meanwhile(broken)
    with pytest.raises(OSError, match="full"):
        backup.back_up(house, tmp_path / "copies", stamp="s")
    assert list((tmp_path / "copies").iterdir()) == []
    assert not (house / backup.LAST).exists()


def test_a_copy_is_never_put_over_something(house, tmp_path):
    copy = backup.back_up(house, tmp_path / "copies", stamp="s")
    with pytest.raises(backup.BackupRefused, match="not empty"):
        restore(copy, house)


def test_a_copy_that_changed_on_its_disk_is_refused_before_anything_is_written(house, tmp_path):
    copy = backup.back_up(house, tmp_path / "copies", stamp="s")
    (copy / "journal" / "00000001.journal").write_bytes(b"fact?")
    with pytest.raises(backup.BackupRefused, match="00000001"):
        restore(copy, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_manifest_that_points_outside_the_copy_is_refused(house, tmp_path):
    copy = backup.back_up(house, tmp_path / "copies", stamp="s")
    manifest = json.loads((copy / backup.MANIFEST).read_text())
    manifest["files"]["../secret"] = "0"
    (copy / backup.MANIFEST).write_text(json.dumps(manifest))
    (copy.parent / "secret").write_text("x")
    with pytest.raises(backup.BackupRefused, match="missing"):
        restore(copy, tmp_path / "again")


def test_a_copy_is_not_put_inside_the_house(house):
    with pytest.raises(backup.BackupRefused, match="inside the house"):
        backup.back_up(house, house / "copies", stamp="s")


def test_what_is_no_house_is_not_copied(tmp_path):
    with pytest.raises(backup.BackupRefused, match="no house"):
        backup.back_up(tmp_path / "nowhere", tmp_path / "copies", stamp="s")


def test_settings_that_were_laid_into_the_new_folder_stay(house, tmp_path):
    copy = backup.back_up(house, tmp_path / "copies", stamp="s")
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "permanence.toml").write_text("[web]\nport = 9000\n")
    restore(copy, tmp_path / "again")
    assert (tmp_path / "again" / "permanence.toml").read_text() == "[web]\nport = 9000\n"
    assert (tmp_path / "again" / "keys" / "ticket.key").exists()


def test_a_copy_of_a_later_version_is_refused(house, tmp_path):
    copy = backup.back_up(house, tmp_path / "copies", stamp="s")
    manifest = json.loads((copy / backup.MANIFEST).read_text())
    manifest["version"] = backup.VERSION + 1
    (copy / backup.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(backup.BackupRefused, match="later Permanence"):
        restore(copy, tmp_path / "again")


def test_a_copy_of_sqlite_does_not_go_to_postgresql(house, tmp_path):
    copy = backup.back_up(house, tmp_path / "copies", stamp="s")
    with pytest.raises(backup.BackupRefused, match="on SQLite"):
        restore(copy, tmp_path / "again", PERMANENCE_DATABASE_URL=ELSEWHERE)
    assert not (tmp_path / "again").exists()


@pytest.fixture
def dumped(house, tmp_path):
    """A copy that holds a dump."""
    copy = backup.back_up(house, tmp_path / "copies", stamp="s")
    (copy / "db.sqlite3").rename(copy / backup.DUMP)
    manifest = json.loads((copy / backup.MANIFEST).read_text())
    manifest["files"][backup.DUMP] = manifest["files"].pop("db.sqlite3")
    (copy / backup.MANIFEST).write_text(json.dumps(manifest))
    return copy


def test_a_copy_of_postgresql_wants_a_database(dumped, tmp_path):
    with pytest.raises(backup.BackupRefused, match="PERMANENCE_DATABASE_URL"):
        restore(dumped, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_restored_house_is_not_left_with_settings_that_name_the_old_database(dumped, tmp_path):
    (dumped / "permanence.toml").write_text('[house]\ndatabase_url = "postgresql://old/house"\n')
    manifest = json.loads((dumped / backup.MANIFEST).read_text())
    manifest["files"]["permanence.toml"] = backup.digest(dumped / "permanence.toml")
    (dumped / backup.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(backup.BackupRefused, match="names another database"):
        restore(dumped, tmp_path / "again", PERMANENCE_DATABASE_URL=ELSEWHERE)
    assert not (tmp_path / "again").exists()


def test_a_database_that_does_not_answer_is_said_without_its_password(house, dumped, tmp_path):
    for act in (
        lambda: backup.back_up(house, tmp_path / "copies", stamp="t", database_url=ELSEWHERE),
        lambda: restore(dumped, tmp_path / "again", PERMANENCE_DATABASE_URL=ELSEWHERE),
    ):
        with pytest.raises(backup.BackupRefused, match=r"127\.0\.0\.1") as refusal:
            act()
        assert "secret" not in refusal.value.why
        assert "\n" not in refusal.value.why
    assert not (tmp_path / "again").exists()
    assert [path.name for path in (tmp_path / "copies").iterdir()] == ["permanence-s"]


def test_an_address_that_is_none_is_not_repeated(house, tmp_path):
    with pytest.raises(backup.BackupRefused, match="no address") as refusal:
        backup.back_up(house, tmp_path / "copies", stamp="s", database_url="postgrsql://house:secret@host/name")
    assert "secret" not in refusal.value.why


def test_the_program_of_the_servers_own_version_is_taken_else_the_next_newer_one():
    found = {14: Path("/14"), 16: Path("/16"), 17: Path("/17")}
    assert backup_postgres.chosen("pg_dump", 16, found) == Path("/16")
    assert backup_postgres.chosen("pg_dump", 15, found) == Path("/16")


def test_a_program_that_is_missing_or_too_old_is_said_with_what_to_install():
    with pytest.raises(backup.BackupRefused, match=r"here: sudo apt-get install postgresql-client$"):
        backup_postgres.chosen("pg_dump", 17, {})
    with pytest.raises(backup.BackupRefused, match=r"version 15, older .*\(17\): .* postgresql-client-17$"):
        backup_postgres.chosen("pg_dump", 17, {14: Path("/14"), 15: Path("/15")})
