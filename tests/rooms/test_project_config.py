# SPDX-License-Identifier: AGPL-3.0-or-later
"""The settings of a house: file, environment, refusals in words, and the page that documents them."""

from dataclasses import fields
from pathlib import Path

import pytest

from permanence.project import config
from permanence.project.supervisor import owner

CLONE = Path(__file__).resolve().parents[2]
DATA = Path("/srv/house")


def read(file=None, **environment):
    return config.configuration(DATA, file=file or {}, environment=environment)


def test_defaults_listen_on_this_machine_only():
    found = read()
    assert {found.web_host, found.line_host, *found.sip_hosts, *found.media_hosts} == {"127.0.0.1"}
    assert (found.web_port, found.line_port, found.sip_port, found.media_port) == (8000, 8001, 5060, 5080)
    assert found.media_rtp == (10000, 10999)
    assert found.run == DATA / "run"


def test_the_environment_wins_over_the_file():
    found = read({"web": {"port": 9000}, "sip": {"port": 5070}}, PERMANENCE_WEB_PORT="9100")
    assert (found.web_port, found.sip_port) == (9100, 5070)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ({"web": {"prot": 1}}, "web.prot: there is no such setting"),
        ({"web": {"port": 70000}}, "web.port: expected a port between 1 and 65535, found 70000"),
        ({"web": {"port": True}}, "a port between"),
        ({"web": 8000}, "web is not a table"),
        ({"media": {"rtp": "10999-10000"}}, "two ports, as in 10000-10999"),
        ({"public": {"address": "example.org"}}, "an IPv4 or IPv6 address"),
        ({"mail": {"security": "ssl"}}, "none, starttls or tls"),
        ({"house": {"name": "My House"}}, "lower case letters"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_expected(file, words):
    with pytest.raises(config.ConfigurationRefused, match=words):
        read(file)


def test_a_child_process_reads_what_its_parent_knew():
    parent = read(
        {
            "house": {"name": "atlas", "demonstration": True},
            "media": {"hosts": ["127.0.0.1", "::1"], "rtp": "12000-12099"},
            "sip": {"hosts": ["127.0.0.1", "::1"]},
        },
        PERMANENCE_MAIL_PASSWORD="s=cr,t",
    ).changed(run=Path("/tmp/p"), web_fd=7)
    assert config.configuration(DATA, file={"web": {"port": 1234}}, environment=parent.environment()) == parent


def test_sip_listens_on_one_address_or_on_several():
    assert read({"sip": {"host": "192.0.2.1"}}).sip_hosts == ("192.0.2.1",)
    assert read({"sip": {"hosts": ["0.0.0.0", "::"]}}).sip_hosts == ("0.0.0.0", "::")
    assert read({"sip": {"hosts": ["0.0.0.0", "::"]}}, PERMANENCE_SIP_HOST="127.0.0.1").sip_hosts == ("127.0.0.1",)
    assert read(PERMANENCE_SIP_HOST="127.0.0.1", PERMANENCE_SIP_HOSTS="192.0.2.1,::1").sip_hosts == ("192.0.2.1", "::1")
    with pytest.raises(config.ConfigurationRefused, match=r"sip\.hosts: expected an IPv4 or IPv6 address"):
        read({"sip": {"hosts": ["sip.example"]}})


def test_a_new_house_listens_on_both_families(tmp_path):
    owner.first_settings(tmp_path)
    found = config.configuration(tmp_path, file=config.read_file(tmp_path), environment={})
    assert found.sip_hosts == found.media_hosts == ("0.0.0.0", "::")


def test_every_field_but_the_folders_is_a_setting():
    settable = {setting.field for setting in config.SETTINGS.values()}
    assert settable == {field.name for field in fields(config.Configuration)} - {"data", "run", "web_fd"}


def test_the_page_documents_every_setting_and_no_other():
    page = (CLONE / "docs" / "configuration.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:4] for line in page.splitlines() if line.startswith("| `") and "PERMANENCE_" in line]
    documented = {key.strip(" `"): name.strip(" `") for key, name, _ in rows}
    assert documented == {key: config.variable(key) for key in config.SETTINGS}


def test_the_origins_of_a_house_on_loopback_and_of_a_public_one():
    assert read().origins == ("http://127.0.0.1:8000", "http://[::1]:8000", "http://localhost:8000")
    public = read({"public": {"host": "house.example"}})
    assert public.origins == ("https://house.example",)
    assert (public.web_url, public.line_url) == ("https://house.example", "wss://house.example/line")


def test_a_long_data_folder_keeps_its_sockets_elsewhere():
    assert config.run_folder(DATA, fallback=Path("/tmp/x")) == DATA / "run"
    deep = Path("/srv") / ("d" * 90)
    assert config.run_folder(deep, fallback=Path("/tmp/x")) == Path("/tmp/x")


def test_a_process_needs_its_data_folder_named():
    with pytest.raises(config.ConfigurationRefused, match="PERMANENCE_DATA"):
        config.read_configuration({})


def test_the_file_of_the_folder_is_read_and_a_broken_one_is_named(tmp_path):
    (tmp_path / config.FILE_NAME).write_text("[web]\nport = 8123\n", encoding="utf-8")
    assert config.read_configuration({"PERMANENCE_DATA": str(tmp_path)}).web_port == 8123
    (tmp_path / config.FILE_NAME).write_text("[web\n", encoding="utf-8")
    with pytest.raises(config.ConfigurationRefused, match=r"permanence\.toml"):
        config.read_configuration({"PERMANENCE_DATA": str(tmp_path)})
