// SPDX-License-Identifier: AGPL-3.0-or-later
// The grid of the agenda: lanes written by the site, a cursor that walks over them, and what is dragged from one place to another.
import { fragment } from "./api.js";
import { hourOf } from "./bookplaces.js";
import { halfOf, isAgain, isTwice, lapseOf, lapsesOf, stepAt, timeOf } from "./booktwice.js";
import { byId, make } from "./dom.js";
import { pressed, released } from "./pressing.js";

/** @typedef {{lane: string, step: number, again?: boolean}} Place a lane's key and a step of five minutes on its clock; `again`: it comes twice that day, and it is the second one */
/** @typedef {import("./booktwice.js").Time & {agenda: string, client: string, day: string, name: string, site: string, item: HTMLElement|null, isOpen: boolean}} Spot what is under the cursor; `isOpen`: the practice has an opening then, and nobody is away; `site`: at which of several that opening is */

const STEP = 5;
const DAY = 288;
/** Arrows go a quarter of an hour, and stop where something begins. */
const STRIDE = 3;
/** More touched lanes than this are fetched as one grid. */
const MOST_ALONE = 4;
/** Pixels before a press is a drag. */
const SLIP = 6;

/** The first step of what stands in a lane and how many, as its classes say. @param {Element} one @returns {[number, number]} */
export function stepsOf(one) {
  const [, first = 0, span = 0] = (/ f(\d+) s(\d+)/.exec(one.className) ?? []).map(Number);
  return [first, span];
}

/** Who comes, or what else stands there. @param {Element} item */
export function nameOf(item) {
  return item.querySelector(".appt__name")?.textContent ?? "";
}

export class Grid {
  /** @param {{moved: () => void, pressed: (item: HTMLElement) => void, dropped: (item: HTMLElement, to: Place) => void, length: (lane: HTMLElement) => number, path: () => string, painted: () => void}} hooks `length`: steps of what would be booked */
  constructor(hooks) {
    this.hooks = hooks;
    this.frame = byId("book-frame");
    /** @type {Place|null} */
    this.place = null;
    /** Where the cursor was on what the list does not show, until she goes elsewhere. @type {(Place & {on: string})|null} */
    this.left = null;
    /** How far each view was scrolled. @type {Record<string, number>} */
    this.scrolled = {};
    /** How high the grid was. */
    this.height = 0;
    this.isRefused = false;
    /** Where what was dragged may not be, and how many steps it takes: the cursor is not there, but on what was dragged. @type {(Place & {span: number})|null} */
    this.barred = null;
    this.turn = 0;
    /** How often the whole grid was shown anew. */
    this.shown = 0;
    /** Agendas touched while the grid is on its way, whose answer may be older than that; null while none is. @type {Set<string>|null} */
    this.missed = null;
    /** @type {Map<string, number>} */
    this.turns = new Map();
    this.frame.addEventListener("click", (event) => this.clicked(event));
    this.frame.addEventListener("pointerdown", (event) => this.grab(event));
    this.frame.addEventListener("pointerover", (event) => this.told(event));
    new ResizeObserver(() => this.resized()).observe(this.frame);
  }

  /** @returns {HTMLElement[]} */
  get lanes() {
    return [...this.frame.querySelectorAll("[data-lane]")].map((one) => /** @type {HTMLElement} */ (one));
  }

  get view() {
    return /** @type {HTMLElement|null} */ (this.frame.querySelector(".book__title"))?.dataset.view ?? "day";
  }

  get body() {
    return document.getElementById("book-grid");
  }

  /** @param {string} key @returns {HTMLElement|null} */
  lane(key) {
    return this.frame.querySelector(`[data-lane="${CSS.escape(key)}"]`);
  }

  /** @param {Element} lane @returns {HTMLElement[]} */
  items(lane) {
    return [...lane.querySelectorAll("[data-key]")].map((one) => /** @type {HTMLElement} */ (one));
  }

  /** Fetches the whole grid; a slower, older answer never replaces a newer one. Throws what the site answers.
   * @param {string} [path] @param {() => boolean} [wanted] asked once the answer is there @returns {Promise<boolean>} whether it is shown */
  async load(path = this.hooks.path(), wanted = () => true) {
    this.turn += 1;
    const { turn } = this;
    this.missed ??= new Set();
    try {
      const content = await fragment(path);
      await released();
      if (turn !== this.turn || !wanted()) return false;
      this.put(content);
      return true;
    } finally {
      if (turn === this.turn) this.catchUp();
    }
  }

