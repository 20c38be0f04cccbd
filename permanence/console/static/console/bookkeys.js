// SPDX-License-Identifier: AGPL-3.0-or-later
// The keys of the agenda: arrows, Enter, Escape and the letters; none of them touches a call.
import { byId, isTyping } from "./dom.js";
import { keptKeys } from "./keptkeys.js";
import { word } from "./words.js";

export class Keyboard {
  /** @param {import("./book.js").Book} book */
  constructor(book) {
    this.book = book;
  }

  /** N: the nearest of what was refused, else the next proposed time after the one that is held or chosen for what is in hand. */
  next() {
    if (this.book.spoken.near.found.length) return void (this.book.busy || this.book.spoken.near.next());
    const { hand } = this.book;
    const isLast = (/** @type {HTMLElement} */ one) => (hand.item ? hand.isSentTo(one) : one.classList.contains("slot--mine"));
    return this.book.holding.pick((all) => (all.length ? (all.findIndex(isLast) + 1) % all.length : -1));
  }

  /** Escape closes the top layer, and never touches a call. */
  escape() {
    if (!byId("book-refusal").hidden) this.book.spoken.hush();
    else if (this.book.hand.item) this.book.hand.stopMoving();
    else this.book.close();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (this.book.isOpen && event.ctrlKey && event.key.toLowerCase() === "p") {
      event.preventDefault();
      return void this.book.shown.print();
    }
    if (!this.book.isOpen || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    const on = /** @type {HTMLElement} */ (event.target);
    if (event.key === "Escape") {
      event.preventDefault();
      if (isTyping(on) && on.id !== "") this.book.grid.body?.focus({ preventScroll: true });
      else this.escape();
      return;
    }
    if (isTyping(on)) return;
    // While somebody is being looked for, what is typed is for the field.
    if (this.book.patient.isOpen && /^\p{L}$/u.test(event.key)) return this.book.patient.field.focus();
    const what = this.keys(event, on);
    if (!what) return;
    event.preventDefault();
    what();
  }

  /** @param {KeyboardEvent} event @param {HTMLElement} on @returns {(() => void)|null} */
  keys(event, on) {
    const acts = on.closest("button, a, input, summary, select");
    const choosing = on instanceof HTMLInputElement;
    if (event.key.startsWith("Arrow") && !choosing) {
      const across = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
      const down = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
      return () => {
        this.book.grid.walk(across, down);
        this.book.grid.body?.focus({ preventScroll: true });
      };
    }
    // Held down it is one Enter: the second one books what the first one has led to.
    if (event.key === "Enter" && event.repeat && !acts) return () => undefined;
    if (event.key === "Enter") return acts && !acts.closest("[data-key]") ? null : () => void this.book.booking.enter();
    // Single characters can be turned off, with the numbers; each has its button.
    if (!keptKeys().numbers) return null;
    if (this.book.hooks.numbers && /^[1-9]$/.test(event.key)) return () => this.book.holding.pick(() => Number(event.key) - 1);
    /** @type {Record<string, () => void>} */
    const letters = {
      m: () => this.book.hand.startSoon(),
      x: () => void this.book.coming.afterwards(() => this.book.acts.askCancel()),
      n: () => this.next(),
      t: () => void this.book.shown.goToday(),
      "?": () => void this.book.spoken.why(true),
      d: () => this.book.shown.show("day"),
      w: () => this.book.shown.show("week"),
      l: () => this.book.shown.show("list"),
      o: () => void this.book.booking.over(),
      s: () => this.book.booking.many(),
      b: () => void this.book.acts.askBusy(),
      f: () => void this.book.acts.askFree(),
      i: () => void this.book.acts.told(),
      r: () => this.book.acts.askLate(),
      p: () => this.book.wishes.open(),
      c: () => this.book.practitioner.focus(),
      g: () => this.book.shown.jump.open(),
      y: () => void this.book.consent.answer("sms", !event.shiftKey),
      e: () => void this.book.consent.answer("mail", !event.shiftKey),
      a: () => this.book.asking.focus(),
      v: () => void this.book.coming.next().then((said) => said && this.book.error(word(said))),
    };
    // "/" is for the patient's own field; while there is none, a client is chosen first, and by letters.
    if (event.key === "/" && !byId("book-patient-field").offsetParent) return () => this.client();
    return letters[event.key.toLowerCase()] ?? null;
  }

  /** Patients are a client's: which one is said first. */
  client() {
    this.book.error(word("book_client_missing"));
    byId("book-client").focus();
  }
}
