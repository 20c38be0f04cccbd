# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads WAV, MP3 and OGG (Vorbis, Opus) as mono sound, by libsndfile; never more than the longest announcement.

What the file says of itself is not believed: its length is what can be read of it, block by block, and reading stops
where the limit is passed. Of the many formats libsndfile knows only those named are let in.
"""

import io
import struct

import numpy
import soundfile

from permanence.foundation.audio.refusals import DAMAGED, LONGEST_S, NOT_AUDIO, TOO_LONG, AudioRefused

RATES = range(4_000, 192_001)
"""Samples a second that a file may have."""
MOST_CHANNELS = 8
_BLOCK = 1 << 15
_CODINGS = {
    "WAV": frozenset({"PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"}),
    "WAVEX": frozenset({"PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"}),
    "MP3": frozenset({"MPEG_LAYER_III"}),
    "OGG": frozenset({"VORBIS", "OPUS"}),
}
_UNKNOWN_LENGTHS = frozenset({0, 0xFFFFFFFF})
"""What who records a stream writes, for want of knowing better."""


def read(data: bytes) -> tuple["numpy.typing.NDArray[numpy.float32]", int]:
    """The sound of a file (full scale is 1) and its samples a second.

    Raises AudioRefused: `audio_unknown`, `audio_damaged`, `audio_too_long`.
    """
    if not looks_like_audio(data):
        raise AudioRefused(NOT_AUDIO)
    if is_cut_off(data):
        raise AudioRefused(DAMAGED, "the end of the file is missing")
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            if file.subtype not in _CODINGS.get(file.format, frozenset()):
                raise AudioRefused(NOT_AUDIO, f"{file.format} {file.subtype}")
            if file.samplerate not in RATES or not 0 < file.channels <= MOST_CHANNELS:
                raise AudioRefused(DAMAGED, f"{file.channels} channels of {file.samplerate} Hz")
            return _read(file), int(file.samplerate)
    except (soundfile.SoundFileError, ValueError, OSError) as error:
        raise AudioRefused(DAMAGED, str(error)) from error


def _read(file: soundfile.SoundFile) -> "numpy.typing.NDArray[numpy.float32]":
    most = LONGEST_S * int(file.samplerate)
    parts: list[numpy.typing.NDArray[numpy.float32]] = []
    size = 0
    while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
        size += len(block)
        if size > most:
            raise AudioRefused(TOO_LONG)
        parts.append(block.mean(axis=1))
    if not parts:
        raise AudioRefused(DAMAGED, "nothing can be read of it")
    whole = numpy.concatenate(parts)
    if not numpy.isfinite(whole).all():
        raise AudioRefused(DAMAGED, "a sample is no number")
    return whole


def looks_like_audio(data: bytes) -> bool:
    """Whether it begins as a WAV, OGG or MP3 file does."""
    if data[:4] in {b"RIFF", b"RIFX"}:
        return data[8:12] == b"WAVE"
    return data[:4] == b"OggS" or data[:3] == b"ID3" or _is_mp3_frame(data[:4])


def _is_mp3_frame(head: bytes) -> bool:
    """A frame's header (ISO 11172-3, 2.4.1.3): layer III, a bit rate and a sampling rate that exist."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2 or head[1] & 0x18 == 0x08:
        return False
    return head[2] >> 4 not in {0, 15} and head[2] >> 2 & 3 != 3


def is_cut_off(data: bytes) -> bool:
    """Whether a WAV or OGG file says that it is longer than it is: libsndfile would play what is there."""
    return _wav_is_cut_off(data) if data[:4] == b"RIFF" else data[:4] == b"OggS" and _ogg_is_cut_off(data)


def _wav_is_cut_off(data: bytes) -> bool:
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"data":
            return size not in _UNKNOWN_LENGTHS and at + 8 + size > len(data)
        at += 8 + size + size % 2
    return True  # no samples at all


def _ogg_is_cut_off(data: bytes) -> bool:
    """RFC 3533: whether the last page is whole."""
    at = data.rfind(b"OggS")
    if at + 27 > len(data):
        return True
    segments = data[at + 27 : at + 27 + data[at + 26]]
    return len(segments) < data[at + 26] or at + 27 + len(segments) + sum(segments) > len(data)
