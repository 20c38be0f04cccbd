// SPDX-License-Identifier: AGPL-3.0-or-later
// The keyboard. Function keys work everywhere, also while typing; single characters only outside text fields (WCAG 2.1.4).
import { byId, isTyping, make } from "./dom.js";
import { word } from "./words.js";

/** @typedef {{key: string, alt?: boolean, ctrl?: boolean, shift?: boolean, hint: string, act: () => void, when?: () => boolean, words: string, foot?: boolean}} Binding */

/** @type {Binding[]} */
const bindings = [];

/** @param {Binding} binding */
export function bind(binding) {
  bindings.push(binding);
}

/** @param {KeyboardEvent} event @param {Binding} binding */
function fits(event, binding) {
  const key = binding.key.length === 1 ? event.key.toLowerCase() : event.key;
  // AltGr arrives as Ctrl+Alt and writes characters: it is never one of our keys.
  if (event.getModifierState?.("AltGraph")) return false;
  return key === binding.key && event.altKey === Boolean(binding.alt) && (event.ctrlKey || event.metaKey) === Boolean(binding.ctrl) && event.shiftKey === Boolean(binding.shift);
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (event.repeat && event.key.startsWith("F")) return;
  const dialog = document.querySelector("dialog[open]");
  const fitting = bindings.filter((one) => fits(event, one));
  if (fitting.length) {
    // Ours even when it does nothing now: F7 must not start the browser's caret browsing in the middle of a call.
    event.preventDefault();
    if (!dialog || event.key.startsWith("F")) fitting.find((one) => !one.when || one.when())?.act();
    return;
  }
  if (!dialog && /^[1-9]$/.test(event.key) && !event.altKey && !event.ctrlKey && !event.metaKey && !isTyping(event.target)) pick(event);
}

/** Picks what is numbered on the screen. @param {KeyboardEvent} event */
function pick(event) {
  for (const hint of document.querySelectorAll("[data-numbered] kbd")) {
    if (hint.textContent !== event.key || !(/** @type {HTMLElement} */ (hint).offsetParent)) continue;
    const target = /** @type {HTMLElement|null} */ (hint.closest("label, button"));
    if (!target) continue;
    event.preventDefault();
    const input = target.querySelector("input");
    if (input) input.focus();
    target.click();
    return;
  }
}

/** Moves the focus to the next (1) or previous (-1) visible pane. @param {1|-1} step */
function pane(step) {
  const panes = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-pane]")].filter((one) => /** @type {HTMLElement} */ (one).offsetParent));
  if (!panes.length) return;
  const here = panes.findIndex((one) => one.contains(document.activeElement));
  panes[(here + step + panes.length) % panes.length].focus();
}

/** What the foot of the page says now. */
export function paintKeys() {
  const now = bindings.filter((one) => one.foot && (!one.when || one.when()));
  const text = now.map((one) => one.hint + one.words).join();
  const place = byId("keys-now");
  if (place.dataset.text === text) return;
  place.dataset.text = text;
  place.replaceChildren(...now.map((one) => make("span", {}, make("kbd", {}, one.hint), ` ${word(one.words)}`)));
}

/** The list of all keys. */
function showAll() {
  const seen = new Set();
  const rows = bindings.filter((one) => !seen.has(one.hint + one.words) && seen.add(one.hint + one.words)).map((one) => make("tr", {}, make("td", {}, make("kbd", {}, one.hint)), make("td", {}, word(one.words))));
  rows.push(make("tr", {}, make("td", {}, make("kbd", {}, "1"), "\u00a0–\u00a0", make("kbd", {}, "9")), make("td", {}, word("key_numbers"))));
  rows.push(make("tr", {}, make("td", {}, make("kbd", {}, word("key_escape"))), make("td", {}, word("key_close"))));
  byId("dialog-keys-rows").replaceChildren(...rows);
  const dialog = /** @type {HTMLDialogElement} */ (byId("dialog-keys"));
  if (!dialog.open) dialog.showModal();
}

/** Begins to listen; every key of the screen was bound before. */
export function startKeys() {
  bind({ key: "F6", hint: "F6", words: "key_pane", act: () => pane(1), foot: true });
  bind({ key: "F6", shift: true, hint: word("key_shift_f6"), words: "key_pane_back", act: () => pane(-1) });
  bind({ key: "F1", hint: "F1", words: "key_all", act: showAll });
  byId("all-keys").addEventListener("click", showAll);
  document.addEventListener("keydown", pressed, true);
}
