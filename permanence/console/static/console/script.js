// SPDX-License-Identifier: AGPL-3.0-or-later
// Runs a script: from the answers given so far to the next question, what is missing, the red flags and the route. Pure: no page, no clock.
// The same as clients/rules/script_run.py, word for word; tests/vectors/script_cases.json holds the two together.

/**
 * @typedef {{question: string, one_of?: string[], at_least?: number|null, below?: number|null}} Clause
 * @typedef {{code: string, label: string, then?: string}} Choice
 * @typedef {{id: string, kind: string, ask: string, label: string, hint?: string, choices?: Choice[], required?: boolean, read_back?: boolean, fills?: string, when?: Clause[], then?: string}} Question
 * @typedef {{id: string, act: string, label: string, when?: Clause[], recipient?: string, recipient_from?: string, urgency?: string, outcome?: string, number?: string, announced?: boolean, say?: string}} Route
 * @typedef {{id: string, label: string, say: string, words?: string[], when?: Clause[], asks?: string[], alert?: {recipient: string}|null}} RedFlag
 * @typedef {{format: number, title: string, language: string, questions: Question[], routes: Route[], red_flags?: RedFlag[]}} Script
 * @typedef {{asked: string[], next: string, missing: string[], to_read_back: string[], red_flags: string[], route: string, recipient: string, urgency: string, outcome: string}} Progress
 */

/** The version of the language that is run here. */
export const FORMAT = 1;
const BLANKS = " \t\n\r\u00a0\u202f";
const NUMBER = /^-?[0-9]{1,9}(?:[.,][0-9]{1,3})?$/;
const PHONE = /^[0-9+ ().\-/\u00a0\u202f]+$/;
const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const LEAST_DIGITS = 3;
const MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The script behind the JSON text of a card; null when there is none, or one of a later version of the language. @param {string|undefined} text @returns {Script|null} */
export function readScript(text) {
  try {
    const script = JSON.parse(text || "null");
    return script && script.format === FORMAT && Array.isArray(script.questions) && Array.isArray(script.routes) ? script : null;
  } catch {
    return null;
  }
}

/** Where the call stands. An answer "" means: passed over.
 * @param {Script} script @param {Record<string, string>} answers @param {{heard?: string, read?: string[], recipients?: string[]}} [about] @returns {Progress} */
export function progress(script, answers, { heard = "", read = [], recipients = [] } = {}) {
  /** @type {Map<string, string>} */
  const given = new Map();
  /** @type {string[]} */
  const asked = [];
  /** @type {string[]} */
  const missing = [];
  let waiting = "";
  let at = 0;
  while (at < script.questions.length) {
    const question = script.questions[at];
    at += 1;
    if (!holds(question.when, given)) continue;
    asked.push(question.id);
    if (!Object.hasOwn(answers, question.id)) {
      waiting = question.id;
      break;
    }
    const answer = clean(answers[question.id]);
    if (isAnswer(question, answer, recipients)) given.set(question.id, answer);
    else if (answer || question.required) missing.push(question.id);
    at = onward(script, question, given, at);
  }
  const written = fold([...script.questions.filter((one) => one.kind === "text" && given.has(one.id)).map((one) => given.get(one.id)), heard].join(" ; "));
  const flags = (script.red_flags ?? []).filter((flag) => isRaised(flag, given, written));
  const route = waiting ? undefined : script.routes.find((one) => holds(one.when, given));
  const alert = flags.find((flag) => flag.alert)?.alert;
  const recipient = route ? (route.recipient_from ? given.get(route.recipient_from) ?? "" : route.recipient ?? "") : "";
  const back = new Set(script.questions.filter((one) => one.read_back).map((one) => one.id));
  return {
    asked,
    next: waiting,
    missing,
    to_read_back: asked.filter((id) => given.has(id) && back.has(id) && !read.includes(id)),
    red_flags: flags.map((flag) => flag.id),
    route: route?.id ?? "",
    recipient: alert ? alert.recipient : recipient,
    urgency: alert ? "urgent" : route ? route.urgency ?? "today" : "",
    outcome: alert ? "message" : route ? route.outcome ?? "message" : "",
  };
}

