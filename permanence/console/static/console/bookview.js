// SPDX-License-Identifier: AGPL-3.0-or-later
// The agenda inside the console: it takes the place of the card, never of the call's bar, so the line and its keys stay.
import { Book } from "./book.js";
import { button, byId, show } from "./dom.js";
import { closeAll } from "./questions.js";
import { forget } from "./undo.js";
import { WaitList } from "./waitlist.js";

/** @typedef {{call: string, card: import("./state.js").Card}} Desk */

/** Whether the menu says that this is where she is. @param {HTMLElement} tab @param {boolean} is */
function here(tab, is) {
  if (is) tab.setAttribute("aria-current", "page");
  else tab.removeAttribute("aria-current");
}

export class BookView {
  /** @param {{desk: () => Desk|null, patient: () => import("./patient.js").Patient|null, done: (what: string, done: import("./book.js").Done) => void, chosen: () => void, painted: () => void}} hooks */
  constructor(hooks) {
    this.hooks = hooks;
    this.wanted = false;
    this.call = "";
    this.talking = false;
    this.book = new Book({ done: hooks.done, close: () => this.close(), chosen: () => hooks.chosen(), numbers: false });
    this.waiting = new WaitList(this.book);
    button("to-book").addEventListener("click", () => this.toggle());
    button("open-book").addEventListener("click", () => this.open());
  }

  /** Whether it is what she sees. */
  get isOpen() {
    return this.wanted && document.body.dataset.view !== "ringing";
  }

  /** Whether the client of this card keeps an agenda here, as far as the site has told. @param {import("./state.js").Card|null} card */
  has(card) {
    return this.book.clients.some(({ id }) => id === card?.client);
  }

  /** Which clients keep agendas here: asked at the beginning and with each call. */
  load() {
    return this.book.setting().then(() => this.hooks.painted());
  }

  toggle() {
    this.wanted ? this.book.close() : this.open();
  }

  open() {
    const desk = this.hooks.desk();
    const card = desk?.card ?? null;
    this.wanted = true;
    this.hooks.painted();
    const number = card && !card.caller.masked ? card.caller.number ?? "" : "";
    this.book.open({ client: card?.client ?? "", call: desk?.call ?? "", number, patient: this.hooks.patient() });
  }

  /** Back to the card, or to the list. */
  close() {
    if (!this.wanted) return;
    this.wanted = false;
    this.book.holding.letGo();
    this.hooks.painted();
    button(byId("desk-book").hidden || document.body.dataset.view !== "desk" ? "to-book" : "open-book").focus();
  }

  /** @param {string} shown the view that is painted @param {Desk|null} desk @param {boolean} talking */
  paint(shown, desk, talking) {
    const call = desk?.call ?? "";
    // Another call brings its own card.
    if (this.call !== call && this.wanted && call) this.close();
    // As she hangs up, what was held while they spoke is free; what she holds afterwards for the same caller is hers.
    if (this.talking && !talking && this.book.call) this.book.holding.letGo();
    this.talking = talking;
    if (this.call !== call && call) forget();
    if (this.call !== call && call) this.load();
    this.call = call;
    const open = this.wanted && shown !== "ringing";
    // What is asked in it is hidden with it, and would keep the mouse from all the rest.
    if (!open) closeAll(byId("view-book"));
    if (!open && document.body.hasAttribute("data-book")) this.book.spoken.giveWay();
    show(byId("view-book"), open);
    document.body.toggleAttribute("data-book", open);
    button("to-book").setAttribute("aria-expanded", String(open));
    here(byId("to-book"), open);
    here(byId("to-console"), !open);
    show(byId("desk-book"), this.has(desk?.card ?? null));
    for (const hint of document.querySelectorAll("#desk-agendas [data-key=agenda]")) show(hint, byId("desk-book").hidden);
  }
}
