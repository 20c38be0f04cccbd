// SPDX-License-Identifier: AGPL-3.0-or-later
// What the patient in hand has before him: V turns to the next of it, where M moves it and X cancels it.
import { fragment } from "./api.js";
import { OfPatient } from "./bookpatient.js";
import { show } from "./dom.js";

/** @typedef {{from: number, isLeft: boolean, done: Promise<boolean>}} Turning the cursor on its way to a visit: where it left, and whether it got there */

export class Coming extends OfPatient {
  /** @param {(agenda: string, day: string, minute: number, wanted: () => boolean, on: string) => Promise<boolean>} go the grid, with its cursor, to a visit, `on` its key: not to another one of that time
   * @param {() => number} where how often the cursor was sent somewhere: what is typed after V may be faster than the site */
  constructor(go, where) {
    super("book-coming");
    this.go = go;
    this.where = where;
    /** @type {Turning|null} */
    this.turning = null;
    /** The visit that V turned to last. */
    this.at = "";
    /** What stands there is what the site said last. */
    this.known = false;
    /** Which answer that is: an older one is not shown. */
    this.told = 0;
    /** @type {Promise<void>} */
    this.asking = Promise.resolve();
    this.box.addEventListener("click", (event) => {
      const pressed = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest("[data-appointment]"));
      if (pressed) this.turnTo(() => Promise.resolve(pressed));
    });
  }

  /** @override */
  begin() {
    this.leave();
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
    const { turn, client, patient } = this;
    if (!client || !patient) return;
    const isNews = () => client === this.client && patient === this.patient && turn > this.told;
    try {
      const found = await fragment(`/console/fragments/agenda/coming?${new URLSearchParams({ client, patient })}`);
      if (!isNews()) return;
      this.box.replaceChildren(found);
      show(this.box, this.visits.length > 0);
      this.known = true;
    } catch {
      if (!isNews()) return;
      // A visit that may be over by now would lead astray.
      this.clear();
    }
    this.told = turn;
  }

  get visits() {
    return [...this.box.querySelectorAll("[data-appointment]")].map((one) => /** @type {HTMLElement} */ (one));
  }

  /** V: the one after that which it turned to last, round and round. @returns {Promise<string>} the name of what is to be said where there is none, "" else */
  async next() {
    let said = "";
    await this.turnTo(async (turning) => {
      // What is asked meanwhile is newer; once, as it is asked again with each touch of an agenda.
      const { asking } = this;
      await asking;
      if (asking !== this.asking) await this.asking;
      if (!this.isMeant(turning)) return null;
      const all = this.visits;
      const here = all.findIndex((one) => one.dataset.appointment === this.at);
      const one = all[(here + 1) % Math.max(all.length, 1)] ?? null;
      if (!this.patient) said = "book_patient_missing";
      else if (!this.known) said = "book_coming_failed";
      else if (!one) said = "book_coming_none";
      return said ? null : one;
    });
    return said;
  }

  /** @param {Turning} turning @returns {boolean} whether she went nowhere else meanwhile */
  isMeant(turning) {
    return !turning.isLeft && this.where() === turning.from;
  }

  /** She does something else: what is on its way does not take the cursor. */
  leave() {
    if (this.turning) this.turning.isLeft = true;
  }

  /** @param {(turning: Turning) => Promise<HTMLElement|null>} find @returns {Promise<boolean>} whether the cursor is there */
  turnTo(find) {
    const before = this.turning;
    /** @type {Turning} */
    const turning = { from: this.where(), isLeft: false, done: Promise.resolve(false) };
    this.turning = turning;
    turning.done = this.turned(turning, before, find).finally(() => {
      if (this.turning === turning) this.turning = null;
    });
    return turning.done;
  }

  /** @param {Turning} turning @param {Turning|null} before @param {(turning: Turning) => Promise<HTMLElement|null>} find */
  async turned(turning, before, find) {
    if (await before?.done) turning.from = this.where();
    const one = await find(turning);
    if (!one || !this.isMeant(turning)) return false;
    const { appointment = "", agenda = "", day = "", minute = "0" } = one.dataset;
    this.at = appointment;
    const going = this.go(agenda, day, Number(minute), () => !turning.isLeft, appointment);
    turning.from = this.where();
    return going;
  }

  /** What is typed after V is meant for the visit it turns to: done there, or not at all when she went elsewhere since. @param {() => unknown} act @returns {Promise<void>|null} null where nothing is on its way: then it is done at once */
  afterwards(act) {
    const { turning } = this;
    if (!turning) {
      act();
      return null;
    }
    const wasMeant = this.isMeant(turning);
    return turning.done.then((there) => void ((there || !wasMeant) && act()));
  }
}
