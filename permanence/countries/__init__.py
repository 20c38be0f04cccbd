# SPDX-License-Identifier: AGPL-3.0-or-later
"""What differs by country, as dated data: emergency numbers, public holidays, the spelling of telephone numbers.

Countries are ISO 3166-1 alpha-2 in upper case ("FR", "LU", "IE").
"""
