// SPDX-License-Identifier: AGPL-3.0-or-later
// What Enter, O and S book: which time, for whom, whether all is there that a booking wants; and taken back.
import { newId, request } from "./api.js";
import { against } from "./bookonce.js";
import { nameIn, placeOf, sentOf, whenOf } from "./bookplaces.js";
import { offerAgain } from "./undo.js";
import { word } from "./words.js";

/** @typedef {import("./book.js").Done} Done */
/** @typedef {(back: number) => string} Stands says what of it stands when so many visits are taken back */
/** @typedef {{done: Done, same: () => boolean}} Asker for whom something is booked, in which call; `same`: whether that is still the request before her */

export class Booking {
  /** @param {import("./book.js").Book} book */
  constructor(book) {
    this.book = book;
    /** How often something was taken back. */
    this.backs = 0;
  }

  /** The time that Enter takes: the one held while the cursor is there or nowhere, else the one under the cursor; null where that is not free. @returns {{agenda: string, day: string, minute: number, starts?: string, hour: string, name: string, minutes?: number}|null} */
  target() {
    const spot = this.book.grid.spot();
    // In hand it may be put anywhere: what the rules say of the place is their answer.
    if (this.book.hand.item) return spot && { ...spot, ...this.book.grid.here() };
    if (this.book.holding.held && (!spot || this.book.holding.isHeld(spot))) return this.book.holding.held;
    if (!spot || spot.item || spot.client !== this.book.client || this.book.spoken.isShut(spot)) return null;
    return spot;
  }

  /** Enter. */
  async enter() {
    // Faster than the site: Enter means what the panel is about to say.
    await this.book.choosing;
    this.book.spoken.unask();
    if (this.book.busy) return undefined;
    const at = this.target();
    if (!at && !this.book.hand.item && this.book.holding.held) return this.book.holding.back(this.book.holding.held);
    // Where it is refused, Enter says all that is against it.
    const spot = this.book.grid.spot();
    if (!at && spot && !spot.item && spot.client === this.book.client && this.book.spoken.isShut(spot)) return this.book.spoken.why(true);
    // In a group there may be places.
    if (!at && spot?.item && spot.client === this.book.client && !this.book.grid.isGroup(spot)) return this.book.error(word("book_not_free", { hour: spot.hour, agenda: nameIn(spot, this.book.grid.view), why: spot.item.ariaLabel ?? "" }));
    if (!at) return this.book.error(word(this.book.client ? "book_time_missing" : "book_client_missing"));
    if (this.book.hand.item) return this.book.hand.move(this.book.hand.item, at);
    const patient = this.ready();
    if (!patient || !this.book.reason) return undefined;
    const held = at === this.book.holding.held ? this.book.holding.held : null;
    const when = held ? { starts_at: held.starts, hold: held.id } : sentOf(at);
    const reason = this.book.reason.id;
    const asker = this.asker();
    const asked = { agenda: at.agenda, reason, patient: patient.id, call: this.book.call, said: this.book.asking.said, ...when };
    const undone = word("book_not_booked", { patient: patient.name, hour: whenOf(at), agenda: at.name });
    const told = await this.book.acting(() => this.book.once.send("/console/agenda/book", asked), undone, undefined, (causes) => {
      const isAsSent = this.book.reason?.id === reason && this.book.patient.meant?.id === patient.id && this.book.spoken.isHere(placeOf(at));
      // Enter does not propose once more what was refused, held for her or not.
      if (held && causes.length && this.book.holding.held === held) this.book.holding.letGo();
      if (isAsSent && causes.length) this.book.spoken.refuse(at, causes);
      else this.book.spoken.say();
      this.book.spoken.offerNear(at);
    });
    if (!told) return undefined;
    if (asker.same() && this.book.holding.held && !held) this.book.holding.giveBack(this.book.holding.held.id);
    this.booked(told, at, asker);
    return undefined;
  }

  /** Who is booked, when all is there that a booking wants; else what is missing is said and gets the focus. @returns {import("./patient.js").Patient|null} */
  ready() {
    const { meant: patient } = this.book.patient;
    const missing = patient ? this.book.asking.missing : this.book.patient.field;
    let words = "";
    if (!this.book.reason) words = "book_reason_missing";
    else if (missing) words = patient ? "book_questions_missing" : "book_patient_missing";
    if (!words) return patient;
    missing?.focus();
    this.book.error(word(words));
    return null;
  }

  /** @param {{patient: string, appointment: string}} told @param {{agenda: string, day: string, hour: string, name: string}} at @param {Asker} asker @returns {Promise<void>} once it is shown */
  booked(told, at, { done, same }) {
    // What the next caller holds and has said by now is his.
    if (same()) {
      this.book.holding.held = null;
      this.book.asking.show(this.book.reason);
    }
    this.book.hooks.done("booked", done);
    const whose = { patient: told.patient, hour: whenOf(at), agenda: at.name };
    const stands = () => word("book_not_undone", whose);
    return this.book.after(word("book_booked", whose), at.agenda, "booked", () => this.undo([told.appointment], done, stands));
  }

