// SPDX-License-Identifier: AGPL-3.0-or-later
// A day ahead as one says it: "3 mois", "in 2 weeks", "10 j", "6 Monate"; else a day as the house writes it. Pure: the day of today comes in.
import { readDay } from "./when.js";

const DAY_MS = 86400000;
const AHEAD = /^(?:\+|in\s+|dans\s+)?(\d{1,3})\s*([\p{L}]+)\.?$/u;
/** The beginnings of the units in our languages; a whole word, or one that is cut short. */
const UNITS = { day: ["days", "jours", "tagen"], week: ["weeks", "wochen", "semaines"], month: ["months", "monaten", "mois"], year: ["years", "jahren", "annees", "ans"] };

/** @param {string} word @returns {keyof typeof UNITS|null} null for none, and for what begins several */
function unit(word) {
  const found = /** @type {(keyof typeof UNITS)[]} */ (Object.keys(UNITS)).filter((one) => UNITS[one].some((name) => name.startsWith(word)));
  // "m" is a month, "j" a day: what a secretary of the house means by one letter.
  if (word === "j") return "day";
  return found.length === 1 ? found[0] : null;
}

/** The same day so many months later, the last one of a month that is shorter. @param {string} day @param {number} months */
function monthsAfter(day, months) {
  const [year, month, date] = day.split("-").map(Number);
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + months, Math.min(date, last))).toISOString().slice(0, 10);
}

/** The day in what was typed as "2026-12-03"; "" for nothing, null when it is none. @param {string} typed @param {string} today @returns {string|null} */
export function readAhead(typed, today) {
  const text = typed.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
  const found = AHEAD.exec(text);
  const named = found ? unit(found[2]) : null;
  if (!found || !named) return readDay(typed, today);
  const count = Number(found[1]);
  if (named === "month" || named === "year") return monthsAfter(today, named === "year" ? 12 * count : count);
  return new Date(Date.parse(today) + count * (named === "week" ? 7 : 1) * DAY_MS).toISOString().slice(0, 10);
}
