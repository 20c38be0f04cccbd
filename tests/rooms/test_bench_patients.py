# SPDX-License-Identifier: AGPL-3.0-or-later
"""The bench of the patients' search works, finds whom it asks for, and says what it promises; no figure is judged."""

from bench import patients


def test_patients_are_found_in_the_house_of_the_bench(monkeypatch):
    monkeypatch.delenv("PERMANENCE_DATABASE_URL", raising=False)
    patient_count, asks = patients.QUICK
    (found,) = patients.measured(patients=patient_count, asks=asks)
    assert (found["database"], found["patients"]) == ("sqlite", 2_000)
    kinds = {"birth", "birth_letters", "caller", "letters", "name", "number", "sound", "two_letters"}
    named = {f"patients_{kind}_{what}" for kind in kinds for what in ("p95_ms", "cpu_p95_ms")}
    assert {"patients_p95_ms", "patients_cpu_p95_ms"} | named <= set(found)
    assert found["patients_missed"] <= 4  # spellings that no sound forgives
