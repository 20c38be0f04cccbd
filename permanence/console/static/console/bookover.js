// SPDX-License-Identifier: AGPL-3.0-or-later
// The question before a visit is put where there is no room: what stands there, and why all the same.
import { button, byId, make, say, show } from "./dom.js";
import { whenOf } from "./bookplaces.js";
import { word } from "./words.js";

/** @typedef {{agenda: string, day: string, minute: number, hour: string, name: string}} At */

export class Overbooking {
  /** @param {(at: At, cause: string) => Promise<string>} put gives what was against it, "" when it is done */
  constructor(put) {
    this.put = put;
    /** @type {At|null} */
    this.at = null;
    this.dialog = /** @type {HTMLDialogElement} */ (byId("book-over-dialog"));
    this.field = /** @type {HTMLInputElement} */ (byId("book-over-words"));
    button("book-over-keep").addEventListener("click", () => this.dialog.close());
    byId("book-over-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.dialog.addEventListener("close", () => document.getElementById("book-grid")?.focus({ preventScroll: true }));
  }

  /** @param {At} at @param {string} patient @param {string[]} causes what stands against it */
  open(at, patient, causes) {
    this.at = at;
    say(byId("book-over-title"), word("book_over_title", { patient, hour: whenOf(at), agenda: at.name }));
    byId("book-over-causes").replaceChildren(...causes.map((one) => make("li", {}, one)));
    this.field.value = "";
    this.error("");
    this.dialog.showModal();
    this.field.focus();
  }

  async send() {
    const cause = this.field.value.trim();
    if (!cause || !this.at) {
      this.field.focus();
      return this.error(word("book_over_cause"));
    }
    const against = await this.put(this.at, cause);
    if (against) return this.error(against);
    return this.dialog.close();
  }

  /** @param {string} text */
  error(text) {
    say(byId("book-over-error"), text);
    show(byId("book-over-error"), text !== "");
  }
}
