// SPDX-License-Identifier: AGPL-3.0-or-later
// Birth dates as they are typed: "140361", "14.03.1961", "14 mars 1961". Read as permanence.callers.rules.birth reads them, which a test compares; here, so that a
// script goes on while the site is away.

/** Years: nobody who is alive was born longer ago. */
const OLDEST = 125;
const LONGEST = 40;
const COMPACT = /^(?:[0-9]{6}|[0-9]{8})$/;
const FIGURES = /^[0-9]{1,4}(?:[ ./-]+[0-9]{1,4}){0,2}$/;
const NAMES = [
  "janvier january januar janv jan jaenner",
  "fevrier february februar fevr fev feb",
  "mars march marz maerz mar",
  "avril april avr apr",
  "mai may",
  "juin june juni jun",
  "juillet july juli juil jul",
  "aout august aug",
  "septembre september sept sep",
  "octobre october oktober oct okt",
  "novembre november nov",
  "decembre december dezember dec dez",
];
/** @type {Map<string, number>} */
const MONTHS = new Map(NAMES.flatMap((names, n) => names.split(" ").map((/** @type {string} */ name) => /** @type {[string, number]} */ ([name, n + 1]))));
/** Where people spell a birth date from their health number, which begins with the year. */
const YEAR_FIRST = new Set(["Europe/Luxembourg"]);

/** The day of somebody's birth as "1961-03-14"; "" for what is none, is no whole day, is to come or too long ago.
 * Of two digits the year is the last one that has been. @param {string} text @param {{today: string, zone: string}} about `today`: "2026-11-27" @returns {string} */
export function readBirth(text, { today, zone }) {
  const oldest = Number(today.slice(0, 4)) - OLDEST;
  for (const [year, month, day] of ways(text, zone)) {
    for (const whole of years(year, today)) {
      const found = iso(whole, month, day);
      if (found && found <= today && whole >= oldest) return found;
    }
  }
  return "";
}

/** Today on the wall of that zone. @param {number} now ms @param {string} zone */
export function todayIn(now, zone) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone || "UTC", year: "numeric", month: "2-digit", day: "2-digit" }).format(now);
}

/** @param {number} year @param {number} month @param {number} day */
function iso(year, month, day) {
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()) return "";
  return `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

/** @param {string} typed @param {string} today */
function years(typed, today) {
  const century = Number(today.slice(0, 4)) - (Number(today.slice(0, 4)) % 100);
  return typed.length > 2 ? [Number(typed)] : [century + Number(typed), century - 100 + Number(typed)];
}

/** [year as typed, month, day] as it may be meant, the likeliest first. @param {string} text @param {string} zone @returns {[string, number, number][]} */
function ways(text, zone) {
  if (text.trim().length > LONGEST) return [];
  const typed = inFigures(text.trim());
  if (COMPACT.test(typed)) {
    /** @type {[string, number, number]} */
    const first = [typed.slice(4), Number(typed.slice(2, 4)), Number(typed.slice(0, 2))];
    if (typed.length !== 8 || !YEAR_FIRST.has(zone) || !/^(?:19|20)/.test(typed)) return [first];
    return sensible([first, [typed.slice(0, 4), Number(typed.slice(4, 6)), Number(typed.slice(6))]]);
  }
  if (!FIGURES.test(typed)) return [];
  const parts = typed.split(/[^0-9]+/);
  if (parts.length !== 3) return [];
  const [one, two, three] = parts;
  if (one.length === 4 && two.length <= 2 && three.length <= 2) return [[one, Number(two), Number(three)]];
  if (one.length <= 2 && two.length <= 2 && (three.length === 2 || three.length === 4)) return [[three, Number(two), Number(one)]];
  return [];
}

/** Those that are a day at all, or the first. @param {[string, number, number][]} found */
function sensible(found) {
  const kept = found.filter(([year, month, day]) => month >= 1 && month <= 12 && day >= 1 && day <= 31 && year >= "1800");
  return kept.length ? kept : found.slice(0, 1);
}

/** "14 mars 1961" as "14.3.1961". @param {string} text */
function inFigures(text) {
  const replaced = text.replace(/\p{L}+/gu, (name) => {
    const month = MONTHS.get(name.normalize("NFKD").toLowerCase().replace(/\p{M}+/gu, ""));
    return month ? ` ${month} ` : name;
  });
  if (replaced === text) return text;
  return replaced.replace(/(?<=[0-9])(?:er|st|nd|rd|th)?[ .,]+/g, ".").replace(/^[ .]+|[ .]+$/g, "");
}
