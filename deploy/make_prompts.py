# SPDX-License-Identifier: AGPL-3.0-or-later
"""Makes the product's own fixed sounds (A-law, 8 kHz, mono, no header): `python deploy/make_prompts.py`.

Spoken words by espeak-ng (a Debian package), tones and the hold music by synthesis here. The result is committed:
nothing of this is needed to run the house. Run it again only to change a sentence.
"""

import io
import re
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from permanence.reception.prompts import built_in_prompts
from permanence.telephony.media.g711 import ALAW_TO_LINEAR, nearest_codes

Samples = npt.NDArray[np.float64]
"""Samples between -1 and 1 at 8 kHz."""

RATE = 8000
TARGET = Path(__file__).parent.parent / "permanence" / "engine" / "mediaplane" / "sounds"
_ENCODE = np.frombuffer(nearest_codes(ALAW_TO_LINEAR, range(-32768, 32768)), np.uint8)
_SPEECH_RMS = 10 ** (-19 / 20)
_MUSIC_RMS = 10 ** (-27 / 20)

VOICES = {"fr": ("fr-fr", 165), "en": ("en-gb", 165), "de": ("de", 165)}
"""espeak-ng's voice and speed (words a minute)."""
DEMONSTRATION = {
    "fr/voice-secretary": "Bonjour, secrétariat médical, Claire à votre écoute. Quel est votre nom, s'il vous plaît ? "
    "Merci, je transmets votre message tout de suite.",
    "fr/voice-caller": "Bonjour, je suis un patient du docteur. J'aurais besoin qu'il me rappelle aujourd'hui, "
    "au sujet de mon ordonnance. Je suis joignable l'après-midi.",
    "en/voice-secretary": "Good morning, after sales service, Aoife speaking. Could I have your name, please? "
    "Thank you, I will pass your message on at once.",
    "en/voice-caller": "Hello, the boiler you sold us last month does not start since this morning. "
    "It shows error seven. Could somebody call me back today, please?",
    "de/voice-secretary": "Guten Tag, Praxis Doktor Weber, Claire am Apparat. Wie ist Ihr Name, bitte? "
    "Danke, ich gebe Ihre Nachricht sofort weiter.",
    "de/voice-caller": "Guten Tag, ich bin Patient von Doktor Weber. Könnte er mich heute zurückrufen? "
    "Es geht um mein Rezept. Ich bin am Nachmittag erreichbar.",
}
"""What the generated voices of the demonstration say: a secretary without a microphone, and `./run phone`."""
_PLACE = re.compile(r"place-(\d+)\Z")
RINGBACK = {"fr": ((440,), ((1.5, True), (3.5, False))), "lu": ((425,), ((1.0, True), (4.0, False))),
            "ie": ((400, 450), ((0.4, True), (0.2, False), (0.4, True), (2.0, False)))}  # fmt: skip
"""Frequencies and cadence of ITU-T E.180 supplement 2."""


def main() -> None:
    """Write every sound; the whole must stay under 2 MB."""
    for path in TARGET.rglob("*.alaw"):
        path.unlink()
    for name, text in spoken_files().items():
        _write(name, speech(name[:2], text))
    for country, (frequencies, cadence) in RINGBACK.items():
        _write(f"ringback-{country}", tone(frequencies, cadence))
    _write("beep", tone((1000,), ((0.4, True),)))
    _write("offer-tone", tone((660, 880), ((0.25, True), (0.1, False), (0.25, True), (1.4, False))))
    _write("music", music())
    total = sum(path.stat().st_size for path in TARGET.rglob("*.alaw"))
    sys.stdout.write(f"{total} bytes\n")
    if total >= 2_000_000:
        raise SystemExit("the sounds are too large")


def spoken_files() -> dict[str, str]:
    """Every spoken file and its words: the reception's sentences (the places in three parts), the demonstration's."""
    files = dict(DEMONSTRATION)
    for name, text in built_in_prompts().items():
        place = _PLACE.search(name)
        if place is None:
            files[name] = text
            continue
        before, after = text.split(place[1])
        language = name[:2]
        files |= {f"{language}/place-before": before, f"{language}/place-after": after}
        files[f"{language}/number-{place[1]}"] = place[1]
    return files


def pronounced(language: str, text: str) -> str:
    """Emergency numbers as they are said: 112 and 999 digit by digit in English and German, 999 in French too."""
    digits = ("999",) if language == "fr" else ("112", "999")
    for number in digits:
        text = re.sub(rf"\b{number}\b", " ".join(number), text)
    return text


