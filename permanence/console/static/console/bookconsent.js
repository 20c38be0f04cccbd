// SPDX-License-Identifier: AGPL-3.0-or-later
// Whether the patient may be written to, where nobody has asked him yet: Y for SMS, E for mail, with Shift for no. What was pressed can be corrected until another patient is chosen.
import { request } from "./api.js";
import { OfPatient } from "./bookpatient.js";
import { make, show } from "./dom.js";
import { word } from "./words.js";

/** @typedef {"sms"|"mail"} Way */

const KEYS = { sms: "Y", mail: "E" };

export class Consent extends OfPatient {
  constructor() {
    super("book-consent");
    this.box.addEventListener("click", (event) => {
      const pressed = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest("[data-answer]"));
      if (pressed) this.answer(/** @type {Way} */ (pressed.dataset.way), pressed.dataset.answer === "yes");
    });
  }

  /** @override */
  begin() {
    if (this.client && this.patient) this.ask();
  }

  async ask() {
    const { turn, client, patient } = this;
    try {
      const { ways } = await (await request(`/console/agenda/consent?${new URLSearchParams({ client, patient })}`)).json();
      if (turn !== this.turn) return;
      this.box.replaceChildren(.../** @type {{way: Way, to: string}[]} */ (ways).map((one) => this.row(one)));
      show(this.box, ways.length > 0);
    } catch {
      // The question is left out: the visit can be booked without its answer.
    }
  }

  /** @param {{way: Way, to: string}} one */
  row({ way, to }) {
    const choice = (/** @type {string} */ answer, /** @type {string} */ words, /** @type {string} */ key) => make("button", { class: "btn btn--sm", type: "button", "data-way": way, "data-answer": answer, "aria-pressed": "false" }, words, " ", make("kbd", {}, key));
    return make("p", { class: "consent__way", "data-consent": way }, make("span", {}, way === "sms" ? word("book_consent_sms", { to }) : word("book_consent_mail", { to })), choice("yes", word("book_yes"), KEYS[way]), choice("no", word("book_no"), `⇧${KEYS[way]}`));
  }

  /** What he said, kept at once with who asked and when. @param {Way} way @param {boolean} given */
  async answer(way, given) {
    const row = /** @type {HTMLElement|null} */ (this.box.querySelector(`[data-consent=${way}]`));
    const answer = given ? "yes" : "no";
    if (!row || row.querySelector(`[data-answer=${answer}][aria-pressed=true]`)) return;
    const { turn } = this;
    row.querySelector(".error")?.remove();
    try {
      await request("/console/agenda/consent-said", { method: "POST", json: { client: this.client, patient: this.patient, way, answer } });
      if (turn !== this.turn) return;
      for (const one of row.querySelectorAll("[data-answer]")) one.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (one).dataset.answer === answer));
    } catch {
      row.append(make("span", { class: "error", role: "alert" }, word("book_consent_failed")));
    }
  }
}
