# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the house holds on one person across its rooms: his file on screen, and what he may ask by law."""
