// SPDX-License-Identifier: AGPL-3.0-or-later
// What the patient in hand has before him: V turns to the next of it, where M moves it and X cancels it.
import { fragment } from "./api.js";
import { OfPatient } from "./bookpatient.js";
import { show } from "./dom.js";

export class Coming extends OfPatient {
  /** @param {(agenda: string, day: string, minute: number) => Promise<void>} go the grid, with its cursor, to a visit */
  constructor(go) {
    super("book-coming");
    this.go = go;
    /** The visit that V turned to last. */
    this.at = "";
    /** What stands there is what the site said last. */
    this.known = false;
    /** @type {Promise<void>} */
    this.asking = Promise.resolve();
    this.box.addEventListener("click", (event) => {
      const pressed = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest("[data-appointment]"));
      if (pressed) this.turnTo(pressed);
    });
  }

  /** @override */
  begin() {
    this.at = "";
    this.again();
  }

  /** Something was booked, moved or cancelled. */
  again() {
    this.asking = this.ask();
    return this.asking;
  }

  /** @override */
  clear() {
    this.known = false;
    super.clear();
  }

  async ask() {
    this.turn += 1;
    const { turn } = this;
    if (!this.client || !this.patient) return;
    try {
      const found = await fragment(`/console/fragments/agenda/coming?${new URLSearchParams({ client: this.client, patient: this.patient })}`);
      if (turn !== this.turn) return;
      this.box.replaceChildren(found);
      show(this.box, this.visits.length > 0);
      this.known = true;
    } catch {
      // A visit that may be over by now would lead astray.
      if (turn === this.turn) this.clear();
    }
  }

  get visits() {
    return [...this.box.querySelectorAll("[data-appointment]")].map((one) => /** @type {HTMLElement} */ (one));
  }

  /** V: the one after that which it turned to last, round and round. @returns {Promise<string>} the name of what is to be said where there is none, "" else */
  async next() {
    await this.asking;
    if (!this.patient) return "book_patient_missing";
    if (!this.known) return "book_coming_failed";
    const all = this.visits;
    const here = all.findIndex((one) => one.dataset.appointment === this.at);
    const one = all[(here + 1) % Math.max(all.length, 1)];
    if (one) this.turnTo(one);
    return one ? "" : "book_coming_none";
  }

  /** @param {HTMLElement} visit */
  turnTo(visit) {
    const { appointment = "", agenda = "", day = "", minute = "0" } = visit.dataset;
    this.at = appointment;
    this.go(agenda, day, Number(minute));
  }
}
