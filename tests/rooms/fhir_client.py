# SPDX-License-Identifier: AGPL-3.0-or-later
"""A system that speaks FHIR with the house, as the tests have one: every answer is checked against the definitions.

Twice: those of R4 (4.0.1) by `fhir_definitions`, and the models of `fhir.resources`, which are those of R4B (4.3.0) and
read dates and ids more strictly.
"""

import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.test import Client as Browser
from fhir.resources.R4B import get_fhir_model_class

from permanence.agenda.operations.interface import make_token
from permanence.api.fhir import gate
from tests.rooms.conftest import SeededEntropy
from tests.rooms.fhir_definitions import faults
from tests.rooms.messaging_cast import NOON

NUMBER = [0]


class FixedClock:
    """The moment of the tests; a second of `monotonic` is taken by hand."""

    def __init__(self, at=NOON):
        self.at = at
        self.seconds = 0.0

    def now(self):
        return self.at

    def monotonic(self):
        return self.seconds


def token_for(client, *, by, scopes=("read", "book"), days=30, at=NOON):
    NUMBER[0] += 1
    return make_token(
        client=client, system="Cabinet web", scopes=scopes, days=days, by=by, at=at, entropy=SeededEntropy(NUMBER[0])
    )


class Answer:
    """What came back, valid against the definition of its type."""

    def __init__(self, response):
        self.response = response
        self.status = response.status_code
        self.body = json.loads(response.content)
        valid(self.body)

    def __getitem__(self, name):
        return self.body[name]

    @property
    def resources(self):
        return [each["resource"] for each in self.body.get("entry", ()) if each["search"]["mode"] == "match"]

    @property
    def codes(self):
        return [each["details"]["coding"][0]["code"] for each in self.body["issue"]]

    @property
    def said(self):
        return [each["details"]["text"] for each in self.body["issue"]]

    def link(self, relation):
        return next((each["url"] for each in self.body["link"] if each["relation"] == relation), None)


def valid(resource):
    """Raises where it is no resource of its type, or a code is none of those its element requires."""
    assert faults(resource) == []
    model = get_fhir_model_class(resource["resourceType"])
    read = model.model_validate(resource)
    assert json.loads(read.model_dump_json()) == resource
    required(model, resource)


def required(model, resource):
    for name, each in model.model_fields.items():
        extra = each.json_schema_extra or {}
        values = extra.get("enum_values")
        key = each.alias or name
        if values and key in resource:
            found = resource[key] if isinstance(resource[key], list) else [resource[key]]
            assert set(found) <= set(values), (resource["resourceType"], key, resource[key])


class System:
    """It sends its token with everything."""

    def __init__(self, token="", language="en"):
        self.browser = Browser(raise_request_exception=True)
        self.headers = {"Accept-Language": language} | ({"Authorization": f"Bearer {token}"} if token else {})

    def get(self, path, **headers):
        parts = urlsplit(path)
        path = f"/fhir/{path}" if not parts.scheme else f"{parts.path}?{parts.query}"
        return Answer(self.browser.get(path, headers=self.headers | headers))

    def send(self, method, path, body, content_type="application/fhir+json", **headers):
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        path = f"/fhir/{path}"
        return Answer(self.browser.generic(method, path, data, content_type, headers=self.headers | headers))

    def post(self, path, body, **headers):
        return self.send("POST", path, body, **headers)

    def put(self, path, body, **headers):
        return self.send("PUT", path, body, **headers)


def fixed(monkeypatch, at=NOON):
    """The door at a moment, with no request counted yet."""
    clock = FixedClock(at)
    # The views first: read for the first time afterwards, they would keep this clock for good.
    monkeypatch.setattr("permanence.api.fhir.views.CLOCK", clock)
    monkeypatch.setattr(gate, "CLOCK", clock)
    monkeypatch.setattr(gate, "REQUESTS", gate.Rate(gate.A_MINUTE, clock))
    monkeypatch.setattr(gate, "WRONG", gate.Rate(gate.WRONG_A_MINUTE, clock))
    return clock


def stamp(at):
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parsed(text):
    return datetime.fromisoformat(text)
