# SPDX-License-Identifier: AGPL-3.0-or-later
"""How dates and hours are written, where Django's own formats of a language are not the house's."""
