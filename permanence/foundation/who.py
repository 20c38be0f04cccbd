# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who asks: the person behind a request or an operation (`by=`), and the doors her roles open.

A view is guarded by one decorator: `secretary_only`, `supervisor_only`, `owner_only`, `portal_only`, `house_only` (any
of the first three) or `roles_only(...)`. An anonymous person is sent to the sign-in page, a signed-in one without the
role gets 403.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from permanence.foundation.models import House, Person
from permanence.foundation.rules import HOUSE_ROLES, Role

SYSTEM_NAME = "Permanence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """The one who acts. `person` is the decimal primary key, "" for the system itself; `house` the slug.

    `house_key` is the primary key of the house, for the rows an operation writes. `clients`: the ids of the only ones
    she answers for, None for all of the house. `approved_by`: the name of the second person who approved the act, ""
    where none was asked; the audit trail keeps both.
    """

    person: str
    name: str
    house: str
    house_key: int
    language: str
    roles: frozenset[Role]
    clients: frozenset[str] | None = None
    approved_by: str = ""

    def may_see(self, client: str | None) -> bool:
        """Whether what belongs to this client concerns her; None: to no client, as a call on a line nobody has.

        For the staff of a house. A portal user's own clients are asked of the room of the clients.
        """
        return self.clients is None or client in self.clients

    @property
    def person_key(self) -> int | None:
        """The primary key of the person, None for the system."""
        return int(self.person) if self.person else None

    @property
    def of_house(self) -> bool:
        """Whether she works in the house (secretary, supervisor, owner), so that all its clients concern her."""
        return bool(self.roles & HOUSE_ROLES)


def who_is(person: Person) -> Who:
    """The person as `by=` of operations. One query when her house is not loaded yet."""
    return Who(
        person=str(person.pk),
        name=person.name,
        house=person.house.slug,
        house_key=person.house_id,
        language=person.language,
        roles=person.roles,
        clients=person.clients,
    )


def system_of(house: House) -> Who:
    """The system itself acting in a house (worker, loaders): no person, no role."""
    return Who(
        person="",
        name=SYSTEM_NAME,
        house=house.slug,
        house_key=house.pk,
        language=house.language,
        roles=frozenset(),
    )


def who(request: HttpRequest) -> Who:
    """The signed-in person of a request. Raises PermissionDenied when nobody is signed in."""
    person = request.user
    if not isinstance(person, Person) or not person.is_active:
        raise PermissionDenied("nobody is signed in")
    return who_is(person)


type View[**P] = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def roles_only[**P](*roles: Role) -> Callable[[View[P]], View[P]]:
    """Opens a view to the signed-in persons who hold at least one of `roles`."""
    wanted = frozenset(roles)

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not who(request).roles & wanted:
                raise PermissionDenied(f"needs one of: {', '.join(sorted(wanted))}")
            return view(request, *args, **kwargs)

        return guarded

    return guard


secretary_only = roles_only(Role.SECRETARY)
supervisor_only = roles_only(Role.SUPERVISOR, Role.OWNER)
owner_only = roles_only(Role.OWNER)
portal_only = roles_only(Role.PORTAL_USER)
house_only = roles_only(*HOUSE_ROLES)
