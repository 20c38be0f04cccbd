// SPDX-License-Identifier: AGPL-3.0-or-later
// The line above a card that says how many of its instructions are new, and the key that brings one after the other into view.
import { byId, make, show } from "./dom.js";
import { known, word } from "./words.js";

const NEW = ".order--new";

/** The new instructions of a list, in their order. @param {HTMLElement} list @returns {HTMLElement[]} */
function fresh(list) {
  return [...list.querySelectorAll(NEW)].map((one) => /** @type {HTMLElement} */ (one));
}

/** Says above the list how many are new. @param {HTMLElement} list */
export function paintNews(list) {
  const line = /** @type {HTMLElement} */ (document.querySelector(`[data-news="${list.id}"]`));
  const count = fresh(list).length;
  show(line, count > 0);
  if (line.dataset.count === String(count)) return;
  line.dataset.count = String(count);
  const button = make("button", { class: "btn btn--sm push", type: "button", "aria-keyshortcuts": "Alt+C", "aria-controls": list.id }, word("news_next"), " ", make("kbd", { "data-key": "news" }, known.news));
  button.addEventListener("click", () => showNext(list));
  line.replaceChildren(make("strong", {}, count === 1 ? word("news_one") : word("news_many", { count })), button);
}

/** The list that is on the screen. */
function listNow() {
  return ["ring-orders", "desk-orders"].map(byId).find((one) => one.checkVisibility());
}

/** Whether a new instruction stands on the card that is shown. */
export function hasNews() {
  const list = listNow();
  return Boolean(list && fresh(list).length);
}

/** Brings the next new instruction of the card that is shown into view; after the last comes the first. */
export function nextNews() {
  const list = listNow();
  if (list) showNext(list);
}

/** First the one that is not wholly seen, then the one after it. What she types in keeps the focus. @param {HTMLElement} list */
function showNext(list) {
  const rows = fresh(list);
  if (!rows.length) return;
  const before = rows.findIndex((one) => one.dataset.version === list.dataset.brought);
  const hidden = rows.findIndex((one) => !whollySeen(one));
  const next = rows[before < 0 ? Math.max(hidden, 0) : (before + 1) % rows.length];
  list.dataset.brought = next.dataset.version;
  next.scrollIntoView({ block: "start" });
}

/** Whether all of it is inside what scrolls around it. @param {HTMLElement} row */
function whollySeen(row) {
  const box = row.closest('[role="group"]')?.getBoundingClientRect();
  const { top, bottom } = row.getBoundingClientRect();
  return !box || (top >= box.top - 1 && bottom <= box.bottom + 1);
}
