# SPDX-License-Identifier: AGPL-3.0-or-later
"""A practice taken out whole: one Bundle, written part by part, so that its size is no matter for the memory.

Who takes it out finds every patient that an appointment in it names: appointments come first, and nobody is deleted.
What changes while it is written may be told as it was before or after.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import orjson
from django.utils.translation import gettext as _

from permanence.agenda.operations.interface import note_export
from permanence.agenda.queries import interface
from permanence.api.fhir import gate, searches
from permanence.api.fhir import resources as fhir
from permanence.api.fhir.declared import EXPORT, EXPORT_DAYS
from permanence.api.fhir.outcome import Failure
from permanence.api.fhir.params import Params, moments, unfit
from permanence.api.fhir.resources import Resource
from permanence.api.fhir.searches import Asked
from permanence.callers import by_traits

MOST = 500_000
"""Entries of a Bundle."""
FEW = ("Practitioner", "PractitionerRole", "Location", "HealthcareService", "Schedule")
"""Types of which a practice has few."""


def export(params: Params, asked: Asked) -> Iterator[bytes]:
    """Note it, and give the Bundle in parts. Raises Failure: a span that cannot be read or is too wide, too much, too
    often.
    """
    since, before = _span(params, asked)
    gate.spare(asked.access)
    by, client = asked.access.by, asked.practice.client.id
    wanted = interface.how_many(by=by, client=client, since=since, before=before)
    if wanted + by_traits.how_many(house=by.house, client=client) > MOST:
        raise Failure(400, "too-costly", "too_wide", _("This asks for too much at once: choose fewer days."))
    note_export(token=asked.access.token, since=since, before=before, by=by, at=asked.at)
    return _bundle(_resources(asked, since, before), params.base, asked.at)


def _span(params: Params, asked: Asked) -> tuple[datetime, datetime]:
    start, end = EXPORT.names
    since, before = _bounds(params, start, asked)[0], _bounds(params, end, asked)[1]
    if not since < before <= since + timedelta(days=EXPORT_DAYS, hours=1):
        raise unfit(end)
    return since, before


def _bounds(params: Params, name: str, asked: Asked) -> tuple[datetime, datetime]:
    """What a day or a moment means, [from, until)."""
    text = params.one(name)
    if not text:
        raise Failure(400, "required", "span_missing", _("Say from when until when."), at=name)
    if not text[0].isdecimal():
        raise unfit(name)
    return moments(text, zone=asked.zone, at=name)[1:]


def _resources(asked: Asked, since: datetime, before: datetime) -> Iterator[Resource]:
    by, client = asked.access.by, asked.practice.client.id
    for kind in FEW:
        yield from searches.all_of(kind, asked)
    for visits in interface.every_appointment(by=by, client=client, since=since, before=before):
        for visit, resource in zip(visits, searches.visits(visits, asked), strict=True):
            yield resource
            if fhir.STATUS[visit.state] != "cancelled":
                yield fhir.slot_busy(visit)
                if visit.also:
                    yield fhir.slot_beside(visit)
    for blocks in interface.every_block(by=by, client=client, since=since, before=before):
        yield from map(fhir.slot_busy, blocks)
    for people in by_traits.everybody(house=by.house, client=client):
        yield from map(fhir.patient, people)


def _bundle(resources: Iterator[Resource], base: str, at: datetime) -> Iterator[bytes]:
    head = {"resourceType": "Bundle", "type": "collection", "timestamp": fhir.instant(at)}
    yield orjson.dumps(head)[:-1] + b',"entry":['
    comma = b""
    for each in resources:
        yield comma + orjson.dumps({"fullUrl": f"{base}/{each['resourceType']}/{each['id']}", "resource": each})
        comma = b","
    yield b"]}"