/** Whether every clause holds; a question without an answer holds nothing. @param {Clause[]|undefined} when @param {Map<string, string>} given */
function holds(when, given) {
  return (when ?? []).every((clause) => given.has(clause.question) && holdsOne(clause, given.get(clause.question) ?? ""));
}

/** @param {Clause} clause @param {string} answer */
function holdsOne(clause, answer) {
  if (clause.one_of?.length) return clause.one_of.includes(answer);
  const number = thousandths(answer);
  if (number === null) return false;
  return (clause.at_least == null || number >= Math.round(clause.at_least * 1000)) && (clause.below == null || number < Math.round(clause.below * 1000));
}

/** @param {RedFlag} flag @param {Map<string, string>} given @param {string} written folded */
function isRaised(flag, given, written) {
  return (flag.words ?? []).some((words) => heardIn(words, written)) || Boolean(flag.when?.length && holds(flag.when, given));
}

/** Whether the folded text holds these words, whole; a trailing * takes any ending. @param {string} words @param {string} written */
function heardIn(words, written) {
  const phrase = fold(words);
  if (!phrase) return false;
  return words.endsWith("*") ? ` ${written}`.includes(` ${phrase}`) : ` ${written} `.includes(` ${phrase} `);
}

/** Small letters without accents; everything that is neither letter nor figure is one blank. @param {string} text */
export function fold(text) {
  const small = text.normalize("NFKD").toLowerCase().normalize("NFKD").replaceAll("ß", "ss");
  return small.replace(/\p{M}+/gu, "").replace(/[^\p{L}\p{N}]+/gu, " ").replace(/^ | $/g, "");
}

/** @param {string} answer */
export function clean(answer) {
  let from = 0;
  let to = answer.length;
  while (from < to && BLANKS.includes(answer[from])) from += 1;
  while (to > from && BLANKS.includes(answer[to - 1])) to -= 1;
  return answer.slice(from, to);
}

/** Whether `answer` (cleaned) can be an answer to the question. @param {Question} question @param {string} answer @param {string[]} recipients */
export function isAnswer(question, answer, recipients) {
  switch (question.kind) {
    case "choice":
      return (question.choices ?? []).some((one) => one.code === answer);
    case "yes_no":
      return answer === "yes" || answer === "no";
    case "number":
      return thousandths(answer) !== null;
    case "phone":
      return PHONE.test(answer) && answer.replace(/[^0-9]/g, "").length >= LEAST_DIGITS;
    case "date":
      return isDate(answer);
    case "recipient":
      return recipients.includes(answer);
    default:
      return answer !== "";
  }
}

/** A number of at most three decimals, with comma or point, in thousandths. @param {string} answer @returns {number|null} */
function thousandths(answer) {
  if (!NUMBER.test(answer)) return null;
  const [whole, rest = ""] = answer.replace(",", ".").replace("-", "").split(".");
  const found = Number(whole) * 1000 + Number(rest.padEnd(3, "0"));
  return answer.startsWith("-") ? 0 - found : found;
}

/** @param {string} answer */
function isDate(answer) {
  const [, year, month, day] = (DATE.exec(answer) ?? []).map(Number);
  if (!year || !month || month > 12) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day >= 1 && day <= (month === 2 && leap ? 29 : MONTHS[month - 1]);
}

/** The index of what is asked next; never backward. @param {Script} script @param {Question} question @param {Map<string, string>} given @param {number} at */
function onward(script, question, given, at) {
  const target = question.choices?.find((one) => one.code === given.get(question.id))?.then || question.then;
  if (target === "end") return script.questions.length;
  const index = script.questions.findIndex((one) => one.id === target);
  return target && index >= 0 ? Math.max(at, index) : at;
}
