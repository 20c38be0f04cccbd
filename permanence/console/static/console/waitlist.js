// SPDX-License-Identifier: AGPL-3.0-or-later
// The waiting list from the agenda: Q, or the button, asks with the wishes of the panel; Enter puts the patient on it.
import { fragment, newId, request } from "./api.js";
import { offerBack } from "./bookback.js";
import { against } from "./bookonce.js";
import { button, byId, isTyping, say, show } from "./dom.js";
import { keptKeys } from "./keptkeys.js";
import { answer, ask, asking } from "./questions.js";
import { word } from "./words.js";

const checked = (/** @type {string} */ id) => [...byId(id).querySelectorAll("input:checked")].map((one) => /** @type {HTMLInputElement} */ (one).value);

export class WaitList {
  /** @param {import("./book.js").Book} book */
  constructor(book) {
    this.book = book;
    this.dialog = /** @type {HTMLDialogElement} */ (byId("wait-dialog"));
    /** The id of the place that is being asked for: the same when it is tried again. */
    this.key = "";
    /** What was asked in the panel before: question to answer. @type {Record<string, string>} */
    this.said = {};
    /** Enter was pressed before the form was there. */
    this.hurried = false;
    button("wait-open").addEventListener("click", () => this.open());
    this.dialog.addEventListener("close", () => this.book.grid.body?.focus({ preventScroll: true }));
    this.dialog.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !this.dialog.querySelector("form")) this.hurried = true;
    });
    document.addEventListener("keydown", (event) => this.pressed(event));
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    if (event.key.toLowerCase() !== "q" || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!this.book.isOpen || isTyping(event.target) || !keptKeys().numbers || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.open();
  }

  async open() {
    const { client, patient, reason } = { client: this.book.client, patient: this.book.patient.meant, reason: this.book.reason };
    if (!client) return this.book.error(word("book_client_missing"));
    if (!reason) return this.book.error(word("book_reason_missing"));
    if (!patient) {
      this.book.patient.field.focus();
      return this.book.error(word("book_patient_missing"));
    }
    const { missing } = this.book.asking;
    if (missing) {
      missing.focus();
      return this.book.error(word("book_questions_missing"));
    }
    const asked = { client, patient: patient.id, reason: reason.id, halves: checked("book-halves").join(","), out: checked("book-out").join(","), ...this.book.practitioner.asked, ...this.book.wishes.asked };
    this.said = this.book.asking.said;
    this.dialog.replaceChildren();
    this.hurried = false;
    // Open at once: the keys that follow are for it, not for the agenda behind.
    ask(this.dialog);
    const still = asking(this.dialog);
    try {
      const found = await fragment(`/console/fragments/waiting?${new URLSearchParams(asked)}`);
      // What was asked for another patient does not stand in the question for this one.
      if (!still()) return undefined;
      this.dialog.replaceChildren(found);
    } catch (error) {
      if (!still()) return undefined;
      this.dialog.close();
      return this.book.trouble(error);
    }
    this.key = newId();
    byId("wait-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.dialog.querySelector("[name=from]")?.addEventListener("change", (event) => this.keepsFrom(/** @type {HTMLInputElement} */ (event.target).checked));
    button("wait-close").addEventListener("click", () => this.dialog.close());
    /** @type {HTMLInputElement|null} */ (this.dialog.querySelector("input:checked"))?.focus();
    return this.hurried ? this.send() : undefined;
  }

  /** Which appointment is given up depends on whether the day is kept from which on the patient can come. @param {boolean} isKept */
  keepsFrom(isKept) {
    for (const one of /** @type {NodeListOf<HTMLElement>} */ (this.dialog.querySelectorAll("[data-from]"))) {
      const isMeant = (one.dataset.from === "with") === isKept;
      show(one, isMeant);
      /** @type {HTMLInputElement} */ (one.querySelector("input")).disabled = !isMeant;
    }
  }

  async send() {
    const form = /** @type {HTMLFormElement} */ (byId("wait-form"));
    const data = new FormData(form);
    const every = (/** @type {string} */ name) => data.getAll(name).join(",");
    const { client = "", patient = "", reason = "" } = form.dataset;
    const json = { key: this.key, client, patient, reason, said: this.said };
    const said = Object.fromEntries(["days", "from", "halves", "weekdays", "agendas", "sites", "instead_of", "urgent", "sms", "mail"].map((name) => [name, every(name)]));
    this.error("");
    const put = async () => {
      try {
        const told = await (await request("/console/waiting/add", { method: "POST", json: { ...json, ...said } })).json();
        offerBack(told.said, "waiting", () => this.takeBack(told.place));
      } catch (error) {
        return against(error);
      }
      return "";
    };
    await answer(this.dialog, put, (words) => this.error(words));
  }

  /** Throws what was against it. @param {string} place */
  async takeBack(place) {
    await request("/console/waiting/take-back", { method: "POST", json: { place } });
    this.book.spoken.did(word("book_undone"));
  }

  /** @param {string} text */
  error(text) {
    say(byId("wait-error"), text);
    show(byId("wait-error"), text !== "");
  }
}
