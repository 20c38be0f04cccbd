# SPDX-License-Identifier: AGPL-3.0-or-later
"""The visit reasons with which the agenda of a trade begins: what its practices have in common, to be changed at will.

Their names are written into the client's rows in his own language, so that they stand here and not in the catalogues.
"""

from enum import StrEnum
from typing import Any

from permanence.agenda.rules.kinds import Asker, VisitReason, Way

LANGUAGES = ("fr", "de", "en")
"""Those in which the names are known; others get the last one's."""

IN_HOUSE = frozenset({Asker.SECRETARY, Asker.DOCTOR})
DAY = 24 * 60


class Trade(StrEnum):
    """For whom usual reasons are known. NONE begins with an empty list."""

    NONE = "none"
    DOCTOR = "doctor"
    DENTIST = "dentist"
    PHYSIOTHERAPIST = "physiotherapist"
    PSYCHOLOGIST = "psychologist"


type _Row = tuple[tuple[str, str, str], int, dict[str, Any]]

_ROWS: dict[Trade, tuple[_Row, ...]] = {
    Trade.NONE: (),
    Trade.DOCTOR: (
        (("Consultation", "Sprechstunde", "Consultation"), 15, {"minutes_new": 30, "overbooking": True}),
        (("Suivi", "Kontrolle", "Follow-up"), 15, {}),
        (("Vaccination", "Impfung", "Vaccination"), 10, {"documents": ("vaccines",)}),
        (("Bilan de santé", "Gesundheits-Check-up", "Check-up"), 30, {"max_per_half_day": 2, "notice": DAY}),
        (("Soin ou pansement", "Verband, Injektion", "Dressing or injection"), 10, {"bookable_by": IN_HOUSE}),
        (("Téléconsultation", "Videosprechstunde", "Video consultation"), 15, {"way": Way.TELE}),
        (("Visite à domicile", "Hausbesuch", "Home visit"), 30, {"way": Way.HOME, "bookable_by": IN_HOUSE}),
    ),
    Trade.DENTIST: (
        (("Contrôle", "Kontrolle", "Check-up"), 30, {"minutes_new": 45}),
        (("Détartrage", "Zahnreinigung", "Scaling"), 45, {}),
        (("Soin", "Behandlung", "Treatment"), 45, {"bookable_by": IN_HOUSE}),
        (("Douleur, urgence", "Schmerzen, Notfall", "Pain, urgent"), 20, {"overbooking": True, "horizon": 2}),
        (("Couronne ou prothèse", "Krone oder Prothese", "Crown or denture"), 60, {"bookable_by": IN_HOUSE}),
        (("Enfant, première visite", "Kind, erster Besuch", "Child, first visit"), 30, {"oldest": 15}),
    ),
    Trade.PHYSIOTHERAPIST: (
        (("Bilan initial", "Erstbefund", "First assessment"), 45, {"documents": ("order",)}),
        (("Séance", "Behandlung", "Session"), 30, {"documents": ("order",)}),
        (("Drainage lymphatique", "Lymphdrainage", "Lymph drainage"), 45, {"documents": ("order",)}),
        (("Rééducation en groupe", "Gruppengymnastik", "Group exercise"), 60, {}),
        (("Séance à domicile", "Hausbesuch", "Session at home"), 30, {"way": Way.HOME, "bookable_by": IN_HOUSE}),
    ),
    Trade.PSYCHOLOGIST: (
        (("Premier entretien", "Erstgespräch", "First interview"), 60, {"after": 10}),
        (("Entretien", "Gespräch", "Interview"), 45, {"after": 10, "notice": DAY}),
        (("Entretien par vidéo", "Videogespräch", "Video interview"), 45, {"after": 10, "way": Way.TELE}),
    ),
}

_DOCUMENTS = {
    "vaccines": ("Carnet de vaccination", "Impfpass", "Vaccination record"),
    "order": ("Ordonnance", "Verordnung", "Prescription"),
}


def usual_reasons(trade: Trade, *, language: str, client: str) -> tuple[VisitReason, ...]:
    """The reasons of a trade as new ones of a client (ids are ""), in their order."""
    column = LANGUAGES.index(language) if language in LANGUAGES else len(LANGUAGES) - 1
    found = []
    for names, minutes, more in _ROWS[trade]:
        fields = dict(more)
        fields["documents"] = tuple(_DOCUMENTS[each][column] for each in fields.get("documents", ()))
        found.append(VisitReason(id="", client=client, name=names[column], minutes=minutes, **fields))
    return tuple(found)
