// SPDX-License-Identifier: AGPL-3.0-or-later
// The way back: what was done stands in a toast with its key, for ten seconds; after that the key says what there is to do instead.
import { make } from "./dom.js";
import { keepSaid, raised, sayInPassing } from "./toasts.js";
import { word } from "./words.js";

/** @typedef {"booked"|"moved"|"busy"|"marked"|"delay"|"waiting"|"elsewhere"|"cancelled"|"freed"|"on_time"} Kind what was done: it is put right in another way once it is too late to take it back, the last three ever */

const UNDO_MS = 10000;
/** What was done last and not taken back; `shown`: the toast it stands in, as long as it does; `isPast`: in the call before. @type {{text: string, kind: Kind, shown: HTMLElement, undo: () => void, timer: number, isPast: boolean}|null} */
let last = null;
/** What the key said last. @type {HTMLElement|null} */
let late = null;

/** What was recorded, and for ten seconds the way back; nothing moves meanwhile. What was refused just before is still read. @param {string} text @param {Kind} kind @param {() => void} undo @param {"check"|"alert"} [sign] @param {string} [more] what else there is to know of it now, and not once it is too late */
export function offerUndo(text, kind, undo, sign = "check", more = "") {
  over();
  const back = make("button", { class: "btn btn--sm", type: "button" }, word("undo"), " ", make("kbd", {}, `${word("key_ctrl")} Z`));
  const shown = raised(sign, [text, more].filter(Boolean).join(". "), back);
  last = { text, kind, shown, undo, timer: window.setTimeout(() => shown.remove(), UNDO_MS), isPast: false };
  back.addEventListener("click", take);
}

/** What could not be taken back can be tried again. What she did since is what the key means by then: this is only said, until she closes it. @param {string} text @param {Kind} kind @param {() => void} undo */
export function offerAgain(text, kind, undo) {
  if (last) keepSaid(text);
  else offerUndo(text, kind, undo, "alert");
}

/** What was recorded and has no way back: the key means this one, and takes back nothing that was done before it. @param {string} text @param {Kind} kind */
export function noWayBack(text, kind) {
  over();
  last = { text, kind, shown: make("div"), undo: () => undefined, timer: 0, isPast: false };
}

/** Another call's card opens: what it is too late to take back is not spoken of in this call. */
export function forget() {
  if (last) last.isPast = true;
}

/** Nothing can be taken back any more. */
function over() {
  late?.remove();
  if (!last) return;
  clearTimeout(last.timer);
  last.shown.remove();
  last = null;
}

function take() {
  const undo = last?.undo;
  over();
  undo?.();
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (!last || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.key.toLowerCase() !== "z") return;
  const text = /** @type {HTMLInputElement|null} */ (document.activeElement);
  const writes = text instanceof HTMLTextAreaElement || (text instanceof HTMLInputElement && text.type !== "radio" && text.type !== "checkbox");
  const inTime = last.shown.isConnected;
  // In a field Ctrl Z takes back what was typed; an empty one has nothing to give back as long as there is something to undo.
  if ((writes && (!inTime || text.value)) || (!inTime && last.isPast)) return;
  event.preventDefault();
  if (inTime) take();
  else tooLate(last);
}

/** @param {{text: string, kind: Kind}} done what is meant is said before what there is to do */
function tooLate({ text, kind }) {
  late?.remove();
  late = sayInPassing(`${text.replace(/\.$/, "")}. ${word(`undo_late_${kind}`)}`, "clock");
}

document.addEventListener("keydown", pressed, true);
