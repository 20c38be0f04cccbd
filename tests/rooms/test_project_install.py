# SPDX-License-Identifier: AGPL-3.0-or-later
"""The service: what its unit says, and what must be true before it is made."""

import configparser
from pathlib import Path

import pytest

from permanence.kernel.refusals import Refusal
from permanence.project import install
from permanence.project.supervisor import folder


def test_the_unit_starts_the_same_command_as_its_own_user_with_few_rights():
    text = install.unit(Path("/opt/permanence"), Path("/srv/house"), "permanence")
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str
    read.read_string(text)
    service = read["Service"]
    assert service["ExecStart"] == '"/opt/permanence/run" --empty "/srv/house"'
    assert (service["User"], service["Restart"]) == ("permanence", "always")
    assert '"/srv/house"' in service["ReadWritePaths"]
    assert read["Install"]["WantedBy"] == "multi-user.target"


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Root on a machine of systemd."""
    monkeypatch.setattr(install.os, "getuid", lambda: 0)
    monkeypatch.setattr(install.shutil, "which", lambda _name: "/bin/systemctl")
    real = Path.is_dir
    monkeypatch.setattr(Path, "is_dir", lambda path: str(path) == "/run/systemd/system" or real(path))
    data = tmp_path / "house"
    folder.make_parts(data)
    (data / "db.sqlite3").touch()
    return data


def test_an_ordinary_user_is_told_the_line_to_type(monkeypatch, tmp_path):
    monkeypatch.setattr(install.os, "getuid", lambda: 1000)
    with pytest.raises(install.CannotInstall, match="sudo"):
        install.check(Path("/usr"), tmp_path)


def test_a_house_at_rest_can_be_installed(machine):
    assert install.check(Path("/usr"), machine) is None


def test_a_running_house_is_stopped_first(machine):
    lock = folder.Lock(machine)
    lock.take()
    with pytest.raises(install.CannotInstall, match="running"):
        install.check(Path("/usr"), machine)
    lock.release()


def test_there_must_be_a_house_outside_a_clone_that_others_may_enter(machine, tmp_path):
    with pytest.raises(install.CannotInstall, match="no house"):
        install.check(Path("/usr"), tmp_path / "other")
    with pytest.raises(Refusal, match="inside the program"):
        install.check(machine.parent, machine)
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    with pytest.raises(install.CannotInstall, match="cannot enter"):
        install.check(private, machine)
