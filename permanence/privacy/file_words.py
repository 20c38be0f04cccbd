# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of a patient's file: standings, ties, reasons, and what is said when an act is refused."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from permanence.callers.rules.identity import ContactWay, IdentityDocument, IdentityStatus, LinkKind, Sex
from permanence.callers.rules.likeness import Like
from permanence.callers.rules.requests import RequestKind
from permanence.kernel.refusals import Refusal

type Words = str | Promise

STATUS: Mapping[IdentityStatus, Words] = {
    IdentityStatus.PROVISIONAL: pgettext_lazy("identity", "provisional"),
    IdentityStatus.VALIDATED: pgettext_lazy("identity", "validated"),
}
DOCUMENTS: Mapping[IdentityDocument, Words] = {
    IdentityDocument.IDENTITY_CARD: _("identity card"),
    IdentityDocument.PASSPORT: _("passport"),
    IdentityDocument.RESIDENCE_PERMIT: _("residence permit"),
    IdentityDocument.FAMILY_RECORD: _("family record book"),
}
SEXES: Mapping[Sex, Words] = {
    Sex.FEMALE: pgettext_lazy("sex", "female"),
    Sex.MALE: pgettext_lazy("sex", "male"),
    Sex.INDETERMINATE: pgettext_lazy("sex", "indeterminate"),
}
WAYS: Mapping[ContactWay, Words] = {ContactWay.SMS: _("by SMS"), ContactWay.MAIL: _("by mail")}
TIES: Mapping[LinkKind, Words] = {
    LinkKind.GUARDIAN: pgettext_lazy("tie", "guardian"),
    LinkKind.PARENT: pgettext_lazy("tie", "parent"),
    LinkKind.CHILD: pgettext_lazy("tie", "child"),
    LinkKind.SPOUSE: pgettext_lazy("tie", "husband or wife"),
    LinkKind.RELATIVE: pgettext_lazy("tie", "relative"),
    LinkKind.CARER: pgettext_lazy("tie", "carer"),
}
REQUESTS: Mapping[RequestKind, Words] = {
    RequestKind.ACCESS: _("to see what is held on him"),
    RequestKind.CORRECTION: _("to have it corrected"),
    RequestKind.ERASURE: _("to have it erased"),
}
LIKENESS: Mapping[Like, Words] = {
    Like.SAME_BIRTH_DATE: _("same birth date"),
    Like.NEAR_BIRTH_DATE: _("birth date nearly the same"),
    Like.SAME_NAME: _("same name"),
    Like.NEAR_NAME: _("name nearly the same"),
    Like.SAME_FIRST_NAME: _("same first name"),
    Like.NEAR_FIRST_NAME: _("first name nearly the same"),
    Like.SAME_NUMBER: _("same number"),
    Like.OTHER_BIRTH_DATE: _("other birth date"),
    Like.OTHER_FIRST_NAME: _("other first name"),
    Like.OTHER_SEX: _("other sex"),
}
FIELDS: Mapping[str, Words] = {
    "birth_name": _("birth name"),
    "used_name": _("used name"),
    "first_name": _("first name"),
    "birth_date": _("birth date"),
    "sex": _("sex"),
    "numbers": _("numbers"),
    "mail": _("mail"),
    "language": _("language"),
    "address": _("address"),
    "known": _("has been here before"),
    "notes": _("notes"),
    "answer": _("answer"),
    "name": _("name"),
    "identity_document": _("document"),
    "identity_status": _("identity"),
    "is_deceased": _("deceased"),
}
REFUSED: Mapping[str, Words] = {
    "name_missing": _("Write the birth name or the used name."),
    "birth_date_unreadable": _("This is no birth date. Write it as 14/03/1961, 03/1961 or 1961."),
    "birth_date_impossible": _("There is no such day, or nobody born then is alive."),
    "birth_date_in_future": _("Nobody is born yet on that day."),
    "number_unreadable": _("This is no telephone number: %(why)s"),
    "too_many_numbers": _("A patient has six numbers at most."),
    "patient_merged": _("This file went into another one meanwhile."),
    "patient_unknown": _("This patient is not at this client any more."),
    "patient_changed_meanwhile": _("Somebody else changed this file meanwhile. Look at it, then change it again."),
    "patient_id_taken": _("Somebody else was added from this page: try once more."),
    "patient_id_malformed": _("The site did not understand this page: reload it."),
    "link_unfit": _("This tie stands already, or leads to nobody."),
    "link_unknown": _("This tie is not there any more."),
    "merge_unfit": _("A file is not merged with itself."),
    "merge_unknown": _("This merge was undone already."),
    "merge_too_old": _("A merge can be undone for one day only."),
    "two_validated_identities": _("Both identities were validated and say other things: these are two persons."),
    "notes_too_long": _("The notes of both together are too long: shorten one of them first."),
    "no_show_rule_unfit": _("Write numbers from 1 to 99, and words where a deposit is asked for."),
    "request_unknown": _("This request was answered already."),
    "answer_missing": _("Write what the practice decided."),
    "not_understood": _("The site did not understand this page: reload it."),
}
MEANWHILE: Mapping[str, Words] = {
    "merge": _("One of the files was changed meanwhile: compare them again."),
    "validate": _("Somebody else changed this file meanwhile. Compare it with the document again."),
}
"""What is to be done, by the act, where nothing of the file was to be changed."""


def refusal_words(refusal: Refusal, *, act: str = "") -> str:
    """Why an act (of a form of the file, as it is named there) was refused, with the name of the field where it is
    about one.
    """
    if refusal.code == "patient_changed_meanwhile" and act in MEANWHILE:
        return str(MEANWHILE[act])
    field = FIELDS.get(refusal.why.split(",")[0], refusal.why)
    if refusal.code == "field_unfit":
        return str(_("This cannot stand there: %(field)s") % {"field": field})
    if refusal.code == "field_too_long":
        return str(_("This is too long: %(field)s") % {"field": field})
    if refusal.code == "identity_incomplete":
        return str(_("To validate an identity, this is still missing: %(fields)s") % {"fields": _listed(refusal.why)})
    words = REFUSED.get(refusal.code)
    if words is None:
        return refusal.why
    return str(words) % {"why": refusal.why} if refusal.code == "number_unreadable" else str(words)


def _listed(names: str) -> str:
    return ", ".join(str(FIELDS.get(each.strip(), each)) for each in names.split(","))
