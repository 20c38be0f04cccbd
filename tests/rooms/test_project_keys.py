# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run keys`: rotation loses nothing, what is listed tells no secret, the export is for its owner alone."""

import pytest

from permanence.foundation import secrecy
from permanence.project import keys
from permanence.project.supervisor import folder
from permanence.telephony import spool
from tests.spool import opened, write


@pytest.fixture
def house(data_folder, entropy):
    data_folder.mkdir(exist_ok=True)
    folder.make_parts(data_folder)
    folder.make_keys(data_folder, entropy)
    secrecy.make_key("demo", entropy=entropy)
    return data_folder


def test_a_rotation_changes_what_seals_and_takes_no_key_away(house, entropy):
    write(house, "before.alaw", b"before")
    before = {path.name: path.read_bytes() for path in (house / "keys").iterdir()}
    made = keys.rotate(house, entropy)
    assert made[0] == "house demo: version 2"
    write(house, "after.alaw", b"after")
    assert opened(house, "before.alaw") == b"before"
    assert opened(house, "after.alaw") == b"after"
    after = {path.name: path.read_bytes() for path in (house / "keys").iterdir()}
    assert after.pop(spool.PUBLIC_KEY) != before.pop(spool.PUBLIC_KEY)
    assert before.items() < after.items()
    assert len(after) == len(before) + 2
    assert {path.stat().st_mode & 0o777 for path in (house / "keys").iterdir()} == {0o600}


def test_the_list_names_every_key_and_tells_none(house, entropy):
    keys.rotate(house, entropy)
    lines = keys.listed(house)
    assert lines[0] == "house demo: text and audio, versions 1, 2"
    assert sum("(in use)" in line for line in lines) == 1
    assert len(lines) == 3
    told = "\n".join(lines)
    assert all(path.read_bytes().hex() not in told for path in (house / "keys").glob("spool-*.key"))


def test_the_export_is_whole_and_the_owners_alone(house, tmp_path):
    target = tmp_path / "safe"
    count = keys.export(house, target)
    assert count == len(list((house / "keys").iterdir()))
    for path in target.iterdir():
        assert path.read_bytes() == (house / "keys" / path.name).read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
    assert target.stat().st_mode & 0o777 == 0o700


def test_no_export_over_other_files_or_into_the_house(house, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    for target in (tmp_path / "full", house / "copy"):
        with pytest.raises(keys.KeysRefused):
            keys.export(house, target)


def test_a_folder_without_a_house_is_refused(tmp_path):
    with pytest.raises(keys.KeysRefused):
        keys.main(["rotate", "--data", str(tmp_path / "nothing")])
