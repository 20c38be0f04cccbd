# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of the persons known to a client."""

from permanence.callers.models.patient import NameWord, Patient, PatientConsent, PatientLink, PatientNumber
from permanence.callers.models.trace import KeptVisit, NoShow, NoShowRule, PatientMerge, PatientRequest

__all__ = (
    "KeptVisit",
    "NameWord",
    "NoShow",
    "NoShowRule",
    "Patient",
    "PatientConsent",
    "PatientLink",
    "PatientMerge",
    "PatientNumber",
    "PatientRequest",
)
