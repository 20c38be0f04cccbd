// SPDX-License-Identifier: AGPL-3.0-or-later
// A call that rings while she works in another tab: a desktop notification with the client's name and nothing else, the title, the icon, a sound.
import { audioContext } from "./mic.js";
import { config } from "./api.js";
import { word } from "./words.js";

const RING_KEPT = "permanence.ring";
const TWO_NOTES = [
  [659.25, 0],
  [880, 0.22],
];
const LOW_NOTE = [[220, 0]];

const quietTitle = document.title;
/** @type {Notification|null} */
let shown = null;
/** @type {number} */
let ringing = 0;
let ringingFor = "";

/** Asks once, at a press of a button, whether notifications may be shown. */
export async function askPermission() {
  if ("Notification" in window && Notification.permission === "default") await Notification.requestPermission();
}

/** The loudspeaker chosen for the ring. @param {string} [chosen] @returns {string} */
export function ringOutput(chosen) {
  if (chosen !== undefined) localStorage.setItem(RING_KEPT, chosen);
  return localStorage.getItem(RING_KEPT) ?? "";
}

/** Two soft notes, twice. */
export async function playRing() {
  await play([...TWO_NOTES, ...TWO_NOTES.map(([hertz, at]) => [hertz, at + 0.7])], 0.12);
}

/** One low note: her own line is lost. */
export async function playLost() {
  await play(LOW_NOTE, 0.2);
}

/** @param {number[][]} notes @param {number} loudness */
async function play(notes, loudness) {
  const audio = await ringContext();
  for (const [hertz, at] of notes) {
    const start = audio.currentTime + 0.02 + at;
    const tone = new OscillatorNode(audio, { frequency: hertz, type: "sine" });
    const gain = new GainNode(audio, { gain: 0 });
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(loudness, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0005, start + 0.4);
    tone.connect(gain).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.45);
  }
}

/** @type {AudioContext|null} */
let own = null;
/** The context of the ring: its own when another output was chosen for it. @returns {Promise<AudioContext>} */
async function ringContext() {
  const output = ringOutput();
  if (!output || !("setSinkId" in AudioContext.prototype)) return audioContext();
  own ??= new AudioContext();
  await /** @type {any} */ (own).setSinkId(output).catch(() => ringOutput(""));
  if (own.state === "suspended") await own.resume();
  return own;
}

/** Rings for this offer until `quiet`. @param {string} offer @param {string} client */
export function ring(offer, client) {
  if (ringingFor === offer) return;
  quiet();
  ringingFor = offer;
  document.title = word("title_ringing", { client });
  icon(config.icons.ring);
  playRing();
  ringing = setInterval(playRing, 3000);
  if (!document.hasFocus() && "Notification" in window && Notification.permission === "granted") {
    shown = new Notification(client, { tag: "permanence.offer", requireInteraction: true, icon: config.icons.ring });
    shown.onclick = () => window.focus();
  }
}

/** The ring is over, whatever ended it. @param {string} [title] */
export function quiet(title = quietTitle) {
  clearInterval(ringing);
  ringingFor = "";
  shown?.close();
  shown = null;
  if (document.title !== title) document.title = title;
  icon(config.icons.calm);
}

/** @param {string} href */
function icon(href) {
  const link = document.getElementById("icon");
  if (link && link.getAttribute("href") !== href) link.setAttribute("href", href);
}
