// SPDX-License-Identifier: AGPL-3.0-or-later
// The question before a visit is put where there is no room: what stands there, and why all the same.
import { newId } from "./api.js";
import { button, byId, make, say, show } from "./dom.js";
import { whenOf } from "./bookplaces.js";
import { answer, ask } from "./questions.js";
import { word } from "./words.js";

/** @typedef {{agenda: string, day: string, minute: number, starts?: string, hour: string, name: string}} At */
/** @typedef {(cause: string, key: string) => Promise<string>} Put gives what was against it, "" when it is done; `key`: the id of the act, the same when it is tried again without an answer */

export class Overbooking {
  constructor() {
    this.key = "";
    /** What its answer does. @type {Put} */
    this.put = async () => "";
    this.dialog = /** @type {HTMLDialogElement} */ (byId("book-over-dialog"));
    this.field = /** @type {HTMLInputElement} */ (byId("book-over-words"));
    button("book-over-keep").addEventListener("click", () => this.dialog.close());
    byId("book-over-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.dialog.addEventListener("close", () => document.getElementById("book-grid")?.focus({ preventScroll: true }));
  }

  /** @param {At} at @param {string} patient @param {string[]} causes what stands against it @param {Put} put for whom it was asked, whoever is in hand when it is answered */
  open(at, patient, causes, put) {
    [this.put, this.key] = [put, newId()];
    say(byId("book-over-title"), word("book_over_title", { patient, hour: whenOf(at), agenda: at.name }));
    byId("book-over-causes").replaceChildren(...causes.map((one) => make("li", {}, one)));
    this.field.value = "";
    this.error("");
    ask(this.dialog);
    this.field.focus();
  }

  async send() {
    const cause = this.field.value.trim();
    if (!cause) {
      this.field.focus();
      return this.error(word("book_over_cause"));
    }
    const { put, key } = this;
    return answer(this.dialog, () => put(cause, key), (against) => this.error(against));
  }

  /** @param {string} text */
  error(text) {
    say(byId("book-over-error"), text);
    show(byId("book-over-error"), text !== "");
  }
}
