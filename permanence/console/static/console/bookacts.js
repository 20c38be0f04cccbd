// SPDX-License-Identifier: AGPL-3.0-or-later
// What is done with what stands under the cursor: cancelled, marked, told; busy time made and freed; a practitioner who is late.
import { BusyTime } from "./bookbusy.js";
import { Cancelling } from "./bookcancel.js";
import { nameOf } from "./bookgrid.js";
import { Late } from "./booklate.js";
import { wayBack } from "./bookmarks.js";
import { against } from "./bookonce.js";
import { nameIn, sentOf, shownAt } from "./bookplaces.js";
import { noWayBack } from "./undo.js";
import { word } from "./words.js";

export class Acts {
  /** @param {import("./book.js").Book} book */
  constructor(book) {
    this.book = book;
    /** Where what is about to be cancelled stands, and in which call it was asked. */
    this.from = { agenda: "", client: "", call: "", was: {} };
    this.cancelling = new Cancelling((item, cause, words) => this.cancel(item, cause, words));
    this.busyTime = new BusyTime((at, busy) => this.block(at, busy), (item, name) => this.unblock(item, name));
    this.late = new Late((asked) => book.once.send("/console/agenda/late", asked), (words, agenda) => {
      const still = book.staying();
      book.spoken.acted();
      book.again(agenda).then(() => still() && book.spoken.did(words));
    });
  }

  /** I: what was asked before this visit was booked. */
  async told() {
    const item = this.book.grid.spot()?.item ?? null;
    if (!item?.hasAttribute("data-said")) return;
    this.book.spoken.unask();
    const told = await this.book.ask(`/console/agenda/visit?${new URLSearchParams({ appointment: item.dataset.key ?? "" })}`);
    if (!told) return;
    this.book.spoken.borne = [];
    const answers = told.answers.map((/** @type {{question: string, words: string}} */ one) => `${one.question} ${one.words}`);
    this.book.spoken.refusal({ what: word("book_said"), causes: told.documents.length ? [...answers, word("book_brings", { names: told.documents.join(", ") })] : answers, next: null });
  }

  /** X. */
  askCancel() {
    // V was slower than the call that rings: nothing is asked over it.
    if (!this.book.isOpen) return undefined;
    const item = this.book.grid.spot()?.item ?? null;
    if (this.book.hand.isOther(item)) return undefined;
    if (item?.dataset.kind !== "appointment") return this.book.error(word("book_not_appointment"));
    if (!item.hasAttribute("data-movable")) return this.book.error(word("book_not_movable"));
    // Where it stands now: while she says why, the lane may be drawn anew.
    const { agenda = "", clientId: client = "" } = /** @type {HTMLElement|null} */ (item.closest("[data-lane]"))?.dataset ?? {};
    this.from = { agenda, client, call: this.book.call, was: shownAt(item) };
    return this.cancelling.open(item);
  }

  /** @param {HTMLElement} item @param {string} cause @param {string} words @returns {Promise<string>} what was against it, "" when it is cancelled */
  async cancel(item, cause, words) {
    const { agenda, client, call, was } = this.from;
    let told;
    try {
      told = await this.book.once.send("/console/agenda/cancel", { appointment: item.dataset.key, cause, words, call, ...was });
    } catch (error) {
      return against(error);
    }
    this.book.hooks.done("cancelled", { call, client });
    this.book.spoken.acted();
    const done = word("book_cancelled", { patient: nameOf(item) });
    noWayBack(done, "cancelled");
    this.book.spoken.did([`${done}.`, told.hears, told.said].filter(Boolean).join(" "));
    this.book.again(agenda);
    return "";
  }

  /** B: nobody can be booked here, from now on until the next thing or for an hour: she says until when. */
  askBusy() {
    const spot = this.book.grid.spot();
    if (!spot || spot.item || this.book.hand.item) return this.book.error(word("book_busy_missing"));
    return this.busyTime.open(spot, nameIn(spot, this.book.grid.view), this.book.grid.freeUntil());
  }

  /** R: a practitioner is late: the one under the cursor, else one of the client in hand. */
  askLate() {
    const clients = this.book.clients.filter(({ id }) => !this.book.client || id === this.book.client);
    this.late.open(clients.flatMap((one) => one.agendas), this.book.grid.spot()?.agenda ?? "");
  }

  /** F: the busy time under the cursor is free again. */
  askFree() {
    const spot = this.book.grid.spot();
    if (!spot?.item?.hasAttribute("data-freeable")) return this.book.error(word("book_busy_none"));
    return this.busyTime.openFree(spot.item, nameIn(spot, this.book.grid.view));
  }

  /** @param {import("./bookbusy.js").At} at @param {import("./bookbusy.js").Busy} busy @returns {Promise<string>} what was against it */
  async block(at, busy) {
    try {
      const told = await this.book.once.send("/console/agenda/block", { agenda: at.agenda, ...sentOf(at), ...busy });
      const back = async () => {
        await this.book.back("/console/agenda/unblock", { block: told.block });
        await this.book.again(at.agenda);
      };
      this.book.after(word("book_busy_done", { words: told.words, agenda: at.name }), at.agenda, "busy", back);
    } catch (error) {
      return against(error);
    }
    return "";
  }

  /** @param {HTMLElement} item @param {string} name @returns {Promise<string>} what was against it */
  async unblock(item, name) {
    try {
      const told = await this.book.once.send("/console/agenda/unblock", { block: item.dataset.key });
      this.book.spoken.acted();
      const words = word("book_busy_freed", { what: item.ariaLabel ?? "", agenda: name });
      noWayBack(words, "freed");
      this.book.spoken.did(words);
      this.book.again(told.agenda);
    } catch (error) {
      return against(error);
    }
    return "";
  }

  /** @param {string} state @param {string} words the button's */
  async mark(state, words) {
    const spot = this.book.grid.spot();
    const item = spot?.item ?? null;
    if (!spot || item?.dataset.kind !== "appointment") return;
    const [{ key: appointment = "", state: was = "" }, name] = [item.dataset, nameOf(item)];
    if (await this.book.act("/console/agenda/mark", { appointment, state }, word("book_not_done", { what: `${name}, ${words}` }))) {
      await this.book.after(`${name}: ${words}`, spot.agenda, "marked", async () => {
        const still = this.book.staying();
        await this.book.back("/console/agenda/mark", { appointment, state: wayBack(was, state) });
        if (still()) this.book.spoken.did(word("book_undone"));
        await this.book.again(spot.agenda);
      });
    }
    this.book.shown.toGrid();
  }
}
