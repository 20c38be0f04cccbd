// SPDX-License-Identifier: AGPL-3.0-or-later
// The time that is kept for whoever is being booked: two minutes, counted down; given back when it is not wanted any more.
import { newId, request, SiteRefusal } from "./api.js";
import { silence } from "./bookonce.js";
import { whenOf } from "./bookplaces.js";
import { byId, say, select } from "./dom.js";
import { running, word } from "./words.js";

/** @typedef {{id: string, starts: string, agenda: string, day: string, minute: number, again: boolean, hour: string, name: string, minutes: number, expires: number}} Held */

export class Holding {
  /** @param {import("./book.js").Book} book */
  constructor(book) {
    this.book = book;
    /** @type {Held|null} */
    this.held = null;
    /** How often what was held was given up: a hold that was asked for before that is not wanted. */
    this.letting = 0;
  }

  /** Held for another patient, or before one was chosen: whether it is long enough for this one, the rules say. */
  async holdAgain() {
    const { held } = this;
    if (!held || !this.book.patient.patient) return;
    this.book.busy = true;
    try {
      const told = await this.keep(held.agenda, held.starts);
      if (this.held === held) this.held = { ...held, id: told.hold, minutes: told.minutes, expires: told.expires_ms };
      else this.giveBack(told.hold);
    } catch (error) {
      if (!(error instanceof SiteRefusal)) return void this.book.trouble(error, silence(error));
      this.letGo();
      const causes = error.causes.length ? error.causes : [error.why];
      this.book.spoken.bar(held, causes);
      this.book.spoken.refusal({ what: word("book_not_at", { hour: held.hour }), causes, next: null });
      this.book.spoken.offerNear(held);
    } finally {
      this.book.busy = false;
    }
  }

  /** @param {string} agenda @param {string} starts @returns {Promise<any>} the hold; throws what the site answers */
  async keep(agenda, starts) {
    const json = { key: newId(), agenda, reason: select("book-reason").value, patient: this.book.patient.patient?.id ?? "", call: this.book.call, starts_at: starts };
    return (await request("/console/agenda/hold", { method: "POST", json })).json();
  }

  /** A proposed time is kept for two minutes, one held before is given back; for a visit in hand it is where that goes. Enter waits for it. @param {HTMLElement} slot */
  hold(slot) {
    this.book.coming.leave();
    this.book.choosing = Promise.all([this.book.choosing, this.take(slot)]);
  }

  /** One of the proposed times by a key: of those on their way where she has just wished for others. Enter waits for it too.
   * @param {(all: HTMLElement[]) => number} which its place among them, -1: there should be one */
  pick(which) {
    // V, M, N: the new time of what V turns to; V, N: she goes on without it.
    if (!this.book.hand.soon) this.book.coming.leave();
    this.book.choosing = Promise.all([this.book.choosing, this.picked(which)]);
  }

  /** @param {(all: HTMLElement[]) => number} which */
  async picked(which) {
    await this.book.hand.soon;
    await this.book.free.newest();
    const all = [...byId("book-slots").querySelectorAll(".slot")].map((one) => /** @type {HTMLElement} */ (one));
    const place = which(all);
    if (all[place]) await this.take(all[place]);
    else if (place < 0) this.book.error(word(this.book.client ? "book_time_missing" : "book_client_missing"));
  }

  /** @param {HTMLElement} slot */
  async take(slot) {
    if (this.book.busy) return;
    if (this.book.hand.item) return void (await this.book.hand.choose(slot));
    const { agenda = "", starts = "", day = "", minute = "0", again, hour = "", name = "" } = slot.dataset;
    if (this.held?.starts === starts && this.held.agenda === agenda) return;
    const { letting } = this;
    const { patient } = this.book.patient;
    const told = await this.book.acting(() => this.keep(agenda, starts), "");
    if (!told) return;
    // Meanwhile she wants something else: another reason, another client, or nothing.
    if (letting !== this.letting) return this.giveBack(told.hold);
    const before = this.held;
    this.book.present.set(told.now_ms);
    this.held = { id: told.hold, starts, agenda, day, minute: Number(minute), again: Boolean(again), hour, name, minutes: told.minutes, expires: told.expires_ms };
    if (before) this.giveBack(before.id);
    this.paintHeld();
    // Asked for one patient, and another one was chosen meanwhile.
    if (this.book.patient.patient !== patient) await this.holdAgain();
    await this.book.shown.goTo(agenda, day, Number(minute), () => !this.book.hand.item && this.held?.starts === starts && this.held.agenda === agenda, "", Boolean(again));
    this.book.spoken.say();
  }

  /** The cursor is on what is not free: nothing is booked before it is where it is booked, and that is said. @param {Held} held */
  async back(held) {
    const { agenda, day, minute, again, name } = held;
    const there = await this.book.shown.goTo(agenda, day, minute, () => this.held === held, "", again);
    if (there && this.held === held) this.book.error(word("book_held_elsewhere", { hour: whenOf(held), agenda: name }));
  }

  /** Gives back what is held: she leaves, chooses another time or another client. @param {boolean} [leaving] the page goes away */
  letGo(leaving = false) {
    this.letting += 1;
    if (this.held) this.giveBack(this.held.id, leaving);
    this.held = null;
    this.paintHeld();
  }

  /** The site holds it no more: it can be chosen again. */
  forget() {
    this.held = null;
    this.paintHeld();
    this.book.spoken.say();
  }

  /** @param {string} hold @param {boolean} [keepalive] */
  giveBack(hold, keepalive = false) {
    // Whatever the site answers, the two minutes end it.
    request("/console/agenda/release", { method: "POST", json: { hold }, keepalive }).catch(() => undefined);
  }

  paintHeld() {
    for (const slot of byId("book-slots").querySelectorAll(".slot")) {
      const { starts, agenda } = /** @type {HTMLElement} */ (slot).dataset;
      const mine = this.held !== null && starts === this.held.starts && agenda === this.held.agenda;
      slot.classList.toggle("slot--mine", mine);
      const said = /** @type {HTMLElement|null} */ (slot.querySelector(".slot__said"));
      if (!said) continue;
      said.dataset.words ??= said.textContent ?? "";
      say(said, mine && this.held ? word("book_held", { left: running(this.held.expires - this.book.present.at) }) : said.dataset.words);
    }
  }

  /** Countdowns, each second, moving nothing. */
  tick() {
    if (!this.book.isOpen) return;
    const now = this.book.present.at;
    if (this.held && this.held.expires <= now) {
      this.book.error(word("book_hold_over"));
      this.forget();
    }
    this.paintHeld();
    for (const one of byId("book-frame").querySelectorAll("[data-expires]")) {
      const item = /** @type {HTMLElement} */ (one);
      const left = Number(item.dataset.expires) - now;
      const place = /** @type {HTMLElement|null} */ (item.querySelector(".appt__left"));
      if (place) say(place, left > 0 ? running(left) : "");
      if (left <= 0) item.remove();
    }
  }

  /** @param {import("./bookgrid.js").Spot} spot */
  isHeld(spot) {
    return this.held !== null && spot.agenda === this.held.agenda && spot.day === this.held.day && spot.minute === this.held.minute && spot.again === this.held.again;
  }
}
