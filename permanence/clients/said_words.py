# SPDX-License-Identifier: AGPL-3.0-or-later
"""What will be said, in the language of whoever reads: rules, treatments, reasons, gaps and conflicts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from permanence.clients.models import Greeting, WeeklyOpening
from permanence.clients.rules.compared import Compared
from permanence.clients.rules.findings import Cause, Finding, HoursRule, lost_scope
from permanence.foundation import dates
from permanence.foundation.models import Language
from permanence.reception import markup
from permanence.reception.absence import ANNOUNCE, ANSWER, VOICE_MESSAGE
from permanence.reception.events import Reason
from permanence.reception.greeting import CHOSEN
from permanence.reception.table import AbsenceEntry, ClientSlice, GreetingEntry, InstructionEntry

TREATMENTS = {
    ANSWER: _("A secretary answers"),
    ANNOUNCE: _("Closing words"),
    VOICE_MESSAGE: _("Closing words, then a voice message"),
}
"""How calls are treated, in words."""

REASONS = {
    "open_by_always": _("open at every moment"),
    "open_by_week": _("open by the hours of the week"),
    "open_by_exception": _("open by the exception of that day"),
    "open_by_holiday": _("open since the evening before"),
    "closed_by_week": _("closed by the hours of the week"),
    "closed_by_exception": _("closed by the exception of that day"),
    "closed_by_holiday": _("closed on a public holiday"),
    "closed_by_absence": _("the whole client is away"),
    "client_inactive": _("the account is not active"),
    "voice_message_allowed": _("voice messages are allowed"),
    "voice_message_not_wanted": _("voice messages are not wanted"),
    "voice_message_without_consent": _("no voice message without the doctor’s agreement and a duty contact"),
    "voice_message_client_inactive": _("no voice message while the account is not active"),
}
"""Why calls are treated so, by the codes of the reception."""

IN_LANGUAGE = {"fr": _("in French"), "en": _("in English"), "de": _("in German")}
"""Something is said in a language, in words."""

_DAYS = dict(WeeklyOpening.WEEKDAYS)
_DAY_TYPES = dict(Greeting.DAY_TYPES)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingWords:
    """A gap or a conflict as it is read: what is wrong, and the rules that cause it."""

    text: str
    causes: tuple[str, ...]
    conflict: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeWords:
    """What a change does to what is said, as it is read. `mark`: see `Compared.mark`."""

    conflicts: tuple[FindingWords, ...]
    gaps: tuple[FindingWords, ...]
    standing: tuple[FindingWords, ...]
    gone: tuple[FindingWords, ...]
    mark: str


def language_name(code: str) -> str:
    """The language in words; its code where the house does not know it."""
    return str(dict(Language.choices).get(code, code))


def in_language(code: str) -> str:
    """In that language; in any at all, for none."""
    return str(IN_LANGUAGE.get(code, code)) if code else now("in any language")


def reason_words(reason: Reason) -> str:
    """Why, with the name of the day where it has one."""
    words = str(REASONS.get(reason.code, reason.code))
    named = reason.code.rsplit("_", 1)[-1] in {"exception", "holiday"} and reason.detail
    return f"{words} ({reason.detail})" if named else words


def when_words(entry: GreetingEntry) -> str:
    """Where and when a phrase holds."""
    days = str(_DAY_TYPES.get(entry.day_type, entry.day_type))
    if entry.day_type == CHOSEN:
        days = ", ".join(str(_DAYS[day]) for day in entry.weekdays if day in _DAYS)
    hours = f"{entry.opens}–{entry.until}" if entry.opens else ""
    return ", ".join(filter(None, (entry.line or now("every line"), days, hours)))


def day_choices() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The kinds of days on which a phrase may hold, and the days of the week by their digits, in words."""
    kinds = [(code, str(words)) for code, words in _DAY_TYPES.items()]
    return kinds, [(str(day), str(words)) for day, words in _DAYS.items()]


def moment_words(at: datetime, client: ClientSlice) -> str:
    """The moment on the client's wall."""
    local = at.astimezone(ZoneInfo(client.time_zone))
    return f"{dates.say(local, dates.Form.SHORT_NAMED_WHOLE)} {local:%H:%M}"


def _end_words(ends: datetime, client: ClientSlice) -> str:
    """The moment of an end: midnight is 24:00 of the day that it ends."""
    local = ends.astimezone(ZoneInfo(client.time_zone))
    if local.time() != time():
        return moment_words(ends, client)
    return f"{dates.say(local - timedelta(days=1), dates.Form.SHORT_NAMED_WHOLE)} 24:00"


def cause_words(cause: Cause, client: ClientSlice) -> str:
    """A rule, as whoever wrote it knows it again."""
    if isinstance(cause, GreetingEntry):
        return now("“%(text)s” (%(language)s: %(when)s)") % {
            "text": cause.text,
            "language": language_name(cause.language),
            "when": when_words(cause),
        }
    if isinstance(cause, AbsenceEntry):
        return now("absence of %(name)s, %(from)s to %(until)s") % {
            "name": _name(client, cause.recipient) or now("the whole client"),
            "from": moment_words(cause.starts, client),
            "until": _end_words(cause.ends, client),
        }
    if isinstance(cause, InstructionEntry):
        return now("instruction “%(words)s”") % {"words": markup.words(cause.text)}
    return _hours_words(cause)


