// SPDX-License-Identifier: AGPL-3.0-or-later
// A row of today's messages opens in place: its words, its number, how far it went, the answers. A new answer is marked until its row was opened.
import { config, fragment } from "./api.js";
import { showError } from "./banners.js";
import { show } from "./dom.js";
import { word } from "./words.js";

const KEPT = `permanence.answers.${config.person}`;
const KEPT_AT_MOST = 500;
/** What was fetched of the rows that are open. @type {Map<string, DocumentFragment|null>} */
const open = new Map();
/** @type {Map<string, number>} how many answers of a message she has seen */
let seen = new Map();
try {
  seen = new Map(JSON.parse(localStorage.getItem(KEPT) || "[]"));
} catch {
  // What was kept is not readable: every answer is new.
}

/** @param {HTMLElement} row */
function paint(row) {
  const message = row.dataset.message ?? "";
  const place = /** @type {HTMLElement|null} */ (row.querySelector("[data-opened]"));
  const mark = /** @type {HTMLElement|null} */ (row.querySelector("[data-new-answer]"));
  if (!place) return;
  const content = open.get(message);
  row.classList.toggle("is-open", open.has(message));
  row.querySelector("[data-open]")?.setAttribute("aria-expanded", String(open.has(message)));
  show(place, open.has(message));
  if (content) place.replaceChildren(content.cloneNode(true));
  else if (!open.has(message)) place.replaceChildren();
  if (mark) show(mark, Number(row.dataset.answers) > (seen.get(message) ?? 0));
}

/** Every place of the page that shows the message. @param {string} message */
function paintAll(message) {
  for (const row of document.querySelectorAll(`[data-message="${CSS.escape(message)}"]`)) paint(/** @type {HTMLElement} */ (row));
}

/** @param {string} message @param {number} answers */
function see(message, answers) {
  seen.delete(message);
  seen.set(message, answers);
  seen = new Map([...seen].slice(-KEPT_AT_MOST));
  localStorage.setItem(KEPT, JSON.stringify([...seen]));
}

/** @param {string} message @param {number} answers */
async function read(message, answers) {
  try {
    const content = await fragment(`/console/messages/${encodeURIComponent(message)}`);
    if (!open.has(message)) return;
    open.set(message, content);
    if (answers) see(message, answers);
  } catch {
    if (open.get(message) === null) {
      open.delete(message);
      showError(word("message_not_opened"));
    }
  }
  paintAll(message);
}

/** @param {HTMLElement} row */
function toggle(row) {
  const message = row.dataset.message ?? "";
  if (open.has(message)) open.delete(message);
  else {
    open.set(message, null);
    read(message, Number(row.dataset.answers));
  }
  paintAll(message);
}

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const row = /** @type {HTMLElement|null} */ (target.closest("[data-message]"));
  // A selection of words in an open row, its other buttons and what it opened are left alone.
  if (!row || target.closest("button:not([data-open]), a, [data-opened]") || String(getSelection())) return;
  toggle(row);
});

/** After the list was fetched again: what was open stays open, and is read again when its answers changed. */
document.addEventListener("permanence:renewed", () => {
  const again = new Map();
  for (const element of document.querySelectorAll("[data-message]")) {
    const row = /** @type {HTMLElement} */ (element);
    paint(row);
    if (open.has(row.dataset.message ?? "")) again.set(row.dataset.message, Number(row.dataset.answers));
  }
  for (const [message, answers] of again) if (open.get(message)) read(message, answers);
});
