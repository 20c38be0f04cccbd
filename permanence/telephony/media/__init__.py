# SPDX-License-Identifier: AGPL-3.0-or-later
"""Parsers and wire formats of the media: SDP, RTP, RTCP, STUN, control."""
