# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ways out, one package each, independent of one another."""
