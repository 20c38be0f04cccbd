// SPDX-License-Identifier: AGPL-3.0-or-later
// Records an announcement in the browser, as WAV, into the file field of the form: record, stop, listen, again, keep.

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const form = /** @type {HTMLFormElement} */ (byId("announcement"));
const field = /** @type {HTMLInputElement} */ (byId("sound"));
const mark = /** @type {HTMLInputElement} */ (byId("by-microphone"));
const level = /** @type {HTMLMeterElement} */ (byId("level"));
const player = /** @type {HTMLAudioElement} */ (byId("listen"));
const [box, record, stop, time, said, fault] = ["recorder", "record", "stop", "time", "recorder-said", "sound-said"].map(byId);
/** @type {Record<string, string>} */
const words = JSON.parse(byId("recorder-words").textContent || "{}");
const longest = Number(form.dataset.longest);

/** @typedef {{context: AudioContext, stream: MediaStream, parts: Float32Array[], size: number, shown: number}} Recording */
/** @type {Recording|null} */
let now = null;
let asked = false;

/** A WAV file of 16 bits, mono. @param {Float32Array[]} parts @param {number} size @param {number} rate */
export function wav(parts, size, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * size));
  const write = (/** @type {number} */ at, /** @type {string} */ text) => [...text].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 36 + 2 * size, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, 2 * size, true);
  let at = 44;
  for (const part of parts)
    for (const sample of part) {
      if (at >= 44 + 2 * size) break;
      view.setInt16(at, Math.max(-1, Math.min(1, sample)) * 32767, true);
      at += 2;
    }
  return new Blob([view.buffer], { type: "audio/wav" });
}

/** @param {unknown} error */
function why(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return words.refused;
  return name === "NotFoundError" || name === "OverconstrainedError" ? words.none : words.failed;
}

/** @param {boolean} on */
function show(on) {
  record.hidden = on;
  stop.hidden = time.hidden = level.hidden = !on;
  if (on) player.hidden = true;
}

async function begin() {
  if (asked || now) return;
  if (!window.isSecureContext) return void (said.textContent = words.insecure);
  if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) return void (said.textContent = words.unable);
  asked = true;
  /** @type {MediaStream|null} */
  let stream = null;
  try {
    const audio = { channelCount: 1, echoCancellation: false, autoGainControl: false, noiseSuppression: true };
    stream = await navigator.mediaDevices.getUserMedia({ audio });
    const context = new AudioContext();
    await context.audioWorklet.addModule(form.dataset.worklet ?? "");
    const tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0 });
    /** @type {Recording} */
    const mine = { context, stream, parts: [], size: 0, shown: 0 };
    now = mine;
    tap.port.onmessage = ({ data }) => heard(mine, /** @type {Float32Array} */ (data));
    context.createMediaStreamSource(stream).connect(tap);
    await context.resume();
    player.removeAttribute("src");
    said.textContent = words.recording;
    show(true);
    stop.focus();
  } catch (error) {
    stream?.getTracks().forEach((track) => track.stop());
    void now?.context.close();
    now = null;
    said.textContent = why(error);
  } finally {
    asked = false;
  }
}

/** @param {Recording} mine @param {Float32Array} part */
function heard(mine, part) {
  if (now !== mine) return;
  mine.parts.push(part);
  mine.size += part.length;
  mine.shown = Math.max(mine.shown * 0.97, ...part.map(Math.abs));
  level.value = Math.max(-60, 20 * Math.log10(mine.shown || 1e-6));
  const seconds = Math.floor(mine.size / mine.context.sampleRate);
  time.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  if (mine.size >= longest * mine.context.sampleRate) end(words.full);
}

/** @param {string} told */
function end(told) {
  if (!now) return;
  const { context, stream, parts, size } = now;
  const { sampleRate } = context;
  now = null;
  stream.getTracks().forEach((track) => track.stop());
  void context.close();
  show(false);
  const sound = wav(parts, Math.min(size, longest * sampleRate), sampleRate);
  const file = new DataTransfer();
  file.items.add(new File([sound], `${words.file}.wav`, { type: "audio/wav" }));
  field.files = file.files;
  mark.value = "1";
  fault.hidden = true;
  URL.revokeObjectURL(player.src);
  player.src = URL.createObjectURL(sound);
  player.hidden = false;
  said.textContent = told;
  record.focus();
}

box.hidden = false;
record.addEventListener("click", begin);
stop.addEventListener("click", () => end(words.kept));
field.addEventListener("change", () => {
  mark.value = "";
  player.hidden = true;
  said.textContent = "";
  const large = (field.files?.[0]?.size ?? 0) > Number(form.dataset.largest);
  fault.hidden = !large;
  fault.textContent = large ? words.large : "";
  if (large) field.value = "";
});
form.addEventListener("submit", () => end(words.kept));
