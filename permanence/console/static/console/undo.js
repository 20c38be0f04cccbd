// SPDX-License-Identifier: AGPL-3.0-or-later
// The way back: what was done stands in a toast with its key, for ten seconds; after that the key says what there is to do instead.
import { byId, icon, make } from "./dom.js";
import { word } from "./words.js";

/** @typedef {"booked"|"moved"|"busy"|"marked"|"delay"|"waiting"|"elsewhere"} Kind what was done: it is put right in another way once it is too late to take it back */

const UNDO_MS = 10000;
const SAID_MS = 6000;
/** What was done last and not taken back; `shown`: the toast it stands in, as long as it does. @type {{kind: Kind, shown: HTMLElement, undo: () => void, timer: number}|null} */
let last = null;

/** What was recorded, and for ten seconds the way back; nothing moves meanwhile. @param {string} text @param {Kind} kind @param {() => void} undo */
export function offerUndo(text, kind, undo) {
  if (last) clearTimeout(last.timer);
  const back = make("button", { class: "btn btn--sm", type: "button" }, word("undo"), " ", make("kbd", {}, `${word("key_ctrl")} Z`));
  const shown = make("div", { class: "toast" }, icon("check"), make("span", {}, text), back);
  last = { kind, shown, undo, timer: window.setTimeout(() => shown.remove(), UNDO_MS) };
  back.addEventListener("click", take);
  byId("toasts").replaceChildren(shown);
}

function take() {
  if (!last) return;
  const { shown, undo, timer } = last;
  last = null;
  clearTimeout(timer);
  shown.remove();
  undo();
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (!last || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.key.toLowerCase() !== "z") return;
  const text = /** @type {HTMLInputElement|null} */ (document.activeElement);
  const writes = text instanceof HTMLTextAreaElement || (text instanceof HTMLInputElement && text.type !== "radio" && text.type !== "checkbox");
  const inTime = last.shown.isConnected;
  // In a field Ctrl Z takes back what was typed; an empty one has nothing to give back as long as there is something to undo.
  if (writes && (!inTime || text.value)) return;
  event.preventDefault();
  if (inTime) take();
  else tooLate(last.kind);
}

/** @param {Kind} kind */
function tooLate(kind) {
  const said = make("div", { class: "toast" }, icon("clock"), make("span", {}, word(`undo_late_${kind}`)));
  byId("toasts").replaceChildren(said);
  setTimeout(() => said.remove(), SAID_MS);
}

document.addEventListener("keydown", pressed, true);
