// SPDX-License-Identifier: AGPL-3.0-or-later
// What the script of a card says about a form, and the answers as they stand in the message, in the language of the client's script.
import { progress, readScript } from "./script.js";

/**
 * @typedef {{answers: Record<string, string>, read: string[], said: string[], dismissed: string[], applied: string, reason?: string, before?: {recipient: string, urgency: string, outcome: string},
 *   heard?: string[], unsaid?: string[], causes?: Record<string, string>, noted?: string[]}} Given
 *   of red flags: `heard` stay though their words are erased; `said`, `unsaid` (the caller was gone), `dismissed` for one of `causes`; `noted` are on their way into the call's record
 * @typedef {import("./state.js").Card} Card @typedef {import("./drafts.js").Fields} Fields
 * @typedef {import("./script.js").Script} Script @typedef {import("./script.js").Question} Question
 * @typedef {{script: Script, given: Given, progress: import("./script.js").Progress}} Standing
 */

/** The client reads the message, not the secretary: these few words are in the language of his script, not of the page.
 * @type {Record<string, {yes: string, no: string, flag: string, said: string, unsaid: string, dismissed: string, causes: Record<string, string>, missing: string, colon: string, route: string}>} */
const WORDS = {
  fr: { yes: "oui", no: "non", flag: "Signe d’alerte", said: "dit à l’appelant", unsaid: "rien n’a été dit", dismissed: "fausse alerte", causes: { asked: "demandé, ce n’est pas le cas", meant: "les mots voulaient dire autre chose", past: "ancien, ou déjà pris en charge", slip: "erreur de saisie" }, missing: "Non répondu", colon: "\u00a0: ", route: "Suite" },
  en: { yes: "yes", no: "no", flag: "Red flag", said: "said to the caller", unsaid: "nothing was said", dismissed: "false alarm", causes: { asked: "asked, it is not so", meant: "the words meant something else", past: "past, or already cared for", slip: "typed by mistake" }, missing: "Not answered", colon: ": ", route: "Route" },
  de: { yes: "ja", no: "nein", flag: "Warnzeichen", said: "dem Anrufer gesagt", unsaid: "nichts gesagt", dismissed: "Fehlalarm", causes: { asked: "gefragt, es ist nicht so", meant: "die Worte meinten etwas anderes", past: "vorbei oder schon in Behandlung", slip: "vertippt" }, missing: "Nicht beantwortet", colon: ": ", route: "Folge" },
};

/** The routes that leave something to do: a request to be opened, a caller who was to be put through. */
const MARKED = new Set(["ticket", "transfer"]);

/** @type {{text: string, script: Script|null}} */
let last = { text: "", script: null };

/** The script of a card, read once. @param {Card} card */
export function scriptOf(card) {
  const text = card.script?.text ?? "";
  if (text !== last.text) last = { text, script: readScript(text) };
  return last.script;
}

/** Nothing answered yet. @returns {Given} */
export function nothing() {
  return { answers: {}, read: [], said: [], dismissed: [], applied: "" };
}

/** Where the call stands with what is in the form; null without a script. A false alarm counts no more, and what was heard is not unheard. @param {Card} card @param {Fields} fields @returns {Standing|null} */
export function standing(card, fields) {
  const script = scriptOf(card);
  if (!script) return null;
  const given = fields.script ?? nothing();
  const flags = (script.red_flags ?? []).filter((flag) => !given.dismissed.includes(flag.id));
  const found = progress({ ...script, red_flags: flags }, given.answers, about(card, fields, given));
  const stays = [...(given.heard ?? []), ...given.said, ...(given.unsaid ?? [])];
  const raised = flags.filter((flag) => found.red_flags.includes(flag.id) || stays.includes(flag.id));
  const alert = raised.find((flag) => flag.alert)?.alert;
  const told = alert ? { recipient: alert.recipient, urgency: "urgent", outcome: "message" } : {};
  return { script, given, progress: { ...found, red_flags: raised.map((flag) => flag.id), ...told } };
}

/** The red flags that words raise, hers (`text`) or those of the answers. @param {Card} card @param {Fields} fields @param {string} text @returns {string[]} */
export function heardInWords(card, fields, text) {
  const script = scriptOf(card);
  if (!script) return [];
  const given = fields.script ?? nothing();
  const flags = (script.red_flags ?? []).map((flag) => ({ ...flag, when: [] }));
  return progress({ ...script, red_flags: flags }, given.answers, { ...about(card, fields, given), heard: text }).red_flags;
}

/** @param {Card} card @param {Fields} fields @param {Given} given */
function about(card, fields, given) {
  return { heard: fields.text, read: given.read, recipients: card.form.recipients.map(({ id }) => id) };
}

/** An answer as it is shown: the words of a choice, a name, a day. @param {Card} card @param {Script} script @param {Question} question @param {string} answer */
export function shown(card, script, question, answer) {
  const words = WORDS[script.language] ?? WORDS.en;
  if (question.kind === "choice") return question.choices?.find((one) => one.code === answer)?.label ?? answer;
  if (question.kind === "recipient") return card.form.recipients.find((one) => one.id === answer)?.name ?? answer;
  if (question.kind === "yes_no") return answer === "yes" ? words.yes : answer === "no" ? words.no : answer;
  const day = question.kind === "date" ? Date.parse(answer) : Number.NaN;
  if (Number.isNaN(day)) return answer;
  const written = script.language === "en" ? "en-GB" : script.language;
  return new Intl.DateTimeFormat(written, { day: "2-digit", month: "2-digit", year: "numeric", timeZone: "UTC" }).format(day);
}

/** The text of the message: what she wrote, then the answers of the way that was gone, then the red flags. @param {Card} card @param {Fields} fields */
export function messageText(card, fields) {
  const found = standing(card, fields);
  const text = fields.text.trim();
  if (!found) return text;
  const { script, given, progress: now } = found;
  const words = WORDS[script.language] ?? WORDS.en;
  const asked = script.questions.filter((one) => now.asked.includes(one.id));
  const lines = asked
    .filter((one) => !one.fills && given.answers[one.id]?.trim())
    .map((one) => `${one.label}${words.colon}${shown(card, script, one, given.answers[one.id].trim())}`);
  const missing = asked.filter((one) => now.missing.includes(one.id) && !given.answers[one.id]?.trim());
  if (missing.length) lines.push(`${words.missing}${words.colon}${missing.map((one) => one.label).join(", ")}`);
  for (const flag of script.red_flags ?? []) {
    const cause = words.causes[given.causes?.[flag.id] ?? ""];
    const what = given.dismissed.includes(flag.id) ? [words.dismissed, cause].filter(Boolean).join(words.colon) : given.said.includes(flag.id) ? words.said : now.red_flags.includes(flag.id) ? words.unsaid : "";
    if (what) lines.push(`${words.flag}${words.colon}${flag.label} (${what})`);
  }
  // Passed over alone says nothing: there must be an answer, a red flag, or words of hers.
  if (!text && missing.length === lines.length) return "";
  // What is to be done is not done by the message itself: whoever reads it sees which route the script came to.
  const route = script.routes.find((one) => one.id === now.route);
  if (route && MARKED.has(route.act)) lines.unshift(`${words.route}${words.colon}${route.label}`);
  return [text, lines.join("\n")].filter(Boolean).join("\n\n");
}
