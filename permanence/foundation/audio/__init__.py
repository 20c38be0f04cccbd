# SPDX-License-Identifier: AGPL-3.0-or-later
"""Audio that people bring: read, brought to one level, made what the telephone plays."""
