# SPDX-License-Identifier: AGPL-3.0-or-later
"""The agendas: openings, reasons of visits, holds, appointments; one moment is never given twice."""
