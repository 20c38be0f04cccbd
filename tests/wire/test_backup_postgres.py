# SPDX-License-Identifier: AGPL-3.0-or-later
"""A house on PostgreSQL copied while it is written to, and put back into an empty database. A real server, which asks
for a password; PostgreSQL's own programs."""

import asyncio
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from permanence.kernel.system import SystemEntropy
from permanence.project import backup, backup_postgres, backup_restore, config, doctor
from permanence.project.supervisor import folder
from tests.wire.postgres_cluster import Cluster, running_cluster

PASSWORD = "a secret: @/%"
STAMP = "20261124T100000Z"
TABLES = "CREATE TABLE pair (number bigserial PRIMARY KEY, twin bigint NOT NULL)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a database of a cluster in which the role `house` needs its password."""
    with asyncio.Runner() as runner:
        holding = running_cluster()
        cluster: Cluster = runner.run(holding.__aenter__())
        try:
            ((rules,),) = ask(cluster.url, "SHOW hba_file")
            Path(rules).write_text("local all house scram-sha-256\nlocal all all trust\n")
            runner.run(cluster.stop())
            runner.run(cluster.start())
            with psycopg.connect(cluster.url, autocommit=True) as connection:
                role = sql.SQL("CREATE ROLE house LOGIN CREATEDB PASSWORD {}").format(sql.Literal(PASSWORD))
                connection.execute(role)
            yield cluster.url.replace("//permanence@", "//house:a%20secret%3A%20%40%2F%25@")
        finally:
            runner.run(holding.__aexit__(None, None, None))


@pytest.fixture
def database(server: str, request: pytest.FixtureRequest) -> Callable[[], str]:
    """`database()` makes another empty database; its address."""
    made = 0

    def make() -> str:
        nonlocal made
        made += 1
        name = f"{request.node.name[:50]}_{made}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return server.removesuffix("postgres") + name

    return make


@pytest.fixture
def house(tmp_path: Path) -> Path:
    data = tmp_path / "house"
    folder.make_parts(data)
    folder.make_keys(data, SystemEntropy())
    (data / "audio" / "a.sealed").write_bytes(b"sealed")
    return data


