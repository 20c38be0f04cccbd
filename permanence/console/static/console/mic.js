// SPDX-License-Identifier: AGPL-3.0-or-later
// The microphone: asked for, measured, and explained in words when it cannot be had. Choices are kept per seat (this browser).
import { makeVoice } from "./voice.js";

const KEPT = "permanence.audio";

/** @typedef {{input: string, output: string, echoCancellation: boolean, noiseSuppression: boolean, autoGainControl: boolean}} AudioChoices */

/** What this seat chose; the browser's treatment of the voice is on unless it was turned off here. @returns {AudioChoices} */
export function choices() {
  const standard = { input: "", output: "", echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  try {
    return { ...standard, ...JSON.parse(localStorage.getItem(KEPT) || "{}") };
  } catch {
    return standard;
  }
}

/** @param {Partial<AudioChoices>} changed */
export function choose(changed) {
  localStorage.setItem(KEPT, JSON.stringify({ ...choices(), ...changed }));
}

/** Why there is no microphone, as a key of the catalogue.
 * @param {unknown} error */
export function reason(error) {
  if (!window.isSecureContext) return "mic_insecure";
  switch (/** @type {any} */ (error)?.name) {
    case "NotAllowedError":
      return "mic_refused";
    case "NotFoundError":
    case "OverconstrainedError":
      return "mic_none";
    case "NotReadableError":
    case "AbortError":
      return "mic_busy";
    default:
      return "mic_failed";
  }
}

/** Opens the chosen microphone; throws what the browser threw. @returns {Promise<MediaStream>} */
export async function openMicrophone() {
  if (!navigator.mediaDevices) throw new DOMException("insecure", "SecurityError");
  const { input, echoCancellation, noiseSuppression, autoGainControl } = choices();
  const treatment = { echoCancellation, noiseSuppression, autoGainControl, channelCount: 1 };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: { ...treatment, ...(input ? { deviceId: { exact: input } } : {}) } });
  } catch (error) {
    // The headset of yesterday is not plugged in: any other is better than none, and the list shows which one it is.
    if (!input || !["OverconstrainedError", "NotFoundError"].includes(/** @type {any} */ (error)?.name)) throw error;
    return navigator.mediaDevices.getUserMedia({ audio: treatment });
  }
}

/** The generated voice of the demonstration, as if it were a microphone. @returns {Promise<MediaStream>} */
export async function openVoice() {
  return makeVoice(await audioContext());
}

/** @type {AudioContext|null} */
let context = null;
/** The one audio context of the page, running. @returns {Promise<AudioContext>} */
export async function audioContext() {
  context ??= new AudioContext();
  if (context.state === "suspended") await Promise.race([context.resume(), new Promise((later) => setTimeout(later, 300))]);
  return context;
}

/** Calls `heard` about ten times a second with the level of the stream, 0 to 1, until the returned function is called.
 * @param {MediaStream} stream @param {(level: number) => void} heard @returns {Promise<() => void>} */
export async function meter(stream, heard) {
  const audio = await audioContext();
  const source = audio.createMediaStreamSource(stream);
  const analyser = audio.createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    // -60 dB is silence, -12 dB a loud voice.
    heard(Math.min(1, Math.max(0, (10 * Math.log10(power + 1e-9) + 60) / 48)));
  }, 100);
  return () => {
    clearInterval(timer);
    source.disconnect();
  };
}

/** Microphones and loudspeakers, with the names the browser gives once permission was granted. */
export async function devices() {
  const all = navigator.mediaDevices ? await navigator.mediaDevices.enumerateDevices() : [];
  return { inputs: all.filter((one) => one.kind === "audioinput"), outputs: all.filter((one) => one.kind === "audiooutput") };
}

/** Plays what is heard on the chosen output. @param {HTMLAudioElement} element */
export async function toChosenOutput(element) {
  const sink = /** @type {any} */ (element).setSinkId;
  if (sink) await sink.call(element, choices().output).catch(() => choose({ output: "" }));
}
