// SPDX-License-Identifier: AGPL-3.0-or-later
// What is said of the place under the cursor: whether the reason in hand could be there, why not, and what Enter would do.
import { offerMarks } from "./bookmarks.js";
import { Nearest } from "./booknear.js";
import { nameIn, placeOf, sentOf, whenOf } from "./bookplaces.js";
import { button, byId, make, say, show } from "./dom.js";
import { word } from "./words.js";

const WHY_MS = 150;

export class Spoken {
  /** @param {import("./book.js").Book} book */
  constructor(book) {
    this.book = book;
    this.whyTimer = 0;
    this.whyTurn = 0;
    /** What stands against the time that may be overbooked. @type {string[]} */
    this.borne = [];
    /** Why it may not be, where its practitioner or the reason forbids it. */
    this.overNot = "";
    /** The place where the rules do not allow the visit, and their main cause; the one where they do. */
    this.barred = "";
    this.cause = "";
    this.allowed = "";
    /** Where the visit in hand was refused, and its key. @type {{at: import("./booknear.js").At, appointment: string}|null} */
    this.kept = null;
    /** What was just done, in words: said until the cursor moves or something else is done. */
    this.done = "";
    /** Whether all causes stand there, not the main one alone. */
    this.whole = false;
    this.near = new Nearest({ shown: () => this.beside(byId("book-refusal")), chosen: (chosen) => book.hand.takeNear(chosen) });
  }

  /** What the cursor would have asked by itself is not asked, or its answer not shown. */
  unask() {
    clearTimeout(this.whyTimer);
    this.whyTurn += 1;
  }

  /** The cursor is elsewhere. */
  moved() {
    this.done = "";
    this.lookAgain();
  }

  /** @param {string} words what was done */
  did(words) {
    this.done = words;
    this.say();
  }

  /** Something was done: what was refused before it is not what she is at now. */
  acted() {
    this.near.clear();
    this.hush();
  }

  /** She sees it no more, a caller comes first: what was said against a place, or is on its way, is not what she comes back to. */
  giveWay() {
    this.unask();
    this.acted();
  }

  /** Another request: nothing that was said of the one before is said of it. */
  leave() {
    this.giveWay();
    [this.borne, this.overNot, this.barred, this.allowed] = [[], "", "", ""];
    this.book.grid.refused(false);
  }

  /** What is said against a place is no more; it stays hatched only where the rules bar the reason in hand from it. */
  hush() {
    this.refusal(null);
    if (!this.isHere(this.barred)) this.book.grid.refused(false);
  }

  /** What is under the cursor, and whether the reason in hand could be. */
  lookAgain() {
    this.unask();
    this.borne = [];
    this.overNot = "";
    this.barred = this.allowed = "";
    this.kept = null;
    this.refusal(null);
    this.book.error("");
    this.say();
    const spot = this.book.grid.spot();
    if (spot && !spot.item && spot.client === this.book.client && this.book.reason && !this.book.hand.item && !this.book.holding.isHeld(spot)) this.whyTimer = window.setTimeout(() => this.why(false), WHY_MS);
  }

  /** The agenda has changed: what is said against the place under the cursor stands until the site has answered anew. */
  changed() {
    const spot = this.book.grid.spot();
    const isOfRequest = spot !== null && spot.client === this.book.client && this.book.reason !== null && !this.book.hand.item;
    if (byId("book-refusal").hidden || !isOfRequest || !this.isHere(this.barred) || (spot.item && !this.near.asked)) return this.lookAgain();
    this.unask();
    // Who was faster may stand there now: then only the nearest are others.
    const again = spot.item ? () => this.offerNear({ ...spot, ...this.book.grid.here() }, "", true) : () => this.why(this.whole, this.near.asked, true);
    this.whyTimer = window.setTimeout(again, WHY_MS);
    return this.say();
  }

  /** A visit is not put there, which is said: what is against it, and what would work. @param {import("./booknear.js").At} at @param {string} appointment */
  keep(at, appointment) {
    this.kept = { at, appointment };
    this.offerNear(at, appointment);
  }

  /** Whether what is said is against putting a visit into that agenda. @param {string} agenda */
  isKept(agenda) {
    return this.kept !== null && this.kept.at.agenda === agenda && !byId("book-refusal").hidden;
  }

  /** That agenda has changed: what is said against it stands until the site has answered anew. */
  keptChanged() {
    this.unask();
    this.whyTimer = window.setTimeout(() => this.keptAgain(), WHY_MS);
    return this.say();
  }