  /** @param {DocumentFragment} content the whole grid */
  put(content) {
    this.shown += 1;
    const had = this.body !== null && this.body.contains(document.activeElement);
    const { view } = this;
    this.scrolled[view] = this.body?.scrollTop ?? 0;
    this.frame.replaceChildren(content);
    const scroll = this.scrolled[this.view] ?? 0;
    if (had) this.body?.focus({ preventScroll: true });
    if (this.body && scroll) this.body.scrollTop = scroll;
    this.findPlace();
    this.paint();
    if (view !== this.view) this.show();
    this.hooks.painted();
  }

  /** The cursor is nowhere on a day without its lane; on one that the list leaves out only until the lane is shown again. */
  findPlace() {
    const { place, left } = this;
    if (place && !this.lane(place.lane)) {
      this.left = { ...place, on: this.on };
      this.place = null;
    } else if (!place && left && this.lane(left.lane)) {
      this.place = { lane: left.lane, step: left.step, again: left.again };
      this.on = left.on;
    }
    if (this.view !== "list") this.left = null;
  }

  /** What is said below takes more lines: where the cursor was in sight it stays so. */
  resized() {
    const before = this.height;
    this.height = this.frame.clientHeight;
    const [cursor, frame] = [this.frame.querySelector(".cursor:not(.cursor--barred), .is-here")?.getBoundingClientRect(), this.frame.getBoundingClientRect()];
    if (cursor && cursor.bottom > frame.bottom && cursor.bottom <= frame.top + before + 1) this.show();
  }

  /** What was touched while the grid was on its way. */
  catchUp() {
    const missed = [...(this.missed ?? [])];
    this.missed = null;
    // Nobody waits for it: the site that does not answer now is asked again at the next touch.
    if (missed.length) this.touched(...missed).catch(() => undefined);
  }

  /** Agendas were touched: their lanes are fetched again where they stand, a few of them alone. @param {string[]} agendas */
  async touched(...agendas) {
    const { missed } = this;
    if (missed) return agendas.forEach((one) => missed.add(one));
    const shown = this.lanes.filter((one) => agendas.includes(one.dataset.agenda ?? ""));
    if (this.view === "list" || (this.view === "week" && shown.length) || shown.length > MOST_ALONE) return void (await this.load());
    await Promise.all(shown.map((one) => this.again(one.dataset.lane ?? "")));
    return undefined;
  }

  /** What is said at the head of a lane follows it. @param {string} key */
  note(key) {
    const number = this.lanes.findIndex((one) => one.dataset.lane === key);
    const head = this.frame.querySelectorAll(".grid__name")[number];
    const words = this.lanes[number]?.dataset.note ?? "";
    head?.querySelector("small")?.remove();
    if (words) head?.append(make("small", {}, words));
  }

  /** @param {string} key */
  async again(key) {
    const turn = (this.turns.get(key) ?? 0) + 1;
    this.turns.set(key, turn);
    const old = this.lane(key);
    const { shown } = this;
    if (!old) return;
    const folded = this.frame.querySelector(".grid__fold") !== null;
    const asked = new URLSearchParams({ agenda: old.dataset.agenda ?? "", day: old.dataset.day ?? "", first: String(folded ? this.first * STEP : 0), shown: `${this.first}-${this.last}` });
    const content = await fragment(`/console/fragments/agenda/lane?${asked}`);
    await released();
    const here = this.lane(key);
    if (!here || this.turns.get(key) !== turn || this.shown !== shown) return;
    // What is earlier or later than all that was shown gets its hours.
    if ([...content.querySelectorAll("[data-key], .lane__open")].some((one) => this.isOutside(one))) return void (await this.load());
    const had = here.contains(document.activeElement);
    here.replaceWith(content);
    this.note(key);
    if (had) this.body?.focus({ preventScroll: true });
    this.paint();
    this.hooks.painted();
  }

  /** Whether the day is longer now than what is shown. Busy time over midnight never makes it so: the site has cut it (`within` in agenda_grid.py). @param {Element} one what stands in a lane */
  isOutside(one) {
    const [begins, span] = stepsOf(one);
    return begins < this.first || begins + span > this.last;
  }

