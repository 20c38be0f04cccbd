# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of `./run`: what it knows, what it does not, and refusals as sentences."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from permanence.project import cli
from permanence.project.supervisor import greeting, start

CLONE = Path(__file__).resolve().parents[2]


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-P", "-m", "permanence.project.cli", *arguments],
        env={**os.environ, "PYTHONPATH": str(CLONE), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_word_of_the_help_has_its_module(name):
    module = importlib.import_module(cli.COMMANDS[name].module)
    assert callable(module.main)


def test_a_word_that_it_does_not_know_is_answered_with_those_it_knows():
    result = run("fly")
    assert result.returncode == 2
    assert "'fly'" in result.stderr
    assert "./run phone NUMBER" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("phone", "12"), "not a number with its country"),
        (("phone", "+353209100101"), "No house is running"),
        (("doctor",), "There is no house"),
        (("--listen", "0.0.0.0"), "one address of this machine"),
        (("--listen", "192.0.2.7"), "./run --empty DIR"),
        (("--empty", "nowhere", "--listen", "192.0.2.7"), "permanence.toml"),
        (("restore", "nowhere", "--data", "nowhere"), "not a copy"),
    ],
)
def test_a_refusal_is_one_sentence_without_a_traceback(tmp_path, arguments, sentence):
    told = (
        (*arguments, "--data", str(tmp_path / "none"))
        if arguments[0] in {"phone", "doctor"} or arguments == ("--listen", "192.0.2.7")
        else arguments
    )
    result = run(*told)
    assert result.returncode == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("name", ["WEB_HOST", "SIP_HOST", "PUBLIC_HOST"])
def test_the_demonstration_never_listens_outside_this_machine(tmp_path, name):
    result = run("--data", str(tmp_path / "demo"), **{f"PERMANENCE_{name}": "192.0.2.1"})
    assert result.returncode == 1
    assert "this machine only" in result.stderr
    assert not (tmp_path / "demo").exists()


def test_listening_opens_the_site_the_line_and_the_audio_but_not_the_telephone(tmp_path):
    found = start.demonstration_configuration(tmp_path, {}, "192.0.2.7")
    assert (found.web_host, found.line_host, found.media_hosts) == ("192.0.2.7", "192.0.2.7", ("192.0.2.7",))
    assert (found.sip_host, found.demonstration) == ("127.0.0.1", True)
    behind = start.demonstration_configuration(tmp_path, {"PERMANENCE_PUBLIC_HOST": "demo.example"}, "192.0.2.7")
    assert (behind.web_host, behind.media_hosts) == ("127.0.0.1", ("192.0.2.7",))
    text = "\n".join(greeting.words(found, ()))
    assert "claire@permanence.example  Claire" in text
    assert "/demo/mail" not in text


def test_a_real_house_needs_its_owner_and_a_place_outside_the_clone(tmp_path):
    assert "--owner-email" in run("--empty", str(tmp_path / "house")).stderr
    assert "inside the program" in run("--empty", str(CLONE / "var" / "house")).stderr


def test_empty_explains_itself_and_asks_for_a_folder():
    told = run("--empty", "--help")
    assert (told.returncode, "--owner-email" in told.stdout) == (0, True)
    asked = run("--empty")
    assert asked.returncode == 1
    assert "./run --empty DIR" in asked.stderr
