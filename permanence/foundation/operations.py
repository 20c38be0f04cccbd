# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts of the common ground: open a house, make persons, give passwords."""

from datetime import datetime
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from permanence.foundation import audit, outbox
from permanence.foundation.events import HouseChanged, PersonChanged
from permanence.foundation.models import House, Language, Person
from permanence.foundation.rules import DEMONSTRATION_PASSWORD, Role
from permanence.foundation.who import Who, system_of
from permanence.kernel.refusals import Refusal


class HouseExists(Refusal):
    """A house of that short name is there already."""

    code = "house_exists"


class EmailTaken(Refusal):
    """Another person signs in with that e-mail."""

    code = "email_taken"


class EmailMalformed(Refusal):
    """That is not an e-mail address."""

    code = "email_malformed"


class PasswordWeak(Refusal):
    """The password is too short, too common, or like the person's name; `why` says which."""

    code = "password_weak"


class PersonUnknown(Refusal):
    """No such person in this house."""

    code = "person_unknown"


class LanguageUnknown(Refusal):
    """The screens do not speak that language."""

    code = "language_unknown"


class OwnerSeesAll(Refusal):
    """An owner answers for all clients of the house."""

    code = "owner_sees_all"


class LastOwner(Refusal):
    """The house must keep an owner who may sign in: nobody could open the back office any more."""

    code = "last_owner"


@transaction.atomic
def open_house(
    *, slug: str, name: str, language: str, country: str, time_zone: str, at: datetime, demonstration: bool = False
) -> Who:
    """Make a house; gives the system acting in it, for the first acts. Raises HouseExists."""
    if House.objects.filter(slug=slug).exists():
        raise HouseExists(slug)
    house = House.objects.create(
        slug=slug, name=name, language=language, country=country, time_zone=time_zone, demonstration=demonstration
    )
    system = system_of(house)
    audit.note(by=system, at=at, action="house.opened", subject=f"foundation.house:{house.pk}")
    return system


def house_system(*, house: str) -> Who:
    """The system itself acting in a house. Raises House.DoesNotExist."""
    return system_of(House.objects.get(slug=house))


@transaction.atomic
def add_person(
    *, email: str, name: str, language: str, roles: frozenset[Role], by: Who, at: datetime, password: str | None = None
) -> str:
    """Make a person of `by`'s house; gives her id. Without a password she cannot sign in yet.

    Raises EmailMalformed, EmailTaken, PasswordWeak.
    """
    login = email.strip().lower()
    try:
        validate_email(login)
    except ValidationError as error:
        raise EmailMalformed(email) from error
    if Person.objects.filter(email=login).exists():
        raise EmailTaken(login)
    person = Person(house_id=by.house_key, email=login, name=name.strip(), language=language, **_marks(roles))
    set_password(person, password)
    person.save()
    detail = {"name": person.name, "email": login, "roles": sorted(roles)}
    audit.note(by=by, at=at, action="person.added", subject=f"foundation.person:{person.pk}", detail=detail)
    return str(person.pk)


@transaction.atomic
def give_password(*, person: str, password: str, by: Who, at: datetime) -> None:
    """Give a person of `by`'s house a password; her sessions end. Raises PersonUnknown, PasswordWeak."""
    row = person_of(person, by=by)
    set_password(row, password)
    row.save(update_fields=["password"])
    audit.note(by=by, at=at, action="person.password_given", subject=f"foundation.person:{row.pk}")


@transaction.atomic
def change_person(*, person: str, email: str, name: str, language: str, active: bool, by: Who, at: datetime) -> None:
    """Change a person's register entry. Raises PersonUnknown, EmailTaken, LastOwner."""
    row = person_of(person, by=by)
    login = email.strip().lower()
    if Person.objects.filter(email=login).exclude(pk=row.pk).exists():
        raise EmailTaken(login)
    if row.is_owner and not active:
        _keep_an_owner(row)
    new = {"email": login, "name": name.strip(), "language": language, "is_active": active}
    detail = {field: value for field, value in new.items() if getattr(row, field) != value}
    for field, value in new.items():
        setattr(row, field, value)
    row.save(update_fields=list(new))
    audit.note(by=by, at=at, action="person.changed", subject=f"foundation.person:{row.pk}", detail=detail)
    outbox.announce(PersonChanged(house=by.house, at=at, person=person))


