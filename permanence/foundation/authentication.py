# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may sign in: a person by e-mail and password; the demonstration's password opens nothing in a real house."""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from permanence.foundation.models import Person
from permanence.foundation.rules import DEMONSTRATION_PASSWORD


class PersonBackend(ModelBackend):
    """Django's own check, except that the documented password of the demonstration is refused in a real house."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Person | None:
        """The person, or None when e-mail and password do not go together or she may not sign in."""
        if password == DEMONSTRATION_PASSWORD and not settings.DEMONSTRATION:
            return None
        found = super().authenticate(request, username=username, password=password, **kwargs)
        return found if isinstance(found, Person) else None

    def get_user(self, user_id: int) -> Person | None:
        """The person of a session, her house with her, for every page asks whose house it is. One query."""
        person = Person.objects.select_related("house").filter(pk=user_id).first()
        return person if person is not None and self.user_can_authenticate(person) else None