  async keptAgain() {
    const { kept, whyTurn } = this;
    if (!kept) return;
    const { at, appointment } = kept;
    const about = new URLSearchParams({ agenda: at.agenda, ...sentOf(at), appointment, call: this.book.call });
    const told = await this.book.ask(`/console/agenda/why?${about}`);
    if (!told || whyTurn !== this.whyTurn || kept !== this.kept) return;
    this.book.grid.refused(!told.free);
    if (told.free) {
      this.kept = null;
      this.near.clear();
      return this.refusal(null);
    }
    this.refusal({ what: word("book_refused"), causes: told.causes, next: null }, true);
    return this.offerNear(at, appointment, true);
  }

  /** Whether the cursor is at a place. @param {string} place as `placeOf` writes it */
  isHere(place) {
    const spot = this.book.grid.spot();
    return spot !== null && placeOf({ ...spot, ...this.book.grid.here() }) === place;
  }

  /** Why not here: asked for, all of it; else the main cause beside the cursor. @param {boolean} asked @param {boolean} [near] whether the nearest free times are offered @param {boolean} [again] what is offered stays until others are */
  async why(asked, near = asked, again = false) {
    const spot = this.book.grid.spot();
    if (!spot) return;
    if (!this.book.client || !this.book.reason) return this.book.error(word(this.book.client ? "book_reason_missing" : "book_client_missing"));
    // Asked for, it is not overtaken by what the cursor would have asked by itself.
    this.unask();
    const turn = this.whyTurn;
    const about = new URLSearchParams({ agenda: spot.agenda, ...sentOf(spot), reason: this.book.reason.id, patient: this.book.patient.patient?.id ?? "", call: this.book.call, yes: this.book.asking.yes });
    const told = await this.book.ask(`/console/agenda/why?${about}`);
    // What comes late, when the cursor is elsewhere or the time was booked, is not shown.
    if (!told || turn !== this.whyTurn) return;
    if (!spot.item) {
      this.book.grid.refused(!told.free);
      this.bar(spot, told.causes);
    }
    if (told.free) {
      this.borne = [];
      this.overNot = "";
      this.refusal(asked && !again ? { what: word("book_is_free", { hour: spot.hour }), causes: [], next: null } : null);
      return;
    }
    this.borne = told.may_overbook ? told.causes : [];
    this.overNot = told.over_not;
    const next = near ? null : told.next && { ...told.next, agenda: spot.agenda, day: spot.day };
    this.refusal({ what: word("book_not_at", { hour: spot.hour }), causes: asked ? told.causes : told.causes.slice(0, 1), next }, again);
    this.whole = asked;
    if (near) this.offerNear(spot, this.book.hand.key, again);
  }

  /** Beside a refusal what would work: asked by one request, and only where one is said. @param {import("./booknear.js").At} at @param {string} [moving] the appointment that is to be put there @param {boolean} [again] as `why` */
  offerNear(at, moving = "", again = false) {
    if (byId("book-refusal").hidden) return;
    // What the cursor would have asked by itself says less than what is said now.
    this.unask();
    const { reason, patient, call, with: first, only, else: second, site = "" } = this.book.free.wish;
    // The site is one of her client’s: a visit of another one that is moved has sites of its own.
    const isHis = this.book.clients.find(({ id }) => id === this.book.client)?.agendas.some(({ id }) => id === at.agenda);
    this.near.ask({ agenda: at.agenda, ...sentOf(at), reason, patient, call, with: first, only, else: second, site: isHis ? site : "", yes: this.book.asking.yes }, moving, again);
  }

  /** What the rules say of a place: Enter is offered only where nothing is against it. @param {import("./booknear.js").At} at @param {string[]} causes */
  bar(at, causes) {
    [this.cause = ""] = causes;
    this.barred = causes.length ? placeOf(at) : "";
    this.allowed = causes.length ? "" : placeOf(at);
    this.say();
  }

  /** The place under the cursor is not free. @param {import("./booknear.js").At} at @param {string[]} causes */
  refuse(at, causes) {
    this.book.grid.refused(true);
    this.bar(at, causes);
  }

  /** What is said of a place where nothing stands. @param {import("./bookgrid.js").Spot} spot */
  emptyWords(spot) {
    const known = { hour: spot.hour, agenda: [nameIn(spot, this.book.grid.view), spot.site].filter(Boolean).join(", ") };
    const at = placeOf(spot);
    if (at === this.barred && !this.book.hand.item) return word("book_not_free", { ...known, why: this.cause });
    if (!spot.isOpen && at !== this.allowed) return word("book_not_free", { ...known, why: word("book_closed") });
    const unasked = spot.client !== this.book.client || !this.book.reason;
    return unasked || at === this.allowed || this.book.holding.isHeld(spot) ? word("book_place", { ...known, what: word("book_free") }) : word("book_here", known);
  }

