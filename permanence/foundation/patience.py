# SPDX-License-Identifier: AGPL-3.0-or-later
"""How many passwords may be tried: rows with moments, counted per account and per address, in every process alike."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from permanence.foundation import rules
from permanence.foundation.models import WrongPassword

KEPT = timedelta(days=1)


def allowed_at(*, username: str, address: str, at: datetime) -> datetime | None:
    """The moment from which this account may be tried from this address; None: now. Two queries."""
    recent = WrongPassword.objects.filter(at__gt=at - rules.WRONG_PASSWORDS_COUNT_FOR).order_by("at")
    of_account = _moments(recent.filter(username=_key(username)))
    of_address = _moments(recent.filter(address=address))
    waits = [
        rules.sign_in_allowed_at(of_account, free=rules.WRONG_PASSWORDS_OF_AN_ACCOUNT),
        rules.sign_in_allowed_at(of_address, free=rules.WRONG_PASSWORDS_OF_AN_ADDRESS),
    ]
    latest = max((each for each in waits if each is not None), default=None)
    return latest if latest is not None and latest > at else None


def begin(*, username: str, address: str, at: datetime) -> int:
    """Counts a try before its password is looked at, so that many at once count too; gives its key for `forgive`."""
    WrongPassword.objects.filter(at__lt=at - KEPT).delete()
    return WrongPassword.objects.create(username=_key(username), address=address, at=at).pk


def forgive(*, username: str, tried: int) -> None:
    """The password was right: the account's wrong ones are forgotten, and so is this try; the address's others stay."""
    WrongPassword.objects.filter(username=_key(username)).delete()
    WrongPassword.objects.filter(pk=tried).delete()


def _key(username: str) -> str:
    return username.strip().lower()


def _moments(rows: QuerySet[WrongPassword]) -> list[datetime]:
    return list(rows.values_list("at", flat=True))
