# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a script cannot be published, in plain words: one sentence a fault, translated."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permanence.clients.rules.script import Fault
from permanence.clients.rules.script_run import SampleFailure

FAULTS = {
    "too_large": gettext_lazy("The script is larger than {what} KiB."),
    "not_json": gettext_lazy("Line {where}, column {what}: this is not JSON (a comma, a quote or a bracket too many)."),
    "not_object": gettext_lazy("“{where}”: an object in braces is expected here."),
    "unknown_field": gettext_lazy("“{where}”: there is no field “{what}”."),
    "field_missing": gettext_lazy("“{where}”: the field “{what}” is missing."),
    "wrong_type": gettext_lazy("“{where}”: what stands in “{what}” cannot stand there."),
    "too_long": gettext_lazy("“{where}”: “{what}” is too long."),
    "format_unknown": gettext_lazy("This version of the language is not known: {what}."),
    "id_malformed": gettext_lazy("“{what}”: a name is made of small letters, figures and _, and begins with a letter."),
    "id_twice": gettext_lazy("“{what}” stands there twice."),
    "language_unknown": gettext_lazy("“{what}” is no language: two letters are expected, for instance fr."),
    "no_question": gettext_lazy("There is no question."),
    "no_route": gettext_lazy("Nothing says what becomes of the call: add a route."),
    "kind_unknown": gettext_lazy("The question “{where}” is of a kind that does not exist: “{what}”."),
    "question_empty": gettext_lazy("The question “{where}” says nothing."),
    "choices_missing": gettext_lazy("The question “{where}” needs at least two answers to choose from."),
    "choices_without_choice": gettext_lazy("The question “{where}” has answers to choose from but is no choice."),
    "fills_wrong": gettext_lazy("The answer to “{where}” cannot fill “{what}” of the message form."),
    "then_unknown": gettext_lazy("“{where}” leads to the question “{what}”, which does not exist."),
    "can_loop": gettext_lazy("An answer to “{where}” leads back to “{what}”: the script can turn in a circle."),
    "never_ends": gettext_lazy("“{where}” always leads back to “{what}”: the script never ends."),
    "question_unknown": gettext_lazy("“{where}” depends on the question “{what}”, which does not exist."),
    "later_question": gettext_lazy("“{where}” depends on “{what}”, which is asked only later."),
    "branch_on_free_answer": gettext_lazy("“{where}” depends on “{what}”, whose answer can be anything."),
    "clause_wrong": gettext_lazy("“{where}”: the condition on “{what}” needs answers or, for a number, limits."),
    "choice_unknown": gettext_lazy("“{where}” depends on the answer “{what}”, which nobody can give."),
    "act_unknown": gettext_lazy("The route “{where}” does something that does not exist: “{what}”."),
    "route_empty": gettext_lazy("The route “{where}” has no title."),
    "urgency_unknown": gettext_lazy("The route “{where}” has an urgency that does not exist: “{what}”."),
    "outcome_unknown": gettext_lazy("The route “{where}” has an outcome that does not exist: “{what}”."),
    "recipient_unknown": gettext_lazy("“{where}” is for a recipient whom this client does not have: “{what}”."),
    "recipient_missing": gettext_lazy("The route “{where}” does not say for whom the message is."),
    "recipient_from_wrong": gettext_lazy(
        "The route “{where}” takes its recipient from “{what}”, which is no required question for a recipient."
    ),
    "recipient_not_asked": gettext_lazy(
        "The route “{where}” takes its recipient from “{what}”, which is not asked on every way to it."
    ),
    "emergency_blind": gettext_lazy(
        "The route “{where}” puts the caller through to {what} without a word: never an emergency number."
    ),
    "emergency_number": gettext_lazy(
        "The route “{where}” calls {what}: from our line it reaches the centre of our place, not of the caller’s. "
        "Tell the caller to hang up and dial it."
    ),
    "number_wrong": gettext_lazy("The route “{where}” needs a number with its country, for instance +35227000010."),
    "number_without_transfer": gettext_lazy("The route “{where}” has a number but is no transfer: {what}."),
    "red_flag_empty": gettext_lazy("The red flag “{where}” lacks its title or the words to say."),
    "red_flag_never": gettext_lazy("The red flag “{where}” is never heard: it has no words and no answers."),
    "word_empty": gettext_lazy("The red flag “{where}” listens for “{what}”, which is no word."),
    "red_flag_without_number": gettext_lazy(
        "The words to say of the red flag “{where}” do not name the emergency number {what}."
    ),
    "red_flag_in_force": gettext_lazy(
        "The red flag “{where}” is in force and needs what this version no longer has. Keep it as a draft, have the "
        "doctor validate the red flags of the draft, then publish."
    ),
    "sample_missing": gettext_lazy("There is no sample call: write at least one."),
    "sample_twice": gettext_lazy("Two sample calls are called “{what}”."),
    "sample_unknown": gettext_lazy("The sample call “{where}” names “{what}”, which the script does not have."),
    "sample_failed": gettext_lazy("The sample call “{where}” ended otherwise than it says: {what}."),
    "too_many_ways": gettext_lazy("The script has too many branches to be checked: make it simpler."),
    "unreachable": gettext_lazy("The question “{where}” is never asked."),
    "choice_unhandled": gettext_lazy("Nothing says what becomes of the call after “{what}” to “{where}”."),
    "route_never": gettext_lazy("The route “{where}” is never taken."),
}
"""The sentence of every code that `rules.script` and `rules.script_lint` give."""


PARTS = {
    "answers": (gettext_lazy("no answer to {names}"), ""),
    "route": (gettext_lazy("route expected: {names}"), gettext_lazy("route taken: {names}")),
    "red_flags": (gettext_lazy("red flags expected: {names}"), gettext_lazy("red flags heard: {names}")),
    "missing": (gettext_lazy("expected without an answer: {names}"), gettext_lazy("without an answer: {names}")),
    "asked": (gettext_lazy("not asked: {names}"), gettext_lazy("asked although not listed: {names}")),
}
"""What a sample call says of each part of `SampleFailure`, and what it came to."""


def fault_words(fault: Fault) -> str:
    """The sentence of a fault in the language of the moment."""
    where = fault.where or _("the script")
    return str(FAULTS[fault.code]).format(where=where, what=fault.what)


def of_sample(failure: SampleFailure) -> Fault:
    """A sample call that did not come to what it says, as a fault."""
    sides = zip(PARTS[failure.part], (failure.expected, failure.found), strict=True)
    what = [str(side).format(names=_quoted(names)) for side, names in sides if names]
    return Fault(code="sample_failed", where=failure.sample, what=_("; ").join(what))


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(_("“{name}”").format(name=each) for each in names)
