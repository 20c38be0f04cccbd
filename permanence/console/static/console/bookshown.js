// SPDX-License-Identifier: AGPL-3.0-or-later
// Which day is shown, of whom and how; and the cursor sent to a time of another day.
import { fragment } from "./api.js";
import { DayJump } from "./bookday.js";
import { STEP_MINUTES } from "./bookplaces.js";
import { byId, isTyping, say } from "./dom.js";
import { word } from "./words.js";

export class Shown {
  /** @param {import("./book.js").Book} book */
  constructor(book) {
    this.book = book;
    this.day = "";
    this.today = "";
    this.week = "";
    this.past = false;
    this.view = "day";
    /** How often a place was gone to: where she was sent before that she is not sent any more. */
    this.going = 0;
    this.jump = new DayJump((day) => this.goDay(day), () => this.today);
  }

  /** What she does next she does in the grid, unless she writes or chooses in the request meanwhile. */
  toGrid() {
    const on = document.activeElement;
    if (!isTyping(on) || !byId("view-book").contains(on)) this.book.grid.body?.focus({ preventScroll: true });
  }

  /** @param {{day?: string, week?: string, past?: boolean}} [to] where it is not what is shown */
  path({ day = this.day, week = this.week, past = this.past } = {}) {
    const asked = new URLSearchParams({ view: this.view, client: this.book.client, day });
    if (this.view === "week") asked.set("agenda", week);
    if (past) asked.set("past", "1");
    return `/console/fragments/agenda?${asked}`;
  }

  /** On paper stand sheets of the whole day, its past hours too, and below them what was asked before the visits were booked. */
  async print() {
    try {
      byId("book-paper").replaceChildren(await fragment(this.path().replace("/agenda?", "/agenda/paper?")));
    } catch (error) {
      return this.book.trouble(error);
    }
    window.print();
    byId("book-paper").replaceChildren();
    return undefined;
  }

  /** @returns {Promise<boolean>} whether it is shown */
  async load() {
    try {
      return await this.book.grid.load();
    } catch (error) {
      this.book.trouble(error);
      return false;
    }
  }

  /** Another day or view: of where the cursor stands there it is said anew whether the reason in hand could be. */
  async turned() {
    const { going } = this;
    if ((await this.load()) && going === this.going) this.book.spoken.lookAgain();
  }

  painted() {
    const head = /** @type {HTMLElement|null} */ (byId("book-frame").querySelector(".book__title"));
    if (head) say(byId("book-title"), head.dataset.title ?? "");
    // One that is closed is shown as long as somebody is booked in it.
    for (const { dataset } of this.book.grid.lanes) this.book.touched.hear(dataset.agenda ?? "");
    for (const item of byId("book-frame").querySelectorAll("[data-key]")) item.classList.toggle("is-moving", /** @type {HTMLElement} */ (item).dataset.key === this.book.hand.key);
    // On a day where it does not stand it is in hand all the same.
    this.book.hand.item = this.book.hand.key ? (byId("book-frame").querySelector(`[data-key="${CSS.escape(this.book.hand.key)}"]`) ?? this.book.hand.item) : null;
    this.book.holding.tick();
    this.book.spoken.say();
  }

  /** She goes on: what was just done, or said against a place, is not said there any more. */
  went() {
    this.going += 1;
    this.book.spoken.done = "";
    this.book.spoken.unask();
    this.book.spoken.hush();
  }

  /** @param {string} view */
  choose(view) {
    this.view = view;
    /** @type {HTMLInputElement} */ (byId("book-views").querySelector(`[value=${view}]`)).checked = true;
  }

  /** @param {string} view */
  show(view) {
    this.went();
    this.choose(view);
    if (view === "week") this.week = this.book.grid.spot()?.agenda || this.book.holding.held?.agenda || this.book.clients.find(({ id }) => id === this.book.client)?.agendas[0]?.id || this.book.clients[0]?.agendas[0]?.id || "";
    this.turned().then(() => this.toGrid());
  }