  get first() {
    return Number(this.body?.dataset.first ?? 0);
  }

  get last() {
    return this.first + Number(this.body?.dataset.count ?? DAY);
  }

  /** What is under the cursor. @returns {Spot|null} */
  spot() {
    const lane = this.place ? this.lane(this.place.lane) : null;
    if (!lane || !this.place) return null;
    const item = this.itemAt(lane, this.place);
    const time = item ? timeOf(lane, Number(item.dataset.minute), isAgain(item)) : this.here();
    return { agenda: lane.dataset.agenda ?? "", client: lane.dataset.clientId ?? "", day: lane.dataset.day ?? "", name: lane.dataset.name ?? "", ...time, site: this.siteAt(lane, this.place.step), item, isOpen: this.isOpenAt(lane, this.place.step) };
  }

  /** The time of the cursor's own place, whatever stands there. @returns {import("./booktwice.js").Time} */
  here() {
    const lane = this.place && this.lane(this.place.lane);
    const minute = (this.place?.step ?? 0) * STEP;
    return lane ? timeOf(lane, minute, this.place?.again) : { minute, again: false, starts: "", hour: hourOf(minute) };
  }

  /** Until when nothing stands there from the cursor on, an hour at most: an hour of the clock. */
  freeUntil() {
    const lane = this.place && this.lane(this.place.lane);
    if (!lane || !this.place) return "";
    const from = lapseOf(lane, this.place.step, this.place.again);
    const later = this.items(lane).map((one) => this.lapses(lane, one)[0]).filter((one) => one > from);
    return hourOf(stepAt(lane, Math.min(...later, from + 60 / STEP, lapseOf(lane, 1440 / STEP))).step * STEP);
  }

  /** @param {Element} lane @param {number} step */
  isOpenAt(lane, step) {
    return this.groundsAt(lane, step, ".lane__open").length > 0 && !this.groundsAt(lane, step, ".lane__absent").length;
  }

  /** At which of several sites the opening is. @param {Element} lane @param {number} step */
  siteAt(lane, step) {
    return this.groundsAt(lane, step, ".lane__open[data-site]")[0]?.dataset.site ?? "";
  }

  /** Whether the place is one of a group's. @param {Spot} spot */
  isGroup({ agenda, day, minute }) {
    const lane = this.laneOf(agenda, day);
    return lane !== null && this.groundsAt(lane, minute / STEP, ".lane__group").length > 0;
  }

  /** Whether somebody else, or busy time, is seen to stand where a visit would go: the site decides. In a group there may be places. @param {HTMLElement} item @param {Place|null} to @param {number} span */
  isTaken(item, to, span) {
    const lane = to && this.lane(to.lane);
    if (!to || !lane || this.groundsAt(lane, to.step, ".lane__group").length) return false;
    const from = lapseOf(lane, to.step, to.again);
    // What she holds herself is no hindrance to her.
    return this.items(lane).some((one) => {
      const [begins, over] = this.lapses(lane, one);
      return !one.classList.contains("appt--mine") && one.dataset.key !== item.dataset.key && begins < from + span && from < over;
    });
  }

  /** @param {Element} lane @param {number} step @param {string} kind @returns {HTMLElement[]} */
  groundsAt(lane, step, kind) {
    return [...lane.querySelectorAll(kind)].map((one) => /** @type {HTMLElement} */ (one)).filter((ground) => {
      const [first, span] = stepsOf(ground);
      return first <= step && step < first + span;
    });
  }

  /** @param {HTMLElement} lane @param {Element} one @returns {[number, number]} */
  lapses(lane, one) {
    return lapsesOf(lane, one, stepsOf(one));
  }

  /** @param {HTMLElement} lane @param {{step: number, again?: boolean}} place @returns {HTMLElement|null} */
  itemAt(lane, { step, again }) {
    const lapse = lapseOf(lane, step, again);
    const own = this.items(lane).filter((one) => {
      const [begins, over] = this.lapses(lane, one);
      return begins <= lapse && lapse < over;
    });
    return own.find((one) => one.dataset.key === this.on) ?? own[0] ?? null;
  }

  /** The item among several at one time on which the cursor is. */
  on = "";

