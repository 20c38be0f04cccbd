// SPDX-License-Identifier: AGPL-3.0-or-later
// A visit in hand: taken with M or the pointer, put elsewhere; refused, it stays where it is.
import { offerBack } from "./bookback.js";
import { nameOf, stepsOf } from "./bookgrid.js";
import { placeOf, sentOf, shownAt, STEP_MINUTES, whenOf } from "./bookplaces.js";
import { isAgain, timeOf } from "./booktwice.js";
import { byId } from "./dom.js";
import { word } from "./words.js";

/** @typedef {import("./bookgrid.js").Place} Place */
const MOVE = "/console/agenda/move";

export class Hand {
  /** @param {import("./book.js").Book} book */
  constructor(book) {
    this.book = book;
    /** What is being moved. @type {HTMLElement|null} */
    this.item = null;
    this.key = "";
    this.client = "";
    this.name = "";
    /** Where it stood when it was taken in hand; null once she was told that it stands elsewhere: it counts where it is seen. @type {object|null} */
    this.was = null;
    /** What is taken in hand once V has turned to it. @type {Promise<void>|null} */
    this.soon = null;
    /** The proposed time that was chosen for it last, as a place and as a moment, to the second. */
    this.sent = this.starts = "";
  }

  /** The cursor to it, held for her; what is moved is in hand. @param {import("./booknear.js").Chosen} chosen */
  takeNear({ at, button: slot, moving }) {
    if (!moving) return this.book.holding.hold(slot);
    const item = /** @type {HTMLElement|null} */ (byId("book-frame").querySelector(`[data-key="${CSS.escape(moving)}"]`));
    if (this.key !== moving && item) this.inHand(item);
    [this.sent, this.starts] = [placeOf(at), at.starts];
    return void this.goTo(at);
  }

  /** A proposed time is chosen for what is in hand: it stays in hand, and nothing is held. @param {HTMLElement} slot */
  async choose(slot) {
    const { agenda = "", day = "", minute = "0", starts = "", again } = slot.dataset;
    const at = { agenda, day, minute: Number(minute), again: Boolean(again) };
    [this.sent, this.starts] = [placeOf(at), starts];
    // What is held for a booking may be the very time that is chosen.
    this.book.holding.letGo();
    await this.goTo(at);
    this.book.spoken.say();
  }

  /** @param {import("./booknear.js").At} at */
  async goTo(at) {
    const { key } = this;
    await this.book.shown.goToFree(at, () => this.key === key);
  }

  /** Whether a proposed time is the one that was chosen for it. @param {HTMLElement} slot */
  isSentTo(slot) {
    const { agenda = "", day = "", minute = "0", again } = slot.dataset;
    return this.sent === placeOf({ agenda, day, minute: Number(minute), again: Boolean(again) });
  }

  /** M: what is under the cursor is taken in hand, or what V is turning to. N and Enter wait for it. */
  startSoon() {
    const soon = this.book.coming.afterwards(() => this.startMove());
    this.soon = soon;
    if (!soon) return;
    this.book.choosing = Promise.all([this.book.choosing, soon]);
    soon.finally(() => {
      if (this.soon === soon) this.soon = null;
    });
  }

  /** While a visit is in hand the cursor looks for its new time: what it comes over is not meant by M or X, nor by the pointer, which is said. @param {HTMLElement|null} item @returns {boolean} */
  isOther(item) {
    if (!this.item || !item || item.dataset.key === this.key) return false;
    this.book.error(word("book_moving", { patient: this.name }));
    return true;
  }

  /** M: what is under the cursor is taken in hand. */
  startMove() {
    const item = this.book.grid.spot()?.item ?? null;
    if (this.isOther(item)) return undefined;
    if (item?.dataset.kind !== "appointment") return this.book.error(word("book_not_appointment"));
    if (!item.hasAttribute("data-movable")) return this.book.error(word("book_not_movable"));
    return this.inHand(item);
  }

  /** @param {HTMLElement} item */
  inHand(item) {
    this.item = item;
    [this.key, this.name, this.sent, this.starts] = [item.dataset.key ?? "", nameOf(item), "", ""];
    this.client = /** @type {HTMLElement|null} */ (item.closest("[data-lane]"))?.dataset.clientId ?? this.book.client;
    this.was = shownAt(item);
    item.classList.add("is-moving");
    byId("book-want").classList.add("has-in-hand");
    this.book.free.offer();
    this.book.grid.body?.focus({ preventScroll: true });
    this.book.spoken.say();
  }

