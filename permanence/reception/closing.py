# SPDX-License-Identifier: AGPL-3.0-or-later
"""The closing words a caller hears when nobody will answer him, and whether he may leave a voice message.

A health client's closing words always begin with the emergency sentence of his country, in every language spoken,
whatever was recorded: it stands in no setting, so no setting can remove it. So do those of a line nobody has, which
may be a doctor's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from permanence.countries.emergency import emergency_prompt
from permanence.reception import prompts
from permanence.reception.absence import VOICE_MESSAGE
from permanence.reception.events import Reason
from permanence.reception.table import ANSWERED, AbsenceEntry, ClientSlice

CLOSED = "closed"
MAX_WAIT = "max_wait"
SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """The prompts, in their order, whether a voice message is recorded after them, and why (not)."""

    prompts: tuple[str, ...]
    voice_message: bool
    why: tuple[Reason, ...]


def voice_message_allowed(client: ClientSlice, absence: AbsenceEntry | None = None) -> tuple[bool, Reason]:
    """Whether callers of this client may leave a voice message, and why. `absence`: the one that closes his lines.

    While an absence closes them, its treatment says whether voice messages are wanted, else the client's own setting.
    Never while his calls are not answered (a prospect, suspended, gone). A health client needs both halves of the
    doctor's consent: the date on which he agreed and the duty contact he named, for a voice message is read late and a
    patient may be in danger.
    """
    wanted = client.voice_message if absence is None else absence.treatment == VOICE_MESSAGE
    if not wanted:
        return False, Reason(code="voice_message_not_wanted")
    if client.state not in ANSWERED:
        return False, Reason(code="voice_message_client_inactive", detail=client.state)
    if client.is_health:
        consent = client.voice_message_consent
        if consent is None or not consent.agreed_date.strip() or not consent.duty_contact.strip():
            return False, Reason(code="voice_message_without_consent")
    return True, Reason(code="voice_message_allowed")


def closing_words(
    client: ClientSlice, *, reason: str, language: str, on: date, absence: AbsenceEntry | None = None
) -> Closing:
    """What a caller of `client` hears on that day. `reason`: closed, max_wait or suspended; `language` of the prompts.
    `absence`: of the whole client, when it closes his lines.

    The client's own recorded words replace the built-in ones when he has some in that language for that occasion: he is
    shut, or nobody could answer. Where media does not have them, the built-in ones are heard all the same.
    """
    occasion = MAX_WAIT if reason == MAX_WAIT else CLOSED
    allowed, why = voice_message_allowed(client, absence)
    own = next(
        (
            words.prompts
            for words in client.closing
            if words.language == language and occasion in words.occasions and words.prompts
        ),
        None,
    )
    general = (prompts.busy_prompt(language) if reason == MAX_WAIT else prompts.closed_prompt(language),)
    if own is not None and own[0] and prompts.content_of(own[0]) == own[0]:
        own = (prompts.recorded_prompt(own[0], instead=general[0]), *own[1:])
    last = prompts.leave_message_prompt(language) if allowed else prompts.call_again_prompt(language)
    spoken = (*(own or general), last) if allowed or own is None else own
    if client.is_health:
        spoken = _emergency_first(client.country, language, on, spoken)
    return Closing(prompts=spoken, voice_message=allowed, why=(why,))


def unknown_line_words(countries: Iterable[str], *, language: str, on: date) -> Closing:
    """What a caller of a line nobody has hears after the longest wait. `countries`: of the trunk, the best first."""
    spoken = (prompts.busy_prompt(language), prompts.call_again_prompt(language))
    country = next(iter(countries), "")
    return Closing(
        prompts=_emergency_first(country, language, on, spoken),
        voice_message=False,
        why=(Reason(code="unknown_line"),),
    )


def _emergency_first(country: str, language: str, on: date, spoken: tuple[str, ...]) -> tuple[str, ...]:
    sentence = emergency_prompt(country, language, on=on)
    return (sentence, *(prompt for prompt in spoken if prompt != sentence))
