// SPDX-License-Identifier: AGPL-3.0-or-later
// A generated voice for the demonstration: a buzz through three formants, in syllables. It says nothing, but it is unmistakably a voice.

const VOWELS = [
  [730, 1090, 2440],
  [270, 2290, 3010],
  [570, 840, 2410],
  [390, 1990, 2550],
  [440, 1020, 2240],
];
const SYLLABLE_S = 0.18;
const WORDS = [3, 2, 4, 1, 3, 5];

/** A stream with one audio track that "speaks" until the track is stopped. @param {AudioContext} audio @returns {MediaStream} */
export function makeVoice(audio) {
  const buzz = new OscillatorNode(audio, { type: "sawtooth", frequency: 190 });
  const loudness = new GainNode(audio, { gain: 0 });
  const formants = VOWELS[0].map((frequency, n) => new BiquadFilterNode(audio, { type: "bandpass", frequency, Q: 8 + 2 * n }));
  const out = audio.createMediaStreamDestination();
  for (const formant of formants) buzz.connect(formant).connect(loudness);
  loudness.connect(out);
  buzz.start();

  let at = audio.currentTime + 0.1;
  let spoken = 0;
  const speak = () => {
    // A second ahead is enough: timers of a hidden page are late, sound is not.
    while (at < audio.currentTime + 2) {
      for (let n = 0; n < WORDS[spoken % WORDS.length]; n += 1) {
        const vowel = VOWELS[(spoken * 3 + n * 2) % VOWELS.length];
        formants.forEach((formant, index) => formant.frequency.setTargetAtTime(vowel[index], at, 0.02));
        buzz.frequency.setTargetAtTime(170 + 35 * ((spoken + n) % 3), at, 0.04);
        loudness.gain.setTargetAtTime(0.9, at, 0.02);
        loudness.gain.setTargetAtTime(0.02, at + SYLLABLE_S * 0.7, 0.025);
        at += SYLLABLE_S;
      }
      spoken += 1;
      at += 0.22;
    }
  };
  speak();
  const timer = setInterval(speak, 500);
  const [track] = out.stream.getAudioTracks();
  const stop = track.stop.bind(track);
  track.stop = () => {
    clearInterval(timer);
    buzz.stop();
    stop();
  };
  return out.stream;
}