  /** The cursor to a visit of the day that is shown; in its past hours too, which are unfolded. @param {string} appointment @param {boolean} move whether it is taken in hand */
  async turnTo(appointment, move) {
    const find = () => /** @type {HTMLElement|null} */ (byId("book-frame").querySelector(`[data-key="${CSS.escape(appointment)}"]`));
    const still = () => !this.book.grid.place && !this.item;
    if (!find() && !this.book.shown.past && !(await this.book.shown.turnTo({ past: true }, still))) return;
    const item = find();
    if (!item) return this.book.error(word("book_visit_gone"));
    if (!still()) return;
    this.book.grid.goTo(item);
    if (move) this.startMove();
  }

  /** The move is given up: the free times are those of the request again. */
  stopMoving() {
    this.putDown();
    this.book.free.offer();
  }

  putDown() {
    this.item?.classList.remove("is-moving");
    byId("book-want").classList.remove("has-in-hand");
    this.item = null;
    [this.key, this.client, this.name, this.sent, this.starts] = ["", "", "", "", ""];
    this.book.grid.paint();
    this.book.spoken.say();
  }

  /** The cursor goes to what is dragged, and with it: M and X are never another one's. @param {HTMLElement} item @param {Place} to */
  drop(item, to) {
    const lane = this.book.grid.lane(to.lane);
    if (!lane || this.isOther(item)) return;
    this.book.grid.goTo(item);
    const time = timeOf(lane, to.step * STEP_MINUTES, to.again);
    this.move(item, { agenda: lane.dataset.agenda ?? "", day: lane.dataset.day ?? "", name: lane.dataset.name ?? "", ...time }, to);
  }

  /** She was told that it was moved meanwhile. */
  look() {
    this.was = null;
  }

  /** Whether it stands there, in one of its two lanes where it is a combined visit. @param {HTMLElement} item @param {{agenda: string, day: string, minute: number, again?: boolean}} at */
  isWhere(item, at) {
    // What was proposed is elsewhere: in the night when clocks go back two moments have one place.
    if (this.starts && this.sent === placeOf(at)) return false;
    const there = this.book.grid.itemOf(at.agenda, at.day, item.dataset.key ?? "");
    return there !== null && Number(there.dataset.minute) === at.minute && isAgain(there) === Boolean(at.again);
  }

  /** The cursor goes where it was let go; nothing is asked of the place, for it stands there. @param {Place} place @param {string} key */
  follow(place, key) {
    this.book.grid.go(place, key);
    this.book.spoken.unask();
  }

  /** Moves it; refused, it stays where it is and the reason stands beside the place. @param {HTMLElement} item
   * @param {{agenda: string, day: string, minute: number, again?: boolean, starts?: string, hour: string, name: string}} at @param {Place} [place] */
  async move(item, at, place) {
    const { agenda: from = "", clientId: client = this.client } = /** @type {HTMLElement|null} */ (item.closest("[data-lane]"))?.dataset ?? {};
    const done = { call: this.book.call, client };
    const [{ key = "" }, name] = [item.dataset, nameOf(item)];
    const when = this.starts && this.key === key && this.sent === placeOf(at) ? { starts_at: this.starts } : sentOf(at);
    const was = (this.key === key && this.was) || (item.isConnected ? shownAt(item) : {});
    const json = { appointment: key, agenda: at.agenda, ...when, ...was, call: done.call };
    // To which no answer came may have been done: only the site knows.
    if (this.isWhere(item, at) && !this.book.once.isOpen(MOVE, json)) return void (this.key === key && this.stopMoving());
    const [span, still] = [stepsOf(item)[1], this.book.staying()];
    const refused = () => this.book.grid.refused(true, place ? { ...place, span } : null);
    const whose = { patient: name, hour: whenOf(at), agenda: at.name };
    const told = await this.book.act(MOVE, json, word("book_not_moved", whose), refused, () => this.book.spoken.keep(at, key));
    if (!told) return;
    // What she took in hand meanwhile stays there.
    if (!this.item || this.key === key) this.putDown();
    if (place && still()) this.follow(place, key);
    this.book.hooks.done("moved", done);
    const back = async () => {
      await this.book.back("/console/agenda/move-back", { appointment: key, move: told.act, call: done.call });
      this.book.hooks.done("", done);
      await Promise.all([this.book.again(at.agenda), this.book.again(from)]);
    };
    offerBack(word("book_moved", whose), "moved", back, told.hears);
    await Promise.all([this.book.again(at.agenda), from === at.agenda ? undefined : this.book.again(from)]);
  }
}
