# SPDX-License-Identifier: AGPL-3.0-or-later
"""Agendas for other systems as FHIR R4 (4.0.1), and the operations of IHE ITI Scheduling."""
