# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tokens in the back office: shown once by the answer that made them, never again."""

import re

import pytest
from django.urls import reverse

from permanence.agenda.models import InterfaceToken
from permanence.agenda.queries.interface import bearer
from permanence.agenda.refusals import TokenUnknown
from permanence.kernel.system import SystemClock

pytestmark = pytest.mark.django_db
FORM = {"system": "Site web", "scope": ["read", "book"], "days": "30"}


def test_the_owner_makes_a_token_sees_it_once_and_revokes_it(cast, browser_of):
    owner, page = browser_of(cast.marc), reverse("accounts:interface", args=[cast.dupont])
    answer = owner.post(reverse("accounts:interface-add", args=[cast.dupont]), FORM)
    token = re.findall(r'value="(pmn_[^"]+)"', answer.content.decode())[0]
    assert bearer(token=token, at=SystemClock().now()).client.id == cast.dupont
    shown = owner.get(page).content.decode()
    assert token not in shown
    assert "Site web" in shown
    row = InterfaceToken.objects.get()
    assert owner.post(reverse("accounts:interface-revoke", args=[cast.weber, row.pk])).status_code == 404
    assert owner.post(reverse("accounts:interface-revoke", args=[cast.dupont, row.pk])).status_code == 302
    with pytest.raises(TokenUnknown):
        bearer(token=token, at=SystemClock().now())


def test_a_form_that_means_nothing_makes_no_token(cast, browser_of):
    owner, where = browser_of(cast.marc), reverse("accounts:interface-add", args=[cast.dupont])
    for change in ({"system": ""}, {"scope": []}, {"scope": ["all"]}, {"days": "0"}, {"days": "\u0663"}):
        assert owner.post(where, FORM | change).status_code == 422
    assert InterfaceToken.objects.count() == 0
