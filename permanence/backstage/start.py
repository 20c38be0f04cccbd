# SPDX-License-Identifier: AGPL-3.0-or-later
"""The start page of the back office: what a house still lacks before its first answered call, in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from permanence.calls.models import Call
from permanence.clients.models import Client, Greeting, Line, PortalUser, Recipient, WeeklyOpening
from permanence.clients.rules import ClientState
from permanence.foundation.who import Who
from permanence.project_settings import MAIL_FROM_UNSET  # replaced below
from permanence.staff.models import Secretary
from permanence.switchboard.models import Trunk
