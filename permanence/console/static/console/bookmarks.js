// SPDX-License-Identifier: AGPL-3.0-or-later
// What is said of a visit (confirmed, arrived, done, did not come), and the way back from each.
import { show } from "./dom.js";

/** What may be said of a visit by what was said last; "booked" takes that back. @type {Record<string, string[]>} */
const OFFERED = {
  booked: ["confirmed", "arrived", "done", "no_show"],
  confirmed: ["arrived", "done", "no_show", "booked"],
  arrived: ["done", "no_show", "booked"],
  done: ["arrived", "no_show", "booked"],
  no_show: ["arrived", "done", "booked"],
};
/** What is said on the day alone. */
const OF_THE_DAY = ["arrived", "done", "no_show"];

/** Each button with what it says of a visit. @returns {[HTMLElement, string][]} */
const marks = () => [...document.querySelectorAll("[data-mark]")].map((one) => [/** @type {HTMLElement} */ (one), /** @type {HTMLElement} */ (one).dataset.mark ?? ""]);

/** @param {(state: string, words: string) => void} mark what is done when one is pressed */
export function hearMarks(mark) {
  for (const [one, state] of marks()) one.addEventListener("click", () => mark(state, one.textContent?.trim() ?? ""));
}

/** Only what may be said of it now is offered. @param {HTMLElement|null} item */
export function offerMarks(item) {
  const offered = OFFERED[item?.dataset.state ?? ""] ?? [];
  const early = item?.hasAttribute("data-to-come") === true;
  for (const [one, state] of marks()) show(one, offered.includes(state) && !(early && OF_THE_DAY.includes(state)));
}

/** What has to be said to be where one was. @param {string} was @param {string} now */
export function wayBack(was, now) {
  return now === "booked" || OF_THE_DAY.includes(was) ? was : "booked";
}
