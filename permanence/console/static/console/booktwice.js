// SPDX-License-Identifier: AGPL-3.0-or-later
// The night on which clocks go back, in a lane of the grid: an hour that comes twice has two halves, one each time. On every other day a lapse is a step.
import { hourOf, STEP_MINUTES } from "./bookplaces.js";
import { word } from "./words.js";

/** @typedef {{minute: number, again: boolean, starts: string, hour: string}} Time a minute of a lane's day; where it comes twice: whether it is the second one (`again`), which moment that is (`starts`, else ""), and in its words */

/** The steps that come twice, and the offset that the clock has each time. @param {HTMLElement} lane */
function twiceOf(lane) {
  if (!lane.dataset.twice) return null;
  const [first, until, once, again] = lane.dataset.twice.split(" ");
  return { first: Number(first), until: Number(until), once, again, more: Number(until) - Number(first) };
}

/** @param {HTMLElement} lane @param {number} step */
export function isTwice(lane, step) {
  const twice = twiceOf(lane);
  return twice !== null && twice.first <= step && step < twice.until;
}

/** @param {HTMLElement} lane @param {number} minute @param {boolean} [again] @returns {Time} */
export function timeOf(lane, minute, again = false) {
  const [twice, hour] = [twiceOf(lane), hourOf(minute)];
  if (!twice || !isTwice(lane, Math.floor(minute / STEP_MINUTES))) return { minute, again: false, starts: "", hour };
  const starts = `${lane.dataset.day}T${hour}:00${again ? twice.again : twice.once}`;
  return { minute, again, starts, hour: again ? word("book_again", { hour }) : hour };
}

/** Whether what stands in a lane is there in the second of two hours alone. @param {Element} one */
export function isAgain(one) {
  return one.classList.contains("is-again");
}

/** How many steps are over since midnight, those that come twice counted twice. @param {HTMLElement} lane @param {number} step @param {boolean} [again] */
export function lapseOf(lane, step, again = false) {
  const twice = twiceOf(lane);
  if (!twice || step < twice.first) return step;
  return step >= twice.until || again ? step + twice.more : step;
}

/** The step that it is then. @param {HTMLElement} lane @param {number} lapse @returns {{step: number, again: boolean}} */
export function stepAt(lane, lapse) {
  const twice = twiceOf(lane);
  if (!twice || lapse < twice.until) return { step: lapse, again: false };
  return { step: lapse - twice.more, again: lapse < twice.until + twice.more };
}

/** From when until when something stands in a lane, as lapses. @param {HTMLElement} lane @param {Element} one @param {[number, number]} steps its first one, and how many @returns {[number, number]} */
export function lapsesOf(lane, one, [first, span]) {
  const [twice, begins, last] = [twiceOf(lane), lapseOf(lane, first, isAgain(one)), first + span];
  if (!twice || last <= twice.first) return [begins, last];
  return [begins, one.classList.contains("is-once") ? Math.min(last, twice.until) : last + twice.more];
}

/** The half of a lane for a place where nothing stands, as classes: "" where the hour comes once. @param {HTMLElement} lane @param {number} step @param {boolean} [again] */
export function halfOf(lane, step, again = false) {
  return isTwice(lane, step) ? ` w2 x${Number(again)}` : "";
}