  /** @param {Place} place @param {string} [on] */
  go(place, on = "") {
    this.left = null;
    this.place = place;
    this.on = on;
    this.isRefused = false;
    this.barred = null;
    this.paint();
    this.show();
    this.hooks.moved();
  }

  /** The cursor is nowhere. */
  leave() {
    this.place = this.left = null;
    this.on = "";
    this.isRefused = false;
    this.barred = null;
    this.paint();
    this.hooks.moved();
  }

  /** Where a day's lane of an agenda is, when it is shown. @param {string} agenda @param {string} day */
  laneOf(agenda, day) {
    return this.lane(`${agenda}-${day}`);
  }

  /** What stands there of an agenda and a day by its key, when it is shown. @param {string} agenda @param {string} day @param {string} key */
  itemOf(agenda, day, key) {
    const lane = this.laneOf(agenda, day);
    return lane ? this.items(lane).find((one) => one.dataset.key === key) ?? null : null;
  }

  /** When somebody comes to an agenda on a day that is shown, in order. @param {string} agenda @param {string} day @param {string} patient */
  hoursOf(agenda, day, patient) {
    const lane = this.laneOf(agenda, day);
    if (!lane) return [];
    const visits = this.inOrder(lane).filter((one) => one.dataset.patient === patient);
    return visits.map((one) => timeOf(lane, Number(one.dataset.minute), isAgain(one)).hour);
  }

  /** The arrows. @param {-1|0|1} across @param {-1|0|1} down */
  walk(across, down) {
    const lanes = this.lanes;
    if (!lanes.length) return;
    if (this.view === "list") return this.walkList(down || across);
    if (!this.place) return this.go({ lane: lanes[0].dataset.lane ?? "", step: this.begin(lanes[0]) });
    const here = lanes.findIndex((one) => one.dataset.lane === this.place?.lane);
    const lane = lanes[Math.min(Math.max(here + across, 0), lanes.length - 1)];
    return down ? this.along(lane, this.place, down) : this.go({ ...this.place, lane: lane.dataset.lane ?? "" });
  }

  /** What stands in a lane as it comes to pass. @param {HTMLElement} lane */
  inOrder(lane) {
    return this.items(lane).sort((one, other) => this.lapses(lane, one)[0] - this.lapses(lane, other)[0]);
  }

  /** Up or down in a lane: of those who stand at one time each is come to, one after the other. @param {HTMLElement} lane @param {Place} place @param {-1|1} down */
  along(lane, place, down) {
    const all = this.inOrder(lane);
    const lapses = (/** @type {HTMLElement} */ one) => this.lapses(lane, one);
    const covers = (/** @type {HTMLElement} */ one, /** @type {number} */ at) => lapses(one)[0] <= at && at < lapses(one)[1];
    const [from, item] = [lapseOf(lane, place.step, place.again), this.itemAt(lane, place)];
    const here = item ? all.indexOf(item) : all.filter((one) => lapses(one)[0] <= from).length;
    const gone = all.slice(0, item && down > 0 ? here + 1 : here);
    const other = down > 0 ? all[gone.length] : all[here - 1];
    let lapse = this.next(lane, from, item, down);
    if (down > 0) {
      // What was gone through already and lasts longer is not come to again.
      for (let over = gone.find((one) => covers(one, lapse)); over; over = gone.find((one) => covers(one, lapse))) [, lapse] = lapses(over);
      lapse = Math.min(lapse, lapseOf(lane, this.last - 1, true));
    }
    const isNext = other && (down > 0 ? lapses(other)[0] <= lapse : lapses(other)[0] >= lapse || gone.some((one) => covers(one, lapse)));
    return isNext ? this.goTo(other) : this.go({ lane: lane.dataset.lane ?? "", ...stepAt(lane, lapse) });
  }

  /** Where the cursor begins: at the present step, else where the lane opens. @param {HTMLElement} lane */
  begin(lane) {
    const now = this.frame.querySelector(".grid__now");
    const step = /f(\d+)/.exec((now ?? lane.querySelector(".lane__open"))?.className ?? "")?.[1];
    return Math.min(Math.max(Math.ceil(Number(step ?? this.first) / STRIDE) * STRIDE, this.first), this.last - 1);
  }

