// SPDX-License-Identifier: AGPL-3.0-or-later
// Words and figures in the language of the page. The catalogue is JSON that the server wrote into the page.
import { pageData } from "./dom.js";

/** @type {Record<string, string>} */
const catalogue = pageData("words");
const page = document.documentElement.lang || "fr";
/** English is written as in Ireland and Britain: the day before the month, 24 hours. */
export const language = page === "en" ? "en-GB" : page;

/** What every sentence may name: the keys as they are now. @type {Record<string, string>} */
export const known = {};

/** The sentence of this key, with {names} replaced. A key that the catalogue lacks is shown as it is, and logged.
 * @param {string} key @param {Record<string, string|number>} [values] */
export function word(key, values = {}) {
  let text = catalogue[key];
  if (text === undefined) {
    console.warn(`no words for "${key}"`);
    text = key;
  }
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? known[name] ?? whole));
}

/** Whether the catalogue has this key. @param {string} key */
export function hasWord(key) {
  return key in catalogue;
}

/** A running time: 0:38, 12:05, 1:02:07. @param {number} ms */
export function running(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60];
  const hours = Math.floor(seconds / 3600);
  const tail = String(parts[1]).padStart(2, "0");
  return hours ? `${hours}:${String(parts[0]).padStart(2, "0")}:${tail}` : `${parts[0]}:${tail}`;
}

/** The clock in a time zone, for columns and bars: 14:05. @param {number} ms @param {string} [timeZone] */
export function clock(ms, timeZone) {
  return formatter({ hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }).format(ms);
}

/** A moment in a sentence: the hour today, else day and hour. @param {number} ms @param {number} now @param {string} [timeZone] */
export function moment(ms, now, timeZone) {
  const hour = sentenceHour(ms, timeZone);
  if (day(ms, timeZone) === day(now, timeZone)) return word("today_at", { hour });
  return word("day_at", { day: day(ms, timeZone), hour });
}

/** The hour in a sentence: « 14 h 05 », « 8 h » in French, 14:05 Uhr in German, 14:05 elsewhere. @param {number} ms @param {string} [timeZone] */
export function sentenceHour(ms, timeZone) {
  const text = clock(ms, timeZone);
  if (language.startsWith("de")) return `${text}\u00a0Uhr`;
  if (!language.startsWith("fr")) return text;
  const [hours, minutes] = text.split(":");
  return minutes === "00" ? `${Number(hours)}\u00a0h` : `${Number(hours)}\u00a0h\u00a0${minutes}`;
}

/** A day in a sentence: 2 novembre. @param {number} ms @param {string} [timeZone] */
export function day(ms, timeZone) {
  return dayWords(ms, { day: "numeric", month: "long", timeZone });
}

/** A day in words, as `foundation/dates.py` writes it: French says « 1er » of the first of the month only, English sets no comma after the name of the day. @param {number} ms @param {Intl.DateTimeFormatOptions} options */
export function dayWords(ms, options) {
  const parts = formatter(options).formatToParts(ms);
  const words = parts.map(({ type, value }) => (type === "day" && value === "1" && language.startsWith("fr") ? "1er" : value)).join("");
  return language.startsWith("en") ? words.replace(",", "") : words;
}

/** The name of a language in the language of the page: allemand. @param {string} code */
export function languageInWords(code) {
  return new Intl.DisplayNames([language], { type: "language" }).of(code) ?? code;
}

/** The name of a country in the language of the page. @param {string} code */
export function countryName(code) {
  return code ? (new Intl.DisplayNames([language], { type: "region" }).of(code) ?? code) : "";
}

/** The name of a language in that language, as a choice: Deutsch. @param {string} code */
export function languageName(code) {
  const name = new Intl.DisplayNames([code], { type: "language" }).of(code) || code;
  return name.charAt(0).toLocaleUpperCase(code) + name.slice(1);
}

/** What is said aloud stands between guillemets. @param {string} text */
export function spoken(text) {
  return `«\u00a0${text.replace(/^\s*«\s*|\s*»\s*$/g, "")}\u00a0»`;
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formatters = new Map();
/** @param {Intl.DateTimeFormatOptions} options */
function formatter(options) {
  const key = JSON.stringify(options);
  let found = formatters.get(key);
  if (!found) {
    try {
      found = new Intl.DateTimeFormat(language, options);
    } catch {
      found = new Intl.DateTimeFormat(language, { ...options, timeZone: undefined });
    }
    formatters.set(key, found);
  }
  return found;
}
