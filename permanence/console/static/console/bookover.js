// SPDX-License-Identifier: AGPL-3.0-or-later
// The question before a visit is put where there is no room: what stands there, and why all the same.
import { newId } from "./api.js";
import { button, byId, make, say, show } from "./dom.js";
import { whenOf } from "./bookplaces.js";
import { word } from "./words.js";

/** @typedef {{agenda: string, day: string, minute: number, starts?: string, hour: string, name: string}} At */

export class Overbooking {
  /** @param {(at: At, cause: string, key: string) => Promise<string>} put gives what was against it, "" when it is done; `key`: the id of the act, the same when it is tried again without an answer */
  constructor(put) {
    this.put = put;
    this.key = "";
    this.sending = false;
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
    [this.at, this.key] = [at, newId()];
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
    // Pressed twice it is put there once.
    if (this.sending) return undefined;
    this.sending = true;
    const against = await this.put(this.at, cause, this.key);
    this.sending = false;
    if (against) return this.error(against);
    return this.dialog.close();
  }

  /** @param {string} text */
  error(text) {
    say(byId("book-over-error"), text);
    show(byId("book-over-error"), text !== "");
  }
}