  /** The next stop, as a lapse. @param {HTMLElement} lane @param {number} lapse @param {HTMLElement|null} item what stands there @param {-1|1} down */
  next(lane, lapse, item, down) {
    const stride = Math.max(STRIDE, Number(lane.dataset.step) / STEP);
    const edges = this.items(lane).flatMap((one) => this.lapses(lane, one));
    const [begins, over] = item ? this.lapses(lane, item) : [lapse, lapse + 1];
    const from = down > 0 ? over - 1 : begins;
    const even = down > 0 ? (Math.floor(from / stride) + 1) * stride : (Math.ceil(from / stride) - 1) * stride;
    const between = edges.filter((one) => (down > 0 ? one > from && one < even : one < from && one > even));
    const found = between.length ? (down > 0 ? Math.min(...between) : Math.max(...between)) : even;
    return Math.min(Math.max(found, lapseOf(lane, this.first)), lapseOf(lane, this.last - 1, true));
  }

  /** @param {number} down */
  walkList(down) {
    const all = this.lanes.flatMap((one) => this.items(one));
    if (!all.length) return;
    const here = all.findIndex((one) => one.classList.contains("is-here"));
    const item = all[Math.min(Math.max(here + (here < 0 ? 1 : down), 0), all.length - 1)];
    this.goTo(item);
  }

  /** @param {HTMLElement} item */
  goTo(item) {
    const lane = /** @type {HTMLElement|null} */ (item.closest("[data-lane]"));
    if (lane) this.go({ lane: lane.dataset.lane ?? "", step: stepsOf(item)[0], again: isAgain(item) }, item.dataset.key);
  }

  /** @param {boolean} refused @param {(Place & {span: number})|null} [barred] where, unless under the cursor: it stays there until nothing is refused any more */
  refused(refused, barred = this.barred) {
    this.barred = refused ? barred : null;
    this.isRefused = refused && !barred;
    this.paint();
  }

  paint() {
    this.frame.querySelectorAll(".cursor").forEach((one) => one.remove());
    this.frame.querySelectorAll(".is-here").forEach((one) => one.classList.remove("is-here"));
    if (this.barred) this.ghost(this.barred, this.barred.span, " cursor--refused cursor--barred");
    const lane = this.place ? this.lane(this.place.lane) : null;
    if (!lane || !this.place) return;
    const { step, again } = this.place;
    const item = this.itemAt(lane, this.place);
    this.twins(item);
    if (this.view === "list") return void item?.classList.add("is-here");
    const [first, span] = item ? stepsOf(item) : [step, Math.min(this.hooks.length(lane), this.last - step)];
    // Beside others it is as narrow as what it surrounds.
    const among = item ? / w\d+ x\d+/.exec(item.className)?.[0] ?? "" : halfOf(lane, step, again);
    lane.append(make("span", { class: `cursor f${first} s${Math.max(span, 1)}${among}${this.isRefused ? " cursor--refused" : ""}` }, !item && make("span", { class: "cursor__time" }, hourOf(first * STEP))));
  }

  /** A combined visit stands in two lanes: with the cursor on it, both are marked. @param {HTMLElement|null} item */
  twins(item) {
    this.frame.querySelectorAll(".is-twin").forEach((one) => one.classList.remove("is-twin"));
    if (!item?.classList.contains("appt--tied")) return;
    for (const one of this.frame.querySelectorAll(`[data-key="${CSS.escape(item.dataset.key ?? "")}"]`)) if (one !== item) one.classList.add("is-twin");
  }

  /** What is said against a place stands beside it: where what was dragged may not be, else where the cursor is. */
  get against() {
    return this.frame.querySelector(".cursor--barred") ?? this.frame.querySelector(".cursor, .is-here");
  }

  /** The cursor in sight. */
  show() {
    (this.frame.querySelector(".cursor:not(.cursor--barred)") ?? this.frame.querySelector(".is-here"))?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (this.dragged) {
      this.dragged = false;
      return;
    }
    const item = /** @type {HTMLElement|null} */ (target.closest("[data-key]"));
    if (item) {
      this.goTo(item);
      this.hooks.pressed(item);
      this.body?.focus({ preventScroll: true });
      return;
    }
    const place = this.under(event);
    if (!place) return;
    this.go(place);
    this.body?.focus({ preventScroll: true });
  }