def finding_words(finding: Finding, client: ClientSlice) -> FindingWords:
    """The sentence for a finding and its causes."""
    text = _SENTENCES[finding.code](finding, client)
    return FindingWords(
        text=text, causes=tuple(cause_words(each, client) for each in finding.causes), conflict=finding.is_conflict
    )


def change_words(found: Compared) -> ChangeWords:
    """The words for what a change brings, leaves and ends."""

    def words(findings: tuple[Finding, ...], client: ClientSlice) -> tuple[FindingWords, ...]:
        return tuple(finding_words(each, client) for each in findings)

    return ChangeWords(
        conflicts=words(found.conflicts, found.client),
        gaps=words(found.gaps, found.client),
        standing=words(found.standing, found.client),
        gone=words(found.gone, found.before or found.client),
        mark=found.mark,
    )


def _hours_words(rule: HoursRule) -> str:
    day = (
        dates.say(date.fromisoformat(rule.date), dates.Form.SHORT_NAMED_WHOLE)
        if rule.date
        else str(_DAYS[rule.weekday])
    )
    hours = now("closed") if rule.interval is None else f"{rule.interval.opens}–{rule.interval.until}"
    return f"{day} {hours}"


def _name(client: ClientSlice, recipient: str) -> str:
    return next((each.name for each in client.recipients if each.id == recipient), "")


def _tie(_finding: Finding, _client: ClientSlice) -> str:
    return now("Two phrases hold at the same moments and neither is for fewer moments: narrow one of them.")


def _overlap(finding: Finding, client: ClientSlice) -> str:
    return now("Two openings overlap, first on %(when)s.") % {"when": _first(finding, client)}


def _twice(_finding: Finding, _client: ClientSlice) -> str:
    return now("One day is written twice and contradicts itself.")


def _consent(finding: Finding, _client: ClientSlice) -> str:
    if finding.causes:
        return now("The absence takes voice messages without the doctor’s agreement and a duty contact.")
    return now("Voice messages of a health client need the date of the doctor’s agreement and a duty contact.")


def _absences(_finding: Finding, _client: ClientSlice) -> str:
    return now("Two absences of the same person overlap.")


def _replacement(finding: Finding, client: ClientSlice) -> str:
    away = finding.causes[-1]
    name = _name(client, away.recipient) if isinstance(away, AbsenceEntry) else ""
    return now("%(name)s, named for what is urgent, is away too from %(when)s.") % {
        "name": name,
        "when": _first(finding, client),
    }


def _unsaid(finding: Finding, client: ClientSlice) -> str:
    return now("Nothing to say %(language)s on %(line)s, %(times)d times, first on %(when)s.") % _where(finding, client)


def _unsaid_after(finding: Finding, client: ClientSlice) -> str:
    return now(
        "Who still waits at closing time is answered with nothing to say %(language)s on %(line)s, "
        "%(times)d times, first on %(when)s."
    ) % _where(finding, client)


def _where(finding: Finding, client: ClientSlice) -> dict[str, object]:
    return {
        "language": in_language(finding.language),
        "line": finding.line or now("every line"),
        "times": finding.times,
        "when": _first(finding, client),
    }


def _never_said(_finding: Finding, _client: ClientSlice) -> str:
    return now("This phrase is never said in the twelve months: no call is answered while it holds.")


_LOST = {
    "line": _("This instruction is never shown: its line is not the client’s."),
    "recipient": _("This instruction is for somebody who receives no messages: it never comes forward."),
    "reason": _("This instruction is for a reason that is not on the form: it never comes forward."),
    "": _("This instruction is never shown in the twelve months: no call is answered while it holds."),
}


def _never_shown(finding: Finding, client: ClientSlice) -> str:
    (entry,) = finding.causes
    return str(_LOST[lost_scope(client, entry) if isinstance(entry, InstructionEntry) else ""])


def _never_answered(_finding: Finding, _client: ClientSlice) -> str:
    return now("No call is answered in the twelve months.")


def _no_line(_finding: Finding, _client: ClientSlice) -> str:
    return now("The client has no number yet: no call can arrive.")


def _no_phrase(_finding: Finding, _client: ClientSlice) -> str:
    return now("No phrase to say is written yet.")


def _nobody_speaks(_finding: Finding, client: ClientSlice) -> str:
    names = {"languages": ", ".join(language_name(each) for each in client.languages)}
    return now("No secretary who answers for this client speaks his language (%(languages)s).") % names


def _first(finding: Finding, client: ClientSlice) -> str:
    return "" if finding.starts is None else moment_words(finding.starts, client)


_SENTENCES: dict[str, Callable[[Finding, ClientSlice], str]] = {
    "greeting_tie": _tie,
    "openings_overlap": _overlap,
    "exception_twice": _twice,
    "voice_message_without_consent": _consent,
    "absences_overlap": _absences,
    "replacement_away": _replacement,
    "no_greeting": _unsaid,
    "no_greeting_after_closing": _unsaid_after,
    "greeting_never_said": _never_said,
    "instruction_never_shown": _never_shown,
    "never_answered": _never_answered,
    "no_line": _no_line,
    "no_phrase": _no_phrase,
    "nobody_speaks": _nobody_speaks,
}
