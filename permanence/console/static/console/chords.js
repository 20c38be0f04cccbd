// SPDX-License-Identifier: AGPL-3.0-or-later
// Keys as text ("Alt+p", "Control+Enter", "F2"): which one was pressed, how it is written on a button, which ones may be chosen.
import { config } from "./api.js";
import { word } from "./words.js";

const MODIFIERS = /** @type {const} */ (["Control", "Alt", "Shift"]);
const ALONE = new Set(["Control", "Alt", "Shift", "Meta", "AltGraph", "CapsLock", "NumLock", "ScrollLock", "Dead", "Process", "Unidentified"]);
/** The browser's own, and those by which a page is walked through. */
const NOT_OURS = new RegExp(config.keys.reserved);

/** The chord of an event; "" for a modifier alone. AltGr arrives as Ctrl+Alt and writes characters: it is never one of ours.
 * @param {KeyboardEvent} event */
export function chordOf(event) {
  if (ALONE.has(event.key) || event.getModifierState?.("AltGraph")) return "";
  const held = { Control: event.ctrlKey || event.metaKey, Alt: event.altKey, Shift: event.shiftKey };
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return [...MODIFIERS.filter((one) => held[one]), key].join("+");
}

/** As it stands on a button: "Alt P", « Ctrl Entrée ». @param {string} chord */
export function hintOf(chord) {
  const names = { Control: word("key_ctrl"), Shift: word("key_shift"), Enter: word("key_enter"), " ": "\u2423" };
  return chord
    .split("+")
    .map((part) => names[/** @type {keyof typeof names} */ (part)] ?? (part.length === 1 ? part.toLocaleUpperCase() : part))
    .join(" ");
}

/** As `aria-keyshortcuts` wants it. @param {string} chord */
export function ariaOf(chord) {
  return chord.replace(/\+(\w)$/, (_whole, letter) => `+${letter.toUpperCase()}`);
}

/** Why a chord cannot be chosen, as a key of the catalogue; "" when it can (WCAG 2.1.4: no character alone). @param {string} chord */
export function unfit(chord) {
  const key = chord.split("+").at(-1) ?? "";
  if (NOT_OURS.test(chord)) return "key_browsers";
  if (key.length <= 1 && !/^(Control|Alt)\+/.test(chord)) return "key_letter";
  return "";
}