  /** A visit too narrow for its words says them under the pointer. @param {PointerEvent} event */
  told(event) {
    const item = /** @type {HTMLElement|null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-key]"));
    if (item && !item.title) item.title = item.ariaLabel ?? "";
  }

  /** The place under the pointer, on the lane's own step. @param {MouseEvent} event @param {number} [grip] steps from the beginning of what is held @param {Place|null} [own] where that stands, on its step or not @returns {Place|null} */
  under(event, grip = 0, own = null) {
    const lane = /** @type {HTMLElement|null} */ (document.elementsFromPoint(event.clientX, event.clientY).find((one) => one.matches("[data-lane]")) ?? null);
    if (!lane || this.view === "list") return null;
    const box = lane.getBoundingClientRect();
    const raw = this.first + ((event.clientY - box.top) / box.height) * (this.last - this.first) - grip;
    const stride = Number(lane.dataset.step) / STEP;
    const isAgainAt = (/** @type {number} */ step) => isTwice(lane, step) && event.clientX > box.left + box.width / 2;
    if (own && own.lane === lane.dataset.lane && Math.abs(raw - own.step) < stride / 2 && isAgainAt(own.step) === Boolean(own.again)) return own;
    const step = Math.min(Math.max(Math.round(raw / stride - (grip ? 0 : 0.5)) * stride, this.first), this.last - 1);
    return { lane: lane.dataset.lane ?? "", step, again: isAgainAt(step) };
  }

  dragged = false;

  /** A press on what may be moved: dragged away it goes where it is let go, if the rules allow it. @param {PointerEvent} event */
  grab(event) {
    this.dragged = false;
    const item = /** @type {HTMLElement|null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-movable]"));
    if (!item || event.button !== 0 || this.view === "list") return;
    const box = item.getBoundingClientRect();
    const [first, span] = stepsOf(item);
    const grip = ((event.clientY - box.top) / box.height) * span;
    const [x, y] = [event.clientX, event.clientY];
    const own = { lane: /** @type {HTMLElement|null} */ (item.closest("[data-lane]"))?.dataset.lane ?? "", step: first, again: isAgain(item) };
    /** @type {Place|null} */
    let to = null;
    let isGivenUp = false;
    const follow = (/** @type {PointerEvent} */ moved) => {
      if (isGivenUp || (!this.dragged && Math.hypot(moved.clientX - x, moved.clientY - y) < SLIP)) return;
      this.dragged = true;
      item.classList.add("is-moving");
      to = this.under(moved, grip, own);
      this.ghost(to, span, to !== own && this.isTaken(item, to, span) ? " cursor--refused" : "");
    };
    const giveUp = (/** @type {KeyboardEvent} */ pressed) => {
      if (pressed.key !== "Escape" || !this.dragged) return;
      // Nothing else is closed by it; the click that follows is that of the drag still.
      pressed.preventDefault();
      isGivenUp = true;
      to = null;
      item.classList.remove("is-moving");
      this.paint();
    };
    const end = (/** @type {PointerEvent} */ ended) => {
      document.removeEventListener("pointermove", follow);
      document.removeEventListener("pointerup", end);
      document.removeEventListener("pointercancel", end);
      document.removeEventListener("keydown", giveUp, true);
      item.classList.remove("is-moving");
      this.paint();
      if (this.dragged && ended.type === "pointerup" && to) this.hooks.dropped(item, to);
      // The click that follows a drag is none; what is dragged next may be under way before that is over.
      const presses = pressed();
      setTimeout(() => {
        if (presses === pressed()) this.dragged = false;
      });
    };
    document.addEventListener("pointermove", follow);
    document.addEventListener("pointerup", end);
    document.addEventListener("pointercancel", end);
    document.addEventListener("keydown", giveUp, true);
  }

  /** Where it would go, or may not. @param {Place|null} to @param {number} span @param {string} [more] its other classes */
  ghost(to, span, more = "") {
    this.frame.querySelectorAll(".cursor").forEach((one) => one.remove());
    const lane = to && this.lane(to.lane);
    if (lane && to) lane.append(make("span", { class: `cursor f${to.step} s${span}${halfOf(lane, to.step, to.again)}${more}` }, make("span", { class: "cursor__time" }, hourOf(to.step * STEP))));
  }
}
