// SPDX-License-Identifier: AGPL-3.0-or-later
// Busy time without a patient: the question before it is made (why, until when) and before it is free again.
import { button, byId, say, show } from "./dom.js";
import { answer, ask } from "./questions.js";
import { word } from "./words.js";

/** @typedef {{agenda: string, day: string, minute: number, starts?: string, hour: string, name: string}} At */
/** @typedef {{until: string, whole: string, words: string}} Busy */

const input = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id));

export class BusyTime {
  /** Both give what was against it, "" when it is done.
   * @param {(at: At, busy: Busy) => Promise<string>} block @param {(item: HTMLElement, name: string) => Promise<string>} free */
  constructor(block, free) {
    this.block = block;
    this.free = free;
    /** @type {At|null} */
    this.at = null;
    /** Busy time that is to be free again. @type {HTMLElement|null} */
    this.item = null;
    this.name = "";
    this.dialog = /** @type {HTMLDialogElement} */ (byId("book-busy-dialog"));
    button("book-busy-keep").addEventListener("click", () => this.dialog.close());
    byId("book-busy-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    input("book-busy-whole").addEventListener("change", () => {
      input("book-busy-until").disabled = input("book-busy-whole").checked;
    });
    this.dialog.addEventListener("close", () => document.getElementById("book-grid")?.focus({ preventScroll: true }));
  }

  /** @param {At} at @param {string} name what is said of its lane @param {string} until the hour that is proposed */
  open(at, name, until) {
    [this.at, this.item] = [at, null];
    input("book-busy-words").value = "";
    input("book-busy-until").value = until;
    input("book-busy-until").disabled = false;
    input("book-busy-whole").checked = false;
    this.ask(word("book_busy_title", { hour: at.hour, agenda: name }), "book-busy");
    input("book-busy-words").focus();
  }

  /** @param {HTMLElement} item @param {string} name of its agenda */
  openFree(item, name) {
    [this.at, this.item, this.name] = [null, item, name];
    this.ask(word("book_busy_free_title", { what: item.ariaLabel ?? "" }), "book-unbusy");
    /** @type {HTMLElement|null} */ (this.dialog.querySelector("[type=submit]"))?.focus();
  }

  /** @param {string} title @param {string} act the button whose words it is */
  ask(title, act) {
    say(byId("book-busy-title"), title);
    say(byId("book-busy-act"), button(act).firstChild?.textContent?.trim() ?? "");
    show(byId("book-busy-fields"), this.at !== null);
    show(byId("book-busy-offered"), this.at === null);
    this.error("");
    ask(this.dialog);
  }

  async send() {
    const words = input("book-busy-words").value.trim();
    if (this.at && !words) {
      input("book-busy-words").focus();
      return this.error(word("book_busy_words"));
    }
    const { at, item, name } = this;
    const busy = { until: input("book-busy-until").value, whole: input("book-busy-whole").checked ? "1" : "", words };
    const act = async () => (item ? this.free(item, name) : at ? this.block(at, busy) : "");
    return answer(this.dialog, act, (against) => this.error(against));
  }

  /** @param {string} text */
  error(text) {
    say(byId("book-busy-error"), text);
    show(byId("book-busy-error"), text !== "");
  }
}
