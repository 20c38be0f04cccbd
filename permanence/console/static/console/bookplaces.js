// SPDX-License-Identifier: AGPL-3.0-or-later
// Places in the grid of the agenda, as its modules compare them and say them.
import { dayWords } from "./words.js";

/** What a step of the grid is, in minutes. */
export const STEP_MINUTES = 5;

/** 14:05 of a minute of the day. @param {number} minute */
export function hourOf(minute) {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

/** A time of an agenda in a word, for comparing; `again`: the second one of two. @param {{agenda: string, day: string, minute: number, again?: boolean}} at */
export function placeOf(at) {
  return `${at.agenda} ${at.day} ${at.minute}${at.again ? " again" : ""}`;
}

/** A time as the site takes it: where it comes twice that day, `starts` says which. @param {{day: string, minute: number, starts?: string}} at @returns {Record<string, string>} */
export function sentOf({ day, minute, starts }) {
  return { day, minute: String(minute), ...(starts ? { starts_at: starts } : {}) };
}

/** Where a visit stands as she sees it: what she does with it is not done once it stands elsewhere. @param {HTMLElement} item */
export function shownAt(item) {
  const { agenda = "", day = "" } = /** @type {HTMLElement|null} */ (item.closest("[data-lane]"))?.dataset ?? {};
  return { was_agenda: agenda, was_day: day, was_minute: item.dataset.minute ?? "" };
}

/** A day for what is about to be done and was done: mar. 1er déc. @param {string} day */
export function dayOf(day) {
  return dayWords(Date.parse(day), { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" }).replaceAll(" ", "\u00a0");
}

/** A practitioner; in the week, where each of his days has a lane, with the day. @param {{name: string, day: string}} at @param {string} view */
export function nameIn({ name, day }, view) {
  return view === "week" ? `${name}, ${dayOf(day)}` : name;
}

/** A time with its day. @param {{day: string, hour: string}} at */
export function whenOf({ day, hour }) {
  return `${dayOf(day)} ${hour}`;
}
