# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing in: the browser's language, each person's own screen, no way out of the site, the microphone's address."""

from typing import Any

import pytest
from django.test import Client

from permanence.foundation import operations, who
from permanence.foundation.login import landing, microphone_works
from permanence.foundation.models import House
from permanence.foundation.rules import Role
from permanence.kernel.system import SystemClock

EMAIL, PASSWORD = "nora@house.example", "a long enough pass phrase"


@pytest.fixture
def nora(db: None) -> str:
    at = SystemClock().now()
    operations.open_house(slug="house", name="House", language="fr", country="LU", time_zone="Europe/Luxembourg", at=at)
    return operations.add_person(
        email=EMAIL,
        name="Nora",
        language="en",
        roles=frozenset({Role.OWNER, Role.SUPERVISOR}),
        password=PASSWORD,
        by=who.system_of(House.objects.get()),
        at=at,
    )


@pytest.mark.parametrize(
    ("host", "secure", "works"),
    [
        ("localhost:8000", False, True),
        ("127.0.0.1:8000", False, True),
        ("[::1]:8000", False, True),
        ("house.localhost", False, True),
        ("192.168.1.20:8000", False, False),
        ("permanence.example", False, False),
        ("permanence.example", True, True),
        ("127.0.0.1.example", False, False),
    ],
)
def test_where_a_browser_gives_the_microphone(host: str, secure: bool, works: bool) -> None:
    assert microphone_works(secure=secure, host=host) is works


@pytest.mark.parametrize(
    ("roles", "path"),
    [
        ({Role.SECRETARY}, "/console"),
        ({Role.SECRETARY, Role.SUPERVISOR}, "/console"),
        ({Role.SUPERVISOR}, "/supervision/calls"),
        ({Role.OWNER}, "/backstage/"),
        ({Role.OWNER, Role.SUPERVISOR}, "/supervision/calls"),
        ({Role.PORTAL_USER}, "/portal"),
        (set(), "/login"),
    ],
)
def test_where_the_day_of_each_begins(roles: set[Role], path: str) -> None:
    assert landing(frozenset(roles)) == path


@pytest.mark.parametrize(
    ("language", "title"), [("fr-LU,fr;q=0.9", "Se connecter"), ("en-IE", "Sign in"), ("de", "Anmelden")]
)
def test_the_page_speaks_the_browsers_language(nora: str, client: Client, language: str, title: str) -> None:
    answer = client.get("/login", headers={"accept-language": language})
    assert f"<h1>{title}</h1>" in answer.content.decode()


def test_a_good_password_leads_to_her_own_screen_in_her_language(nora: str, client: Client) -> None:
    answer = client.post("/login", {"username": EMAIL.upper(), "password": PASSWORD})
    assert (answer.status_code, answer["location"]) == (302, "/supervision/calls")
    assert client.cookies["django_language"].value == "en"
    assert client.get("/")["location"] == "/supervision/calls"


def test_back_in_the_browser_does_not_ask_who_is_signed_in_to_sign_in(nora: str, client: Client) -> None:
    client.post("/login", {"username": EMAIL, "password": PASSWORD})
    assert client.get("/login")["location"] == "/supervision/calls"
    # Sent here from a page that is not hers, she may sign in as somebody else.
    assert client.get("/login?next=/console").status_code == 200
    client.post("/logout")
    assert client.get("/login").status_code == 200


def test_a_language_chosen_in_the_menu_goes_with_her_to_the_next_machine(nora: str, client: Client) -> None:
    client.post("/login", {"username": EMAIL, "password": PASSWORD})
    answer = client.post("/language", {"language": "de", "next": "/supervision/calls"})
    assert answer["location"] == "/supervision/calls"
    assert client.cookies["django_language"].value == "de"
    elsewhere = Client()
    elsewhere.cookies["django_language"] = "fr"  # left there by somebody else
    elsewhere.post("/login", {"username": EMAIL, "password": PASSWORD})
    assert elsewhere.cookies["django_language"].value == "de"
    elsewhere.post("/language", {"language": "tlh", "next": "/"})
    assert elsewhere.cookies["django_language"].value == "de"


def test_a_language_chosen_on_the_sign_in_page_is_hers(nora: str, client: Client) -> None:
    client.post("/language", {"language": "fr", "next": "/login"})
    client.post("/login", {"username": EMAIL, "password": PASSWORD})
    assert client.cookies["django_language"].value == "fr"
    assert client.cookies["language_chosen"].value == ""
    elsewhere = Client()
    elsewhere.post("/login", {"username": EMAIL, "password": PASSWORD})
    assert elsewhere.cookies["django_language"].value == "fr"


@pytest.mark.parametrize("password", ["", "wrong", "x" * 5000])
def test_a_bad_password_is_refused_in_words_and_keeps_the_name(nora: str, client: Client, password: str) -> None:
    answer = client.post("/login", {"username": EMAIL, "password": password}, headers={"accept-language": "en"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'value="{EMAIL}"' in page
    assert password == "" or password not in page
    assert client.get("/").headers["location"] == "/login"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_nobody_is_led_out_of_the_site(nora: str, client: Client, elsewhere: str) -> None:
    answer = client.post("/login", {"username": EMAIL, "password": PASSWORD, "next": elsewhere})
    assert answer["location"] == "/supervision/calls"
    assert client.post("/theme", {"theme": "dark", "next": elsewhere})["location"] == "/"


def test_an_insecure_address_says_where_the_microphone_works(nora: str, client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["192.168.1.20"]
    settings.PERMANENCE_WEB_URL = "https://permanence.example"
    page = client.get("/login", headers={"host": "192.168.1.20:8000"}).content.decode()
    assert 'href="https://permanence.example"' in page


def test_a_real_house_shows_no_login(nora: str, client: Client, settings: Any) -> None:
    settings.PERMANENCE_DEMO_LOGINS = ()
    assert "door__logins" not in client.get("/login").content.decode()


def test_signing_out_ends_the_session_and_get_does_nothing(nora: str, client: Client) -> None:
    client.post("/login", {"username": EMAIL, "password": PASSWORD})
    assert client.get("/logout").status_code == 405
    assert client.get("/")["location"] == "/supervision/calls"
    assert client.post("/logout")["location"] == "/login?out=1"
    assert client.get("/")["location"] == "/login"


def test_the_theme_is_a_cookie_and_the_system_again_when_unset(nora: str, client: Client) -> None:
    assert 'media="(prefers-color-scheme: dark)"' in client.get("/login").content.decode()
    client.post("/theme", {"theme": "dark", "next": "/login"})
    page = client.get("/login").content.decode()
    assert "tokens-dark.css" in page
    assert "prefers-color-scheme" not in page
    client.post("/theme", {"theme": "light", "next": "/login"})
    assert "tokens-dark.css" not in client.get("/login").content.decode()
    client.post("/theme", {"theme": "auto", "next": "/login"})
    assert "prefers-color-scheme" in client.get("/login").content.decode()


def test_no_page_carries_inline_script_or_style(nora: str, client: Client) -> None:
    answer = client.get("/login")
    page = answer.content.decode()
    assert " style=" not in page
    assert "<script" not in page
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert client.get("/nothing-here").status_code in {302, 404}
