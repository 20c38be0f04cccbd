# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be done with agendas. Each operation is one transaction; an act with a used id gives its first result."""
