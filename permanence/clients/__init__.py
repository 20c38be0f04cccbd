# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client accounts of the house: lines, hours, greetings, instructions, recipients, portal users."""