  /** The week of an agenda of another client is not hers any more: that of the client's first one is. */
  follow() {
    const own = this.book.clients.find(({ id }) => id === this.book.client)?.agendas ?? [];
    if (own.length && !own.some(({ id }) => id === this.week)) this.week = own[0].id;
  }

  /** @param {-1|1} by a day, in the week a week */
  step(by) {
    if (!this.day) return undefined; // the page is just coming
    this.went();
    const days = this.view === "week" ? 7 : 1;
    this.day = new Date(Date.parse(this.day) + by * days * 86400000).toISOString().slice(0, 10);
    this.past = false;
    return this.turned();
  }

  /** @param {string} day "2026-12-03" */
  goDay(day) {
    this.went();
    this.day = day;
    this.past = false;
    this.turned().then(() => this.toGrid());
  }

  /** Which day that is, the site says again: the page may be open since yesterday. */
  async goToday() {
    this.went();
    await this.book.setting();
    this.day = this.today;
    this.past = false;
    return this.turned();
  }

  /** The cursor to a time of an agenda, its day shown; not under her hands when she has gone elsewhere before that day is there.
   * @param {string} agenda @param {string} day @param {number} minute @param {() => boolean} [wanted] whether it is still meant
   * @param {string} [on] the appointment that is meant there: among several of that time that one, and where it does not stand nobody else's @param {boolean} [again] the second of two such minutes @returns {Promise<boolean>} whether the cursor was sent there */
  async goTo(agenda, day, minute, wanted = () => true, on = "", again = false) {
    this.going += 1;
    const { going } = this;
    const still = () => this.going === going && wanted();
    let isNew = false;
    const turn = async (/** @type {{day?: string, week?: string, past?: boolean}} */ to) => {
      isNew = await this.turnTo(to, still);
      return isNew;
    };
    const there = { day, week: agenda };
    if (!this.book.grid.laneOf(agenda, day) && !(await turn(there))) return false;
    if (minute / STEP_MINUTES < this.book.grid.first && !this.past && !(await turn({ past: true }))) return false;
    // The visit may be newer than what the grid shows.
    if (on && !isNew && !this.book.grid.itemOf(agenda, day, on) && !(await turn(there))) return false;
    if (!still()) return false;
    const lane = this.book.grid.laneOf(agenda, day);
    const item = on && this.book.grid.itemOf(agenda, day, on);
    if (item) this.book.grid.goTo(item);
    else if (on) this.gone();
    else if (lane) this.book.grid.go({ lane: lane.dataset.lane ?? "", step: Math.floor(minute / STEP_MINUTES), again });
    if (!this.book.patient.isTyped) this.toGrid();
    return on ? this.book.grid.spot()?.item?.dataset.key === on : lane !== null;
  }

  /** The visit that was meant stands there no more: what is typed next is for nobody else who stands where the cursor was. */
  gone() {
    this.book.grid.leave();
    this.book.error(word("book_visit_gone"));
  }

  /** The cursor to a time where nothing stands, which the list does not show. @param {import("./booknear.js").At} at @param {() => boolean} wanted as `goTo` */
  async goToFree({ agenda, day, minute, again }, wanted) {
    if (this.view === "list") {
      this.choose("day");
      if (!(await this.turnTo({ day }, wanted))) return;
    }
    await this.goTo(agenda, day, minute, wanted, "", again);
  }

  /** @param {{day?: string, week?: string, past?: boolean}} to @param {() => boolean} wanted asked once it is there @returns {Promise<boolean>} whether it is shown */
  async turnTo(to, wanted) {
    try {
      // Said before it is drawn: what was touched meanwhile is fetched for the day that is shown then.
      return await this.book.grid.load(this.path(to), () => wanted() && Boolean(Object.assign(this, to)));
    } catch (error) {
      this.book.trouble(error);
      return false;
    }
  }
}