  /** Until what was booked is shown the cursor is nowhere: what she presses is not for whoever stands where it was. @param {Asker} asker @returns {() => boolean} whether the cursor goes there then */
  awaiting({ same }) {
    if (same() && this.book.isOpen && !this.book.hand.key) this.book.grid.leave();
    const [stays, { backs }] = [this.book.staying(), this];
    return () => same() && stays() && backs === this.backs && this.book.isOpen && !this.book.hand.key;
  }

  /** @param {{agenda: string, day: string, minute: number, again?: boolean, appointment: string}} visit @param {() => boolean} still */
  async goTo({ agenda, day, minute, again = false, appointment }, still) {
    const { backs } = this;
    if (still()) await this.book.shown.goTo(agenda, day, minute, () => backs === this.backs && this.book.isOpen && !this.book.hand.key, appointment, again);
  }

  /** @returns {Asker} as it stands now: whoever is in hand when it is answered */
  asker() {
    return { done: { call: this.book.call, client: this.book.client, patient: this.book.patient.patient }, same: this.book.requesting() };
  }

  /** O: where there is no room, if the doctor bears it. */
  async over() {
    const spot = this.book.grid.spot();
    const patient = this.ready();
    const { reason } = this.book;
    if (!spot || !patient || !reason) return;
    const asker = this.asker();
    const asked = { agenda: spot.agenda, reason: reason.id, patient: patient.id, call: this.book.call, ...sentOf(spot), said: this.book.asking.said };
    await this.book.spoken.why(true, false);
    // A call rings, or another request is before her by now.
    if (!this.book.isOpen || !asker.same()) return;
    if (this.book.spoken.borne.length) this.book.overbooking.open(spot, patient.name, this.book.spoken.borne, (words, key) => this.overbook(spot, { key, ...asked, words }, asker));
    else this.book.error(this.book.spoken.overNot || word("book_over_not"));
  }

  /** @param {import("./bookover.js").At} at @param {object} json @param {Asker} asker @returns {Promise<string>} what was against it */
  async overbook(at, json, asker) {
    try {
      const told = await (await request("/console/agenda/overbook", { method: "POST", json })).json();
      if (asker.same()) this.book.holding.letGo();
      const still = this.awaiting(asker);
      this.booked(told, at, asker).then(() => this.goTo({ ...at, ...told }, still));
    } catch (error) {
      return against(error);
    }
    return "";
  }

  /** S: several visits as one act. */
  many() {
    const patient = this.ready();
    if (!patient || !this.book.reason) return;
    this.book.holding.letGo();
    const { asking, free } = this.book;
    const asker = this.asker();
    const booked = (/** @type {import("./bookseries.js").Visit[]} */ visits, /** @type {string} */ words) => this.bookedSeries(visits, words, asker);
    this.book.series.open(patient.name, this.book.reason.name, this.book.shown.day, { wish: free.wish, said: asking.said, yes: asking.yes, booked });
  }

  /** @param {import("./bookseries.js").Visit[]} visits @param {string} words @param {Asker} asker */
  bookedSeries(visits, words, asker) {
    const { done, same } = asker;
    if (same()) this.book.asking.show(this.book.reason);
    this.book.hooks.done("booked", done);
    const appointments = visits.map(({ appointment }) => appointment);
    const stands = (/** @type {number} */ back) => word("book_undone_some", { back, of: appointments.length });
    const still = this.awaiting(asker);
    const shown = this.book.after(words, "", "booked", () => this.undo(appointments, done, stands));
    if (visits.length) shown.then(() => this.goTo(visits[0], still));
  }

  /** Taken back: as a slip of ours, on the record of the call in which it was done. @param {string[]} appointments @param {Done} done @param {Stands} stands */
  undo(appointments, done, stands) {
    // Each is an act of its own: tried again without an answer it is the same one.
    const cancellings = appointments.map((appointment) => ({ key: newId(), appointment, cause: "mistake", call: done.call }));
    return this.takeBack(cancellings, done, (left) => stands(appointments.length - left));
  }

  /** One after the other; those that are refused stand, and can be taken back again. @param {object[]} cancellings @param {Done} done @param {(left: number) => string} standing says that so many are left */
  async takeBack(cancellings, done, standing) {
    this.backs += 1;
    const still = this.book.staying();
    /** @type {object[]} */
    const stand = [];
    const agendas = new Set();
    let why = "";
    this.book.busy = true;
    this.book.error("");
    for (const one of cancellings) {
      try {
        agendas.add((await this.book.once.send("/console/agenda/cancel", one)).agenda);
      } catch (error) {
        why = against(error);
        stand.push(one);
      }
    }
    this.book.busy = false;
    if (agendas.size) {
      this.book.spoken.acted();
      await this.book.again(agendas.size === 1 ? [...agendas][0] : "");
    }
    if (stand.length) return offerAgain(`${standing(stand.length)}. ${why}`, "booked", () => this.takeBack(stand, done, standing));
    this.book.hooks.done("", done);
    if (still()) this.book.spoken.did(word("book_undone"));
    return undefined;
  }
}
