// SPDX-License-Identifier: AGPL-3.0-or-later
// The question before an appointment is cancelled: by whom, with the object in the title, the keys 1 to 4 and Ctrl Enter.
import { dayOf } from "./bookplaces.js";
import { button, byId, isTyping, say, show } from "./dom.js";
import { answer, ask } from "./questions.js";
import { word } from "./words.js";

const radios = () => [...byId("book-causes").querySelectorAll("input")].map((one) => /** @type {HTMLInputElement} */ (one));

export class Cancelling {
  /** @param {(item: HTMLElement, cause: string, words: string) => Promise<string>} cancel gives what was against it, "" when it is done */
  constructor(cancel) {
    this.cancel = cancel;
    /** @type {HTMLElement|null} */
    this.item = null;
    this.dialog = /** @type {HTMLDialogElement} */ (byId("book-dialog"));
    button("book-keep").addEventListener("click", () => this.dialog.close());
    byId("book-cancel-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.dialog.addEventListener("close", () => document.getElementById("book-grid")?.focus({ preventScroll: true }));
    this.dialog.addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {HTMLElement} item */
  open(item) {
    this.item = item;
    const { day } = /** @type {HTMLElement|null} */ (item.closest("[data-day]"))?.dataset ?? {};
    say(byId("book-dialog-title"), word("book_cancel_title", { patient: [day && dayOf(day), item.ariaLabel].filter(Boolean).join(", ") }));
    for (const one of radios()) one.checked = false;
    /** @type {HTMLInputElement} */ (byId("book-cause-words")).value = "";
    this.error("");
    ask(this.dialog);
    radios()[0]?.focus();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "Enter" && event.ctrlKey) {
      event.preventDefault();
      this.send();
    }
    const one = /^[1-9]$/.test(event.key) && !isTyping(event.target) ? radios()[Number(event.key) - 1] : undefined;
    if (!one) return;
    event.preventDefault();
    one.checked = true;
    one.focus();
  }

  async send() {
    const cause = radios().find((one) => one.checked)?.value;
    if (!cause) {
      radios()[0]?.focus();
      return this.error(word("book_cancel_cause"));
    }
    const { item } = this;
    if (!item) return undefined;
    const words = /** @type {HTMLInputElement} */ (byId("book-cause-words")).value.trim();
    return answer(this.dialog, () => this.cancel(item, cause, words), (against) => this.error(against));
  }

  /** @param {string} text */
  error(text) {
    say(byId("book-dialog-error"), text);
    show(byId("book-dialog-error"), text !== "");
  }
}
