# SPDX-License-Identifier: AGPL-3.0-or-later
"""The settings of a real house behind a public name, read in a process of their own as web does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

QUESTION = """
import json
from permanence.project import settings as s
names = ["DEBUG", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_SAMESITE", "SECURE_HSTS_SECONDS",
    "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "PASSWORD_HASHERS", "PERMANENCE_DEMO_LOGINS", "DEMONSTRATION",
    "X_FRAME_OPTIONS", "SECURE_CSP"]
print(json.dumps({name: getattr(s, name) for name in names}, default=str))
"""


def settings_of(data: Path, **environment: str) -> dict:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PERMANENCE_")}
    found = subprocess.run(
        [sys.executable, "-c", QUESTION],
        env={**kept, "PERMANENCE_DATA": str(data), "DEBUG": "1", "DJANGO_DEBUG": "1", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(found.stdout)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict:
    return settings_of(tmp_path_factory.mktemp("house"), PERMANENCE_PUBLIC_HOST="phone.house.example")


def test_a_public_house_sends_its_cookies_over_tls_alone(real):
    assert real["SESSION_COOKIE_SECURE"] is True
    assert real["CSRF_COOKIE_SECURE"] is True
    assert real["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert real["SECURE_HSTS_SECONDS"] >= 180 * 24 * 3600


def test_it_answers_to_its_own_name_and_trusts_no_other_origin(real):
    assert "*" not in real["ALLOWED_HOSTS"]
    assert "phone.house.example" in real["ALLOWED_HOSTS"]
    assert real["CSRF_TRUSTED_ORIGINS"] == ["https://phone.house.example"]
    assert "wss://phone.house.example" in str(real["SECURE_CSP"]["connect-src"])


def test_it_shows_no_fault_and_no_demonstration(real):
    assert real["DEBUG"] is False
    assert real["DEMONSTRATION"] is False
    assert real["PERMANENCE_DEMO_LOGINS"] == []
    assert real["X_FRAME_OPTIONS"] == "DENY"


def test_passwords_are_kept_by_argon2(real):
    assert real["PASSWORD_HASHERS"] == ["django.contrib.auth.hashers.Argon2PasswordHasher"]
