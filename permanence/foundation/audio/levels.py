# SPDX-License-Identifier: AGPL-3.0-or-later
"""Speech brought to one level: measured while somebody speaks, peaks limited, silence around it cut off.

Sound is mono, `RATE` samples a second, full scale is 1. Levels are in dB of full scale, root mean square (a square wave
of full scale is 0, a sine -3). The level of speech is that of its active parts, by the method of ITU-T P.56: a pause
makes an announcement no fainter.
"""

import numpy

from permanence.telephony.media.g711 import ALAW_TO_LINEAR, SAMPLES_PER_SECOND, nearest_codes

type Sound = numpy.typing.NDArray[numpy.float64]

RATE = SAMPLES_PER_SECOND
TARGET_DB = -22.5
"""The level of every announcement: that of the product's own spoken prompts."""
CEILING = 10 ** (-2 / 20)
"""No sample is larger."""
LOWEST_DB = 80.0
"""Below as many dB under full scale nothing is looked for."""
_LINEAR = numpy.array(ALAW_TO_LINEAR, dtype=numpy.float64) / 32768
_CODES = numpy.frombuffer(nearest_codes(ALAW_TO_LINEAR, range(-32768, 32768)), dtype=numpy.uint8)
_FRAME = RATE // 200  # 5 ms
_SMOOTHED, _HANGOVER = 6, 40  # frames: 30 ms, 200 ms (P.56)
_MARGIN_DB = 15.9  # P.56: how far below the active level what is still speech may lie
_CUT_DB = 27.0  # how far below it a breath or a soft beginning may lie that is not cut off
_BEFORE, _AFTER = RATE // 20, RATE // 7
_FADE = RATE // 200
_LOOK = RATE // 200  # samples the limiter looks ahead and behind
_RUMBLE_HZ = (60.0, 110.0)


def to_alaw(sound: Sound) -> bytes:
    """As A-law codes (ITU-T G.711)."""
    samples = numpy.clip(numpy.rint(sound * 32768), -32768, 32767).astype(numpy.int32)
    return _CODES[samples + 32768].tobytes()


def from_alaw(codes: bytes) -> Sound:
    """The inverse of `to_alaw`."""
    return _LINEAR[numpy.frombuffer(codes, dtype=numpy.uint8)]


def active_level(sound: Sound) -> float:
    """The level of the speech in it, dB of full scale; minus infinity where there is nothing."""
    power = _power(sound)
    energy = float(power.sum())
    if energy <= 0:
        return -numpy.inf
    held = _held(power)
    for threshold in numpy.arange(-LOWEST_DB, 0.0, 0.25):
        active = int((held >= 10 ** (threshold / 10)).sum())
        if not active:
            break
        level = 10 * numpy.log10(energy / active)
        if level - threshold <= _MARGIN_DB:
            return float(level)
    return -numpy.inf


def without_rumble(sound: Sound) -> Sound:
    """Without what a telephone does not carry below the voice: an offset, hum, the blows of a breath."""
    if not len(sound):
        return sound
    heights = numpy.fft.rfftfreq(len(sound), 1 / RATE)
    low, high = _RUMBLE_HZ
    kept = numpy.clip((heights - low) / (high - low), 0.0, 1.0)
    return numpy.fft.irfft(numpy.fft.rfft(sound) * kept, len(sound))


def trimmed(sound: Sound) -> Sound:
    """Without the silence (or steady noise) before and after what is said, its edges faded."""
    power = _power(sound)
    level = active_level(sound)
    if not numpy.isfinite(level):
        return sound[:0]
    smooth = _smooth(power)
    noise = 10 * numpy.log10(max(float(numpy.percentile(smooth, 10)), 1e-12)) + 6
    threshold = min(max(level - _CUT_DB, noise), level - _MARGIN_DB)
    loud = numpy.flatnonzero(smooth >= 10 ** (threshold / 10))
    first = max(int(loud[0]) * _FRAME - _BEFORE, 0)
    last = min((int(loud[-1]) + 1) * _FRAME + _AFTER, len(sound))
    found = sound[first:last].copy()
    fade = min(_FADE, len(found) // 2)
    slope = numpy.arange(fade) / max(fade, 1)
    found[:fade] *= slope
    found[len(found) - fade :] *= slope[::-1]
    return found


def levelled(sound: Sound) -> Sound:
    """At `TARGET_DB`, no sample above `CEILING`. What the limiter takes from a peaky voice is given back."""
    found = sound
    for _ in range(4):
        level = active_level(found)
        if not numpy.isfinite(level):
            return found
        found = limited(found * 10 ** ((TARGET_DB - level) / 20))
    return found


def limited(sound: Sound) -> Sound:
    """Each peak above the ceiling is turned down, and what is 5 ms around it with it, so that nothing is clipped."""
    size = numpy.abs(sound)
    if not len(sound) or float(size.max()) <= CEILING:
        return sound
    wanted = numpy.minimum(1.0, CEILING / numpy.maximum(size, CEILING))
    width = 2 * _LOOK + 1
    padded = numpy.pad(wanted, 2 * _LOOK, constant_values=1.0)
    lowest = numpy.lib.stride_tricks.sliding_window_view(padded, width).min(axis=1)
    gain = numpy.convolve(lowest, numpy.ones(width) / width, mode="valid")
    return numpy.clip(sound * gain, -CEILING, CEILING)


def _power(sound: Sound) -> Sound:
    """The mean power of each 5 ms, the last of them filled with silence."""
    whole = numpy.pad(sound, (0, -len(sound) % _FRAME))
    return numpy.square(whole).reshape(-1, _FRAME).mean(axis=1) if len(whole) else numpy.zeros(1)


def _smooth(power: Sound) -> Sound:
    return numpy.convolve(power, numpy.ones(_SMOOTHED) / _SMOOTHED, mode="same")[: len(power)]


def _held(power: Sound) -> Sound:
    """The envelope with P.56's hangover: speech goes on for 200 ms after its last loud frame."""
    smooth = numpy.pad(_smooth(power), (_HANGOVER, 0))
    return numpy.lib.stride_tricks.sliding_window_view(smooth, _HANGOVER + 1).max(axis=1)
