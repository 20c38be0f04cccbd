# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an agenda decides: what is open, what is free, why not, what is next. Pure: the moment comes in as `at=`."""
