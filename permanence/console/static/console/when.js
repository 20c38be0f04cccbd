// SPDX-License-Identifier: AGPL-3.0-or-later
// Days and hours as the house writes them, not as a browser's field wants them: 3/12, 03.12.26, demain, jeudi; 14h30, 14:30, 1430, 9. Pure: the day of today comes in.
import { dayWords, language, word } from "./words.js";

const DAY_MS = 24 * 3600 * 1000;
/** So far back a day without its year may lie before it is meant for the coming year. */
const BACK_MS = 31 * DAY_MS;

/** Midnight of a day in UTC, where days have no clock; NaN when there is no such day. @param {number} year @param {number} month @param {number} day */
function utc(year, month, day) {
  const found = new Date(Date.UTC(year, month - 1, day));
  return found.getUTCMonth() === month - 1 && found.getUTCDate() === day ? found.getTime() : Number.NaN;
}

/** @param {number} ms */
const iso = (ms) => (Number.isNaN(ms) ? null : new Date(ms).toISOString().slice(0, 10));

/** Small letters without accents. @param {string} text */
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();

/** The day in what was typed as "2026-12-03"; "" for nothing, null when it is none. A day without its year is the one nearest ahead, a weekday the next of that name.
 * @param {string} typed @param {string} today "2026-11-27" at the client's @returns {string|null} */
export function readDay(typed, today) {
  const text = plain(typed);
  if (!text) return "";
  const now = Date.parse(today);
  if (text === plain(word("when_today"))) return today;
  if (text === plain(word("when_tomorrow"))) return iso(now + DAY_MS);
  const whole = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  if (whole) return iso(utc(Number(whole[1]), Number(whole[2]), Number(whole[3])));
  const short = /^(\d{1,2})[/.\- ]+(\d{1,2})(?:[/.\- ]+(\d{2}|\d{4}))?[.]?$/.exec(text) ?? /^(\d{2})(\d{2})(\d{2}|\d{4})?$/.exec(text);
  if (short) {
    const [day, month] = [Number(short[1]), Number(short[2])];
    if (short[3]) return iso(utc(short[3].length === 2 ? 2000 + Number(short[3]) : Number(short[3]), month, day));
    const year = new Date(now).getUTCFullYear();
    return iso([year - 1, year, year + 1, year + 2].map((one) => utc(one, month, day)).find((one) => one >= now - BACK_MS) ?? Number.NaN);
  }
  return weekday(text, now);
}

/** @param {string} text @param {number} now */
function weekday(text, now) {
  if (text.length < 2) return null;
  const name = new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" });
  const coming = [1, 2, 3, 4, 5, 6, 7].map((step) => now + step * DAY_MS);
  const fitting = coming.filter((one) => plain(name.format(one)).startsWith(text));
  return fitting.length === 1 ? iso(fitting[0]) : null;
}

/** The hour in what was typed as "14:30"; "" for nothing, null when it is none. @param {string} typed @returns {string|null} */
export function readHour(typed) {
  const text = plain(typed).replace(/\s*(uhr|h|:|\.)\s*$/, "");
  if (!text) return plain(typed) ? null : "";
  const found = /^(\d{1,2})(?:\s*(?:uhr|h|:|\.|\s)\s*(\d{2}))?$/.exec(text) ?? /^(\d{1,2})(\d{2})$/.exec(text);
  const [hours, minutes] = [Number(found?.[1]), Number(found?.[2] ?? 0)];
  if (!found || hours > 23 || minutes > 59) return null;
  return `${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
}

/** A day as a sentence says it: jeudi 3 décembre. @param {string} day "2026-12-03" */
export function sayDay(day) {
  return dayWords(Date.parse(day), { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
}

/** A day as it stands in the field: 03/12/2026, 03.12.2026. @param {string} day "2026-12-03" or "" */
export function writeDay(day) {
  return day ? new Intl.DateTimeFormat(language, { day: "2-digit", month: "2-digit", year: "numeric", timeZone: "UTC" }).format(Date.parse(day)) : "";
}

/** The day it is on a clock: "2026-11-27". @param {number} ms @param {string} timeZone */
export function dayOn(ms, timeZone) {
  return new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone }).format(ms);
}