def ask(url: str, question: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(question.encode()).fetchall()


def tell(url: str, *acts: str) -> None:
    with psycopg.connect(url) as connection:
        for act in acts:
            connection.execute(act.encode())


def back_up(house: Path, url: str, *, to: str = "copies") -> Path:
    return backup.back_up(house, house.parent / to, stamp=STAMP, database_url=url)


def restore(copy: Path, data: Path, url: str) -> int:
    return backup_restore.restore(copy, data, environment={"PERMANENCE_DATABASE_URL": url})


def test_a_database_that_is_written_to_is_copied_at_one_moment_and_its_numbers_go_on(
    house: Path, database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = database(), database()
    tell(old, TABLES)
    stop, wrote_some = threading.Event(), threading.Event()

    def write() -> None:
        with psycopg.connect(old, autocommit=True) as connection:
            twin = 0
            while not stop.is_set():
                twin += 1
                with connection.transaction():
                    connection.execute("INSERT INTO pair (twin) VALUES (%s)", (twin,))
                    connection.execute("INSERT INTO pair (twin) VALUES (%s)", (twin,))
                if twin == 20:
                    wrote_some.set()

    commands: list[Any] = []
    real = subprocess.run

    def seen(command: Any, **given: Any) -> Any:
        commands.append(command)
        return real(command, **given)

    monkeypatch.setattr(subprocess, "run", seen)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert wrote_some.wait(20)
        copy = back_up(house, old)
    finally:
        stop.set()
        writer.join()
    assert (copy / backup.DUMP).stat().st_mode & 0o777 == 0o600
    files = restore(copy, tmp_path / "again", new)
    assert files == len([path for path in copy.rglob("*") if path.is_file()]) - 1
    ((count, twins, last),) = ask(new, "SELECT count(*), count(DISTINCT twin), max(number) FROM pair")
    assert count >= 40
    assert count == 2 * twins  # no transaction is half there
    assert not (tmp_path / "again" / backup.DUMP).exists()
    assert (tmp_path / "again" / "audio" / "a.sealed").read_bytes() == b"sealed"
    assert (tmp_path / "again" / "keys" / "ticket.key").read_bytes() == (house / "keys" / "ticket.key").read_bytes()
    with psycopg.connect(new) as connection:
        found = connection.execute("INSERT INTO pair (twin) VALUES (0) RETURNING number").fetchone()
    assert found is not None
    assert found[0] > last
    with pytest.raises(backup.BackupRefused, match="password") as refusal:
        back_up(house, old.replace("a%20secret", "another"), to="none")  # it is asked for
    assert "another" not in refusal.value.why
    told = " ".join(str(word) for command in commands for word in command)
    assert "pg_dump" in told
    assert "pg_restore" in told
    assert "secret" not in told


def test_rows_and_facts_meet_at_the_moment_that_is_held(
    house: Path, database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = database(), database()
    tell(old, TABLES)
    real = backup._copy_folder

    def and_then(source: Path, target: Path, *, only_missing: bool = False) -> None:
        real(source, target, only_missing=only_missing)
        if source.name == "journal":  # before the moment, then after it and before pg_dump
            tell(old, "INSERT INTO pair (twin) VALUES (1)")

    monkeypatch.setattr(backup, "_copy_folder", and_then)
    restore(back_up(house, old), tmp_path / "again", new)
    assert ask(old, "SELECT count(*) FROM pair") == [(2,)]
    assert ask(new, "SELECT count(*) FROM pair") == [(1,)]


def test_a_database_that_holds_anything_is_left_as_it_is(
    house: Path, database: Callable[[], str], tmp_path: Path
) -> None:
    old, new = database(), database()
    tell(old, TABLES, "INSERT INTO pair (twin) VALUES (1)")
    copy = back_up(house, old)
    for held in (old, new):
        tell(new, "DROP TABLE IF EXISTS other", "CREATE TABLE other ()")
        with pytest.raises(backup.BackupRefused, match="is not empty") as refusal:
            restore(copy, tmp_path / "again", held)
        assert "secret" not in refusal.value.why
    assert ask(old, "SELECT count(*) FROM pair") == [(1,)]
    assert ask(new, "SELECT to_regclass('pair')") == [(None,)]
    assert not (tmp_path / "again").exists()


def test_what_cannot_be_put_back_whole_is_not_put_back_at_all(
    house: Path, database: Callable[[], str], tmp_path: Path
) -> None:
    old, new = database(), database()
    tell(old, "CREATE TABLE other ()", TABLES)
    copy = back_up(house, old)
    tell(new, "CREATE TYPE pair AS ENUM ('a')")  # in the way of the table's own
    with pytest.raises(backup.BackupRefused, match=r"pg_restore could not do it: .*pair"):
        restore(copy, tmp_path / "again", new)
    assert ask(new, "SELECT to_regclass('other')") == [(None,)]
    assert not (tmp_path / "again").exists()


def test_without_the_program_it_says_what_to_install_and_leaves_nothing(
    house: Path, database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database()
    monkeypatch.setattr(backup_postgres, "PLACES", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(backup.BackupRefused, match=r"sudo apt-get install postgresql-client$"):
        back_up(house, url)
    assert list((tmp_path / "copies").iterdir()) == []
    of_house = config.Configuration(house, house / "run", database_url=url)
    found = doctor.last_backup(of_house, at=datetime(2026, 11, 25, tzinfo=UTC))
    assert (found.level, "postgresql-client" in found.sentence) == ("wrong", True)


def test_the_doctor_tells_of_the_last_copy(house: Path, database: Callable[[], str]) -> None:
    url = database()
    of_house = config.Configuration(house, house / "run", database_url=url)
    assert doctor.last_backup(of_house, at=datetime(2026, 11, 25, tzinfo=UTC)).level == "wrong"
    back_up(house, url)
    found = doctor.last_backup(of_house, at=datetime(2026, 11, 25, tzinfo=UTC))
    assert (found.level, found.sentence) == ("well", "Last copied on 2026-11-24 10:00 UTC.")
    assert doctor.last_backup(of_house, at=datetime(2026, 11, 28, tzinfo=UTC)).level == "look"
