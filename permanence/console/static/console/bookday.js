// SPDX-License-Identifier: AGPL-3.0-or-later
// G: the grid goes to a day that is typed, "3 mois" or 12/3.
import { readAhead } from "./ahead.js";
import { button, byId, show } from "./dom.js";

export class DayJump {
  /** @param {(day: string) => void} go @param {() => string} today */
  constructor(go, today) {
    this.go = go;
    this.today = today;
    this.form = byId("book-jump");
    this.field = /** @type {HTMLInputElement} */ (byId("book-jump-day"));
    button("book-jump-open").addEventListener("click", () => this.open());
    this.field.addEventListener("blur", () => this.close());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  open() {
    this.field.value = "";
    this.field.setAttribute("aria-invalid", "false");
    show(this.form, true);
    show(button("book-jump-open"), false);
    this.field.focus();
  }

  close() {
    show(this.form, false);
    show(button("book-jump-open"), true);
  }

  send() {
    const day = readAhead(this.field.value, this.today());
    if (!day) return this.field.setAttribute("aria-invalid", "true");
    this.close();
    return this.go(day);
  }
}
