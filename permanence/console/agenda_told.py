# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the agenda's page is told of a reason: what to ask, what the patient brings, who may come, what it takes."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from permanence.agenda.answer_words import answers_told
from permanence.agenda.queries import agendas, appointments
from permanence.agenda.queries.newcomers import newcomer_of
from permanence.agenda.rules.kinds import Question, VisitReason, Way
from permanence.agenda.rules.marks import Mark
from permanence.console.agenda_asked import appointment_asked, says_why
from permanence.console.newcomers import twin_words
from permanence.console.own_page import own_page_only
from permanence.foundation.who import who
from permanence.kernel.system import SystemClock

_CLOCK = SystemClock()


@never_cache
@require_safe
@own_page_only
@says_why
def visit(request: HttpRequest) -> HttpResponse:
    """What was asked before an appointment was booked, whom its new patient may be, and what he brings:
    `{"answers", "documents"}`.
    """
    by = who(request)
    found = appointment_asked(by, request.GET.get("appointment", ""))
    said = appointments.readable_answers_of(by=by, appointments=[found.appointment]).get(found.appointment)
    every = agendas.reasons(by=by, client=found.client, retired=True)
    reason = next((each for each in every if each.id == found.reason), None)
    documents = () if reason is None else reason.documents
    answers = [{"question": question, "words": words} for question, words in answers_told(said)]
    alike = newcomer_of(by=by, appointment=found.appointment, at=_CLOCK.now())
    if alike is not None:
        answers = [{"question": _("Perhaps the same person as"), "words": each} for each in twin_words(alike)] + answers
    return JsonResponse({"answers": answers, "documents": list(documents)})


def reason_told(
    reason: VisitReason, mark: Mark, *, resources: Mapping[str, str], others: Mapping[str, str]
) -> dict[str, Any]:
    """A reason as the page has it. `resources`, `others` (agendas): id -> name."""
    also = [others[reason.also]] if reason.also in others else []
    return {
        "id": reason.id,
        "name": reason.name,
        "minutes": reason.minutes,
        "code": mark.code,
        "questions": [_question(each) for each in reason.questions],
        "forbidding": [_question(each) for each in reason.contra_indications],
        "at_home": reason.way is Way.HOME,
        "documents": list(reason.documents),
        "ages": ages_words(reason),
        "takes": also + [resources.get(next(iter(each.ids), ""), each.kind) for each in reason.needs],
    }


def ages_words(reason: VisitReason) -> str:
    """Who may come, "" for everybody."""
    youngest, oldest = reason.youngest, reason.oldest
    if youngest is not None and oldest is not None:
        return _("From %(youngest)d to %(oldest)d years") % {"youngest": youngest, "oldest": oldest}
    if youngest is not None:
        return _("From %(youngest)d years") % {"youngest": youngest}
    return "" if oldest is None else _("Up to %(oldest)d years") % {"oldest": oldest}


def _question(question: Question) -> dict[str, str]:
    return {"id": question.id, "text": question.text}
