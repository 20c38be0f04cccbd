// SPDX-License-Identifier: AGPL-3.0-or-later
// Where a time was refused, the nearest that are free stand beside the reason: N takes the first, N again the next.
import { request } from "./api.js";
import { placeOf } from "./bookplaces.js";
import { byId, make, show } from "./dom.js";

/** @typedef {{agenda: string, starts: string, day: string, minute: number, again: boolean, minutes: number, hour: string, name: string, words: string}} Near */
/** @typedef {{agenda: string, day: string, minute: number, again?: boolean, starts?: string}} At */
/** @typedef {{at: Near, button: HTMLElement, moving: string}} Chosen `moving`: the appointment that is put there, "" for a booking */

export class Nearest {
  /** @param {{shown: () => void, chosen: (chosen: Chosen) => void}} hooks `shown`: they stand there, the box is another size */
  constructor(hooks) {
    this.hooks = hooks;
    this.box = byId("book-near");
    this.list = byId("book-near-list");
    /** How often they were asked for or taken away: what was asked before that is not shown. */
    this.turn = 0;
    /** @type {Near[]} */
    this.found = [];
    this.moving = "";
    this.count = 0;
    /** Where the cursor was sent: what she walks away from is not gone on with. */
    this.sent = "";
    /** Whether they were asked for what is refused now. */
    this.asked = false;
  }

  /** Asked once for a refusal. That the site does not answer is no news: the reason stands there. @param {Record<string, string>} about @param {string} [moving] @param {boolean} [again] those that stand there stay until others are found */
  async ask(about, moving = "", again = false) {
    if (again) this.turn += 1;
    else this.clear();
    this.asked = true;
    const { turn } = this;
    try {
      const told = await (await request(`/console/agenda/nearest?${new URLSearchParams({ ...about, ...(moving ? { appointment: moving } : {}) })}`)).json();
      if (turn === this.turn) this.offer(told.nearest, moving);
    } catch {
      // The free times of the request stand on the left as before.
    }
  }

  /** @param {Near[]} found @param {string} moving */
  offer(found, moving) {
    [this.found, this.moving, this.count] = [found, moving, 0];
    const buttons = found.map((at, number) => {
      const one = make("button", { class: "btn btn--sm", type: "button", ...this.data(at) }, number === 0 && make("kbd", {}, "N"), at.words);
      one.addEventListener("click", () => this.choose(number));
      return one;
    });
    this.list.replaceChildren(...buttons);
    show(this.box, found.length > 0);
    if (found.length) this.hooks.shown();
  }

  /** What the page takes to hold a time. @param {Near} at @returns {Record<string, unknown>} */
  data(at) {
    return Object.fromEntries(["agenda", "starts", "day", "minute", "again", "minutes", "hour", "name"].map((name) => [`data-${name}`, /** @type {any} */ (at)[name]]));
  }

  /** N. @returns {boolean} whether there is one */
  next() {
    if (!this.found.length) return false;
    this.choose(this.count % this.found.length);
    return true;
  }

  /** @param {number} number */
  choose(number) {
    const at = this.found[number];
    [this.count, this.sent] = [number + 1, placeOf(at)];
    this.hooks.chosen({ at, button: /** @type {HTMLElement} */ (this.list.children[number]), moving: this.moving });
  }

  /** The cursor is elsewhere. @param {At|null} to */
  went(to) {
    if (!to || placeOf(to) !== this.sent) this.clear();
  }

  /** Nothing is offered any more. */
  clear() {
    this.turn += 1;
    [this.found, this.moving, this.count, this.sent, this.asked] = [[], "", 0, "", false];
    this.list.replaceChildren();
    show(this.box, false);
  }
}
