# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a supervisor may open of the back office, and the clients she answers for; all the rest is the owner's.

Two walls stand one behind the other. `DOORS` are the only addresses of Django's site that open to her: a page that is
added is the owner's until it is written there. And each page asks what she may do on it: read, or write instructions,
days and absences, sites and the directory. What belongs to a client she does not answer for is not there, and the trail
keeps that she asked (`access.demand`).
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from permanence.clients.models import Client, PortalUser
from permanence.foundation.keys import row_key
from permanence.foundation.models import Person
from permanence.foundation.rules import Role
from permanence.foundation.who import Who, who

DOORS = frozenset(
    {
        "clients_client_change",
        "clients_client_said",
        "clients_instruction_add",
        "clients_instruction_change",
        "clients_instruction_changelist",
        "clients_instruction_delete",
        "clients_instruction_history",
        "foundation_person_change",
        "foundation_person_changelist",
        "jsi18n",
        "script",
        "scripts",
    }
)
"""By their names in Django's site."""
SAFE = frozenset({"GET", "HEAD"})
HER_PARTS = frozenset({"days", "directory"})
"""The parts of a client's page that she writes too: who is ill telephones the house, or who has a new number."""


def may_enter(request: HttpRequest) -> bool:
    """Whether this address of the back office opens: to an owner each, to a supervisor those of `DOORS`."""
    person, match = request.user, request.resolver_match
    if isinstance(person, Person) and person.is_active and person.is_owner:
        return True
    return is_supervisor(request) and match is not None and match.url_name in DOORS


def is_supervisor(request: HttpRequest) -> bool:
    """Whether who asks supervises the house."""
    person = request.user
    return isinstance(person, Person) and person.is_active and person.is_supervisor


def writes_part(request: HttpRequest) -> bool:
    """Whether a supervisor asks for a part of a client's page that is hers to change."""
    match = request.resolver_match
    on_client = match is not None and match.url_name == "clients_client_change"
    return on_client and is_supervisor(request) and request.GET.get("part", "") in HER_PARTS


def reads(request: HttpRequest) -> bool:
    """Whether who asks is shown what an owner writes, and changes nothing of it."""
    return Role.OWNER not in who(request).roles and not writes_part(request)


def looks(request: HttpRequest) -> bool:
    """Whether she is no owner and only looks, so that she is shown the very form an owner fills in."""
    return reads(request) and request.method in SAFE


def owner_writes(request: HttpRequest) -> None:
    """Lets pass who looks, an owner who writes, and who writes what is hers. Raises PermissionDenied."""
    if reads(request) and request.method not in SAFE:
        raise PermissionDenied("this is the owner's to change")


def hers(by: Who, rows: QuerySet[Any], field: str) -> QuerySet[Any]:
    """Of these rows those of the clients she answers for; `field` leads to the client's key."""
    return rows if by.clients is None else rows.filter(**{f"{field}__in": by.clients})


def offered(by: Who, model: type[Any]) -> QuerySet[Any]:
    """The rows of the house that a form may offer her: of its clients and persons those that concern her."""
    rows: QuerySet[Any] = model._default_manager.filter(house=by.house_key)
    if model is Client:
        return hers(by, rows, "pk")
    return persons(by, rows) if model is Person else rows


def persons(by: Who, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Of these persons those who work in the house, and those who read for the clients she answers for."""
    if by.clients is None:
        return rows
    reader = PortalUser.objects.filter(person=OuterRef("pk"), client__in=[row_key(each) for each in by.clients])
    return rows.filter(Q(is_secretary=True) | Q(is_supervisor=True) | Q(is_owner=True) | Q(Exists(reader)))