  /** Beside the cursor, in words; null takes it away. @param {{what: string, causes: string[], next: {agenda: string, day: string, minute: number, again: boolean, hour: string}|null}|null} told @param {boolean} [again] as `why` */
  refusal(told, again = false) {
    const box = byId("book-refusal");
    show(box, told !== null);
    if (!again) this.kept = null;
    // Gone to one of the nearest, N goes on to the next of them.
    if (told ? !again : !this.near.sent) this.near.clear();
    if (!told) return;
    this.whole = true;
    say(byId("book-refusal-what"), told.what);
    byId("book-refusal-why").replaceChildren(...told.causes.map((one) => make("li", {}, one)));
    const next = button("book-refusal-next");
    show(next, told.next !== null);
    show(byId("book-refusal-over"), this.borne.length > 0);
    const { next: to } = told;
    if (to) {
      say(next, word("book_go_to", { hour: to.hour }));
      next.onclick = () => this.book.shown.goTo(to.agenda, to.day, to.minute, undefined, "", to.again);
    }
    this.beside(box);
  }

  /** Beside the cursor where there is room, else below it or above; never over the request. @param {HTMLElement} box */
  beside(box) {
    const home = byId("view-book").getBoundingClientRect();
    const frame = byId("book-frame").getBoundingClientRect();
    const at = (this.book.grid.against ?? byId("book-frame")).getBoundingClientRect();
    const [right, left] = [at.right + 6, at.left - 6 - box.offsetWidth];
    const sideways = right + box.offsetWidth <= frame.right || left >= frame.left;
    const across = right + box.offsetWidth <= frame.right ? right : left >= frame.left ? left : Math.min(Math.max(at.left, frame.left), frame.right - box.offsetWidth) - 8;
    const under = at.bottom + 6 + box.offsetHeight <= frame.bottom ? at.bottom + 6 : at.top - 6 - box.offsetHeight;
    box.style.left = `${across - home.left}px`;
    box.style.top = `${Math.max(8, Math.min(sideways ? at.top : under, home.bottom - box.offsetHeight - 8) - home.top)}px`;
  }

  /** What Enter would do, and what is under the cursor. */
  say() {
    const spot = this.book.grid.spot();
    const item = spot?.item ?? null;
    const at = this.book.booking.target();
    const act = button("book-act");
    let words = word("book_book_nothing");
    const minutes = at && !this.book.hand.item ? (at.minutes ?? this.book.free.minutesIn(at.agenda)) : undefined;
    if (at) words = word(this.book.hand.item ? "book_move_to" : minutes ? "book_book_long" : "book_book", { hour: whenOf(at), agenda: at.name, minutes: minutes ?? "" });
    const { held } = this.book.holding;
    const isBack = !at && !this.book.hand.item && held !== null;
    if (isBack) words = word("book_to_held", { hour: whenOf(held), agenda: held.name });
    say(byId("book-act-words"), words);
    act.disabled = at === null && !isBack;
    const { meant } = this.book.patient;
    const hours = at && meant && !this.book.hand.item ? this.book.grid.hoursOf(at.agenda, at.day, meant.id) : [];
    say(byId("book-already"), hours.length ? word("book_already", { patient: meant?.name ?? "", hours: hours.join(", ") }) : "");
    show(byId("book-already"), hours.length > 0);
    if (this.book.hand.item) say(byId("book-place"), word("book_moving", { patient: this.book.hand.name }));
    else if (this.done) say(byId("book-place"), this.done);
    else if (spot) say(byId("book-place"), item ? `${nameIn(spot, this.book.grid.view)}, ${item.ariaLabel}${item.dataset.born ? `, ${item.dataset.born}` : ""}` : this.emptyWords(spot));
    else say(byId("book-place"), "");
    const visit = item?.dataset.kind === "appointment" && !this.book.hand.item;
    show(byId("book-acts"), Boolean(visit));
    if (visit) byId("book-file").setAttribute("href", `/console/appointments/${item?.dataset.key}/patient`);
    show(byId("book-said"), Boolean(visit) && item?.hasAttribute("data-said") === true);
    offerMarks(item);
    show(byId("book-busy"), Boolean(spot) && !item && !this.book.hand.item);
    show(byId("book-unbusy"), item?.hasAttribute("data-freeable") === true && !this.book.hand.item);
    button("book-many").disabled = !this.book.client;
    for (const id of ["book-move", "book-cancel"]) button(id).disabled = !item?.hasAttribute("data-movable");
  }

  /** Whether the rules say no to a place, or nothing is open there as far as is known. @param {import("./bookgrid.js").Spot} spot */
  isShut(spot) {
    const at = placeOf(spot);
    return at === this.barred || (!spot.isOpen && at !== this.allowed);
  }
}
