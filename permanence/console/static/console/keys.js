// SPDX-License-Identifier: AGPL-3.0-or-later
// The keyboard. Function keys work everywhere, also while typing; single characters only outside text fields (WCAG 2.1.4). Every key can be changed by the person, who finds hers at every machine (`keptkeys.js`).
import { config } from "./api.js";
import { ariaOf, chordOf, hintOf, unfit } from "./chords.js";
import { numbered, paintNumbers } from "./digits.js";
import { byId, isTyping, make, say, show } from "./dom.js";
import { keepKeys, keptKeys, onKeys } from "./keptkeys.js";
import { openOver } from "./questions.js";
import { known, word } from "./words.js";

/** @typedef {{id: string, act: () => void, when?: () => boolean, words: string, foot?: boolean}} Binding */

/** What each key is until the person changes it. */
const STANDARD = config.keys.standard;
/** These act on the call, or know what lies on top of the page. */
const CALL = new Set(["forward", "end", "hold", "mute", "read"]);

/** @type {Binding[]} */
const bindings = [];
let chosen = keptKeys();
/** The key that is being changed. */
let changing = "";

/** @param {Binding} binding */
export function bind(binding) {
  bindings.push(binding);
}

/** The chord of a key now. @param {string} id */
function chord(id) {
  return chosen.chords[id] ?? STANDARD[id] ?? "";
}

/** They hold from now on, here and at the site. @param {string} said what is said at once */
async function keep(said) {
  paintHints();
  paintKeys();
  say(byId("keys-said"), said);
  if (!(await keepKeys(chosen)) && !changing) say(byId("keys-said"), [said, word("key_here")].join(" ").trim());
}

/** The site took them, or refused them with the reason: then they are as they were. @param {import("./api.js").Keys} held @param {string} trouble */
function settled(held, trouble) {
  chosen = held;
  if (!trouble) return;
  const focused = document.activeElement?.id ?? "";
  changing = "";
  /** @type {HTMLInputElement} */ (byId("keys-numbers")).checked = chosen.numbers;
  paintHints();
  paintKeys();
  paintRows();
  say(byId("keys-said"), trouble);
  document.getElementById(focused)?.focus();
}

/** The hints on the buttons follow. */
function paintHints() {
  for (const id of Object.keys(STANDARD)) known[id] = hintOf(chord(id));
  for (const hint of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("kbd[data-key]"))) {
    const id = hint.dataset.key ?? "";
    say(hint, hintOf(chord(id)));
    hint.closest("[aria-keyshortcuts]")?.setAttribute("aria-keyshortcuts", ariaOf(chord(id)));
    // Where a row of tabs has no room for it, the key is told under the pointer.
    hint.closest("[role=tab]")?.setAttribute("title", hintOf(chord(id)));
  }
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (changing) return change(event);
  const dialog = document.querySelector("dialog[open]");
  const text = chordOf(event);
  const fitting = bindings.filter((one) => chord(one.id) === text);
  if (fitting.length) {
    // Ours even when it does nothing now: F7 must not start the browser's caret browsing in the middle of a call.
    event.preventDefault();
    if (event.repeat) return undefined;
    const able = fitting.find((one) => !one.when || one.when());
    if (able && (!dialog || CALL.has(able.id))) able.act();
    return undefined;
  }
  if (chosen.numbers && !dialog && /^[1-9]$/.test(text) && !isTyping(event.target)) pick(event);
  return undefined;
}

/** The next key pressed is the new one. @param {KeyboardEvent} event */
function change(event) {
  event.preventDefault();
  event.stopPropagation();
  const text = chordOf(event);
  if (!text || event.repeat) return;
  const id = changing;
  const taken = bindings.find((one) => one.id !== id && chord(one.id) === text);
  if (text === "Escape") return settle(id, "");
  const fault = unfit(text);
  if (fault) return say(byId("keys-said"), word(fault, { key: hintOf(text) }));
  if (taken) return say(byId("keys-said"), word("key_taken", { key: hintOf(text), what: wordsOf(taken.id) }));
  const chords = { ...chosen.chords, [id]: text };
  if (STANDARD[id] === text) delete chords[id];
  chosen = { ...chosen, chords };
  settle(id, "");
  keep(word("key_changed", { key: hintOf(text), what: wordsOf(id) }));
}

/** @param {string} id @param {string} said */
function settle(id, said) {
  changing = "";
  paintRows();
  say(byId("keys-said"), said);
  byId(`change-${id}`).focus();
}

/** What a key does, in every state it has. @param {string} id */
function wordsOf(id) {
  return [...new Set(bindings.filter((one) => one.id === id).map((one) => word(one.words)))].join(", ");
}

/** Picks what is numbered on the screen. @param {KeyboardEvent} event */
function pick(event) {
  const hints = numbered().flatMap((one) => [...one.querySelectorAll("kbd")]);
  for (const hint of hints) {
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

/** What the foot of the page says now, and which lists hear the figures. */
export function paintKeys() {
  paintNumbers();
  const now = bindings.filter((one) => one.foot && (!one.when || one.when()));
  const text = now.map((one) => chord(one.id) + one.words).join();
  const place = byId("keys-now");
  if (place.dataset.text === text) return;
  place.dataset.text = text;
  place.replaceChildren(...now.map((one) => make("span", {}, make("kbd", {}, hintOf(chord(one.id))), ` ${word(one.words)}`)));
}

/** The rows of the list: the key, what it does, and the button that changes it. */
function paintRows() {
  const rows = [...new Set(bindings.map((one) => one.id))].map((id) => {
    const what = wordsOf(id);
    const button = make("button", { class: "btn btn--sm btn--quiet", type: "button", id: `change-${id}`, "aria-label": word("key_change_of", { what }) }, word("key_change"));
    button.addEventListener("click", () => {
      changing = id;
      say(byId("keys-said"), word("key_press", { what, escape: word("key_escape") }));
    });
    return make("tr", {}, make("td", {}, make("kbd", {}, hintOf(chord(id)))), make("td", {}, what), make("td", {}, button));
  });
  rows.push(make("tr", {}, make("td", {}, make("kbd", {}, word("key_escape"))), make("td", {}, word("key_close")), make("td", {})));
  byId("dialog-keys-rows").replaceChildren(...rows);
}

/** The list of all keys; those of the agenda come first while it is what she sees. */
function showAll() {
  paintRows();
  show(byId("dialog-keys-agenda"), !byId("view-book").hidden);
  say(byId("keys-said"), "");
  openOver(/** @type {HTMLDialogElement} */ (byId("dialog-keys")));
}

/** Begins to listen; every key of the screen was bound before. */
export function startKeys() {
  bind({ id: "pane", words: "key_pane", act: () => pane(1), foot: true });
  bind({ id: "pane_back", words: "key_pane_back", act: () => pane(-1) });
  bind({ id: "keys", words: "key_all", act: showAll });
  paintHints();
  byId("all-keys").addEventListener("click", showAll);
  const numbers = /** @type {HTMLInputElement} */ (byId("keys-numbers"));
  numbers.checked = chosen.numbers;
  numbers.addEventListener("change", () => {
    chosen = { ...chosen, numbers: numbers.checked };
    keep("");
  });
  byId("keys-reset").addEventListener("click", () => {
    chosen = { numbers: true, chords: {} };
    numbers.checked = true;
    paintRows();
    keep(word("key_all_back"));
  });
  byId("dialog-keys").addEventListener("close", () => {
    changing = "";
  });
  document.addEventListener("keydown", pressed, true);
  document.addEventListener("focusin", paintNumbers);
  onKeys(settled);
}
