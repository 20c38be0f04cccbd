// SPDX-License-Identifier: AGPL-3.0-or-later
// What is asked before a visit is booked: questions that may forbid it (yes or no), others in words; what the patient brings, who may come, what it takes.
import { byId, make, show } from "./dom.js";
import { word } from "./words.js";

/** @typedef {{id: string, text: string}} Question */
/** @typedef {{questions: Question[], forbidding: Question[], documents: string[], ages: string, takes: string[], at_home: boolean}} About what is told of a reason */

const WORDS = 200;
/** As the id of a question: where a visit at home is. */
const ADDRESS = "visit-address";

export class Asked {
  /** @param {() => void} changed a question that may forbid the visit was answered */
  constructor(changed) {
    this.box = byId("book-asked");
    this.box.addEventListener("change", (event) => {
      if (/** @type {HTMLInputElement} */ (event.target).type === "radio") changed();
    });
  }

  /** Another reason, or another patient: nothing that was said before counts. @param {About|null} about */
  show(about) {
    const told = about && (about.questions.length || about.forbidding.length || about.documents.length || about.ages || about.takes.length || about.at_home);
    show(this.box, Boolean(told));
    this.box.replaceChildren();
    if (!about || !told) return;
    if (about.questions.length || about.forbidding.length || about.at_home) this.box.append(make("p", { class: "label asked__title" }, word("book_asked"), " ", make("kbd", {}, "A")));
    if (about.at_home) this.box.append(make("div", { class: "field", "data-question": ADDRESS }, make("label", { for: "ask-address" }, word("book_address")), make("input", { class: "input", id: "ask-address", maxLength: WORDS, autocomplete: "off", placeholder: word("book_address_file") })));
    for (const { id, text } of about.forbidding) {
      const choice = (/** @type {string} */ value, /** @type {string} */ words) => make("label", {}, make("input", { type: "radio", name: `ask-${id}`, value }), make("span", {}, words));
      this.box.append(make("fieldset", { class: "field asked__forbidding", "data-question": id }, make("legend", { class: "label" }, text), make("div", { class: "choice choice--sm" }, choice("no", word("book_no")), choice("yes", word("book_yes")))));
    }
    for (const { id, text } of about.questions) {
      const field = `ask-${id}`;
      this.box.append(make("div", { class: "field", "data-question": id }, make("label", { for: field }, text), make("input", { class: "input", id: field, maxLength: WORDS, autocomplete: "off" })));
    }
    const facts = [about.ages, about.takes.length ? word("book_takes", { names: about.takes.join(", ") }) : "", about.documents.length ? word("book_brings", { names: about.documents.join(", ") }) : ""].filter(Boolean);
    if (facts.length) this.box.append(make("ul", { class: "asked__facts" }, ...facts.map((one) => make("li", {}, one))));
  }

  /** Question to answer, those that have one. @returns {Record<string, string>} */
  get said() {
    const said = /** @type {Record<string, string>} */ ({});
    for (const field of this.box.querySelectorAll("[data-question]")) {
      const input = /** @type {HTMLInputElement|null} */ (field.querySelector("input:checked, input.input"));
      if (input?.value.trim()) said[/** @type {HTMLElement} */ (field).dataset.question ?? ""] = input.value.trim();
    }
    return said;
  }

  /** Those that forbid the visit, for the search. */
  get yes() {
    return [...this.box.querySelectorAll("fieldset[data-question]:has(input[value=yes]:checked)")].map((one) => /** @type {HTMLElement} */ (one).dataset.question).join(",");
  }

  /** The first question that has to be answered before anything is booked. @returns {HTMLInputElement|null} */
  get missing() {
    return this.box.querySelector("fieldset[data-question]:not(:has(input:checked)) input");
  }

  /** Where one begins to ask. */
  focus() {
    const first = this.missing ?? this.box.querySelector("input");
    /** @type {HTMLInputElement|null} */ (first)?.focus();
  }
}