def speech(language: str, text: str) -> Samples:
    """A sentence by espeak-ng: 8 kHz, telephone band, pauses at both ends, levelled to -19 dB."""
    voice, speed = VOICES[language]
    made = subprocess.run(  # noqa: S603 - fixed words, no shell
        ["/usr/bin/espeak-ng", "-v", voice, "-s", str(speed), "-g", "4", "--stdout", pronounced(language, text)],
        check=True,
        capture_output=True,
    ).stdout
    with wave.open(io.BytesIO(made)) as file:
        rate = file.getframerate()
        raw = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64) / 32768
    samples = telephone_band(raw, rate)
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    samples = samples[max(0, loud[0] - 200) : loud[-1] + 400]
    return np.concatenate([np.zeros(RATE // 40), levelled(samples, _SPEECH_RMS), np.zeros(RATE // 20)])


def telephone_band(samples: Samples, rate: int) -> Samples:
    """Resample to 8 kHz through the spectrum and keep 200 to 3,500 Hz."""
    count = round(len(samples) * RATE / rate)
    spectrum = np.fft.rfft(samples)[: count // 2 + 1]
    frequencies = np.fft.rfftfreq(count, 1 / RATE)[: len(spectrum)]
    shape = np.clip((frequencies - 150) / 100, 0, 1) * np.clip((3700 - frequencies) / 250, 0, 1)
    return np.asarray(np.fft.irfft(spectrum * shape, count) * count / len(samples), np.float64)


def levelled(samples: Samples, rms: float) -> Samples:
    """To this RMS over what is not silence, peaks bent softly under full scale."""
    active = samples[np.abs(samples) > 0.02 * np.max(np.abs(samples))]
    return np.asarray(np.tanh(samples * rms / np.sqrt(np.mean(active**2))), np.float64)


def tone(frequencies: tuple[int, ...], cadence: tuple[tuple[float, bool], ...]) -> Samples:
    """One period of a cadenced tone, with edges of 5 ms so that nothing clicks."""
    parts: list[Samples] = []
    for seconds, on in cadence:
        time = np.arange(round(seconds * RATE)) / RATE
        edge = np.clip(np.minimum(time, seconds - time) / 0.005, 0, 1)
        wave_form = sum((np.sin(2 * np.pi * frequency * time) for frequency in frequencies), np.zeros(len(time)))
        parts.append(wave_form / len(frequencies) * 0.2 * edge if on else np.zeros(len(time)))
    return np.concatenate(parts)


def music() -> Samples:
    """A calm loop of our own, 17 s: four chords in 6/8, softly plucked over a pad; its end meets its beginning."""
    beat, bars = 0.36, 8
    total = round(beat * 6 * bars * RATE)
    mix = np.zeros(total)
    chords = ((50, 57, 62, 66), (47, 54, 59, 62), (43, 50, 55, 59), (45, 52, 57, 61))  # D, Bm, G, A
    melody = (74, 69, 71, 66, 67, 71, 69, 73)
    for bar in range(bars):
        chord = chords[bar // 2]
        start = bar * 6 * beat
        for step, note in enumerate((0, 1, 2, 3, 2, 1)):
            _add(mix, pluck(chord[note] + 12, 1.6), start + step * beat, 0.55)
        _add(mix, pluck(melody[bar], 2.4), start, 0.5)
        if bar % 2:
            _add(mix, pluck(melody[bar] + (2 if bar % 4 == 1 else -2), 1.4), start + 3 * beat, 0.3)
        for note in chord[:3]:
            _add(mix, pad(note + 12, 6 * beat + 0.6), start - 0.3, 0.10)
    return levelled(telephone_band(mix, RATE), _MUSIC_RMS)


def pluck(note: int, seconds: float) -> Samples:
    """A soft plucked string: harmonics that die away, the high ones first."""
    time = np.arange(round(seconds * RATE)) / RATE
    frequency = 440 * 2 ** ((note - 69) / 12)
    sound = np.zeros(len(time))
    for harmonic in range(1, 6):
        if harmonic * frequency < 3400:
            sound += np.sin(2 * np.pi * harmonic * frequency * time) * np.exp(-time * 2.2 * harmonic) / harmonic**1.6
    return sound * np.clip(time / 0.008, 0, 1) * np.clip((seconds - time) / 0.1, 0, 1)


def pad(note: int, seconds: float) -> Samples:
    """A quiet held note, two voices a hair apart."""
    time = np.arange(round(seconds * RATE)) / RATE
    frequency = 440 * 2 ** ((note - 69) / 12)
    sound = np.sin(2 * np.pi * frequency * time) + np.sin(2 * np.pi * frequency * 1.003 * time)
    return np.asarray(sound * np.clip(np.minimum(time, seconds - time) / 0.6, 0, 1), np.float64)


def _add(mix: Samples, sound: Samples, start: float, gain: float) -> None:
    """Add a sound; what reaches over the end comes back at the beginning, so that the loop has no seam."""
    at = (round(start * RATE) + np.arange(len(sound))) % len(mix)
    np.add.at(mix, at, sound * gain)


def _write(name: str, samples: Samples) -> None:
    path = TARGET / f"{name}.alaw"
    path.parent.mkdir(parents=True, exist_ok=True)
    linear = np.clip(samples * 32767, -32768, 32767).astype(np.int32)
    path.write_bytes(_ENCODE[linear + 32768].tobytes())


if __name__ == "__main__":
    main()