@transaction.atomic
def choose_clients(*, person: str, clients: tuple[str, ...] | None, by: Who, at: datetime) -> None:
    """The only clients she answers for, None for all. Asked of the room of the clients, which knows whether they are.

    Raises PersonUnknown, OwnerSeesAll.
    """
    row = person_of(person, by=by)
    chosen = None if clients is None else sorted(set(clients), key=int)
    if row.is_owner and chosen is not None:
        raise OwnerSeesAll(person)
    if row.only_clients == chosen:
        return
    row.only_clients = chosen
    row.save(update_fields=["only_clients"])
    detail = {"clients": chosen}
    audit.note(by=by, at=at, action="person.clients_chosen", subject=f"foundation.person:{row.pk}", detail=detail)
    outbox.announce(PersonChanged(house=by.house, at=at, person=person))


@transaction.atomic
def choose_language(*, language: str, by: Who, at: datetime) -> None:
    """The language in which `by` works; the same again changes nothing. Raises PersonUnknown, LanguageUnknown."""
    if language not in Language.values:
        raise LanguageUnknown(language[:8])
    row = person_of(by.person, by=by)
    if row.language == language:
        return
    row.language = language
    row.save(update_fields=["language"])
    detail = {"language": language}
    audit.note(by=by, at=at, action="person.changed", subject=f"foundation.person:{row.pk}", detail=detail)
    outbox.announce(PersonChanged(house=by.house, at=at, person=by.person))


@transaction.atomic
def change_house(*, name: str, language: str, country: str, time_zone: str, by: Who, at: datetime) -> None:
    """Change what `by`'s house is called and where it is."""
    new = {"name": name, "language": language, "country": country, "time_zone": time_zone}
    House.objects.filter(pk=by.house_key).update(**new)
    audit.note(by=by, at=at, action="house.changed", subject=f"foundation.house:{by.house_key}", detail=new)
    outbox.announce(HouseChanged(house=by.house, at=at))


@transaction.atomic
def grant(*, person: str, role: Role, by: Who, at: datetime, held: bool = True) -> None:
    """Give (or, with `held=False`, take) a role. Raises PersonUnknown, LastOwner."""
    row = person_of(person, by=by)
    field = f"is_{role.value}"
    if getattr(row, field) == held:
        return
    if role is Role.OWNER and not held:
        _keep_an_owner(row)
    setattr(row, field, held)
    row.save(update_fields=[field])
    action = "person.role_granted" if held else "person.role_taken"
    audit.note(by=by, at=at, action=action, subject=f"foundation.person:{row.pk}", detail={"role": role.value})


def person_of(person: str, *, by: Who) -> Person:
    """The row of a person of `by`'s house, locked. Inside a transaction. Raises PersonUnknown."""
    row = Person.objects.select_for_update().filter(house_id=by.house_key, pk=int(person)).first()
    if row is None:
        raise PersonUnknown(person)
    return row


def _keep_an_owner(leaving: Person) -> None:
    owners = Person.objects.owners_who_sign_in(leaving.house_id)
    if not owners.exclude(pk=leaving.pk).exists():
        raise LastOwner(str(leaving.pk))


def _marks(roles: frozenset[Role]) -> dict[str, Any]:
    return {f"is_{role.value}": role in roles for role in Role}


def set_password(person: Person, password: str | None) -> None:
    """Put a password on the row, unsaved. Raises PasswordWeak.

    The documented password is for the demonstration house alone; every other one must pass the validators.
    """
    if password is None:
        person.set_unusable_password()
        return
    if not (password == DEMONSTRATION_PASSWORD and person.house.demonstration):
        try:
            validate_password(password, person)
        except ValidationError as error:
            raise PasswordWeak(" ".join(error.messages)) from error
    person.set_password(password)
