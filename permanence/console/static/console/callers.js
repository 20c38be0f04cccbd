// SPDX-License-Identifier: AGPL-3.0-or-later
// Who may be calling: the patients of this client, and of no other, who have the caller's number. Asked of the site once a caller; what it does not answer changes nothing on the card.
import { fragment } from "./api.js";
import { keepsPatients, patientOf } from "./patient.js";

/** @typedef {import("./patient.js").Patient} Patient @typedef {import("./state.js").Card} Card */

/** @type {Patient[]} */
const NOBODY = [];
/** For which caller it was asked last. */
let asked = "";
/** Who was found for the last questions: another card shown between takes nobody off this one. @type {Map<string, Patient[]>} */
const found = new Map();
const MOST = 20;

/** The question for this card; "" where nobody can be known. @param {Card|null} card */
function questionOf(card) {
  const number = card && !card.caller.masked ? (card.caller.number ?? "") : "";
  return card?.client && number && keepsPatients(card) ? String(new URLSearchParams({ client: card.client, words: "", number, at: "patient" })) : "";
}

/** Those who may be calling, as far as the site has told. @param {Card|null} card */
export function mayBe(card) {
  return found.get(questionOf(card)) ?? NOBODY;
}

/** Asks for the caller of the card that is shown. @param {Card|null} card @param {() => void} told */
export async function lookFor(card, told) {
  const question = questionOf(card);
  if (!question || question === asked) return;
  asked = question;
  try {
    const rows = (await fragment(`/console/fragments/patients?${question}`)).querySelectorAll("[data-patient]:not([data-deceased])");
    found.delete(question);
    found.set(question, [...rows].map((row) => patientOf(/** @type {HTMLElement} */ (row))));
    for (const oldest of [...found.keys()].slice(0, -MOST)) found.delete(oldest);
  } catch {
    return; // The site is down, which the page says: asked again when it is back.
  }
  told();
}

/** The site is back: what it could not answer is asked again. */
export function lookAgain() {
  if (!found.has(asked)) asked = "";
}
