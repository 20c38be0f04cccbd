// SPDX-License-Identifier: AGPL-3.0-or-later
// The agenda: the request on the left (client, patient, reason, wishes), the day on the right; a time is chosen, held and booked. Stands in the console beside the call, and in a page of its own.
import { config, fragment, newId, request, SiteRefusal } from "./api.js";
import { Asked } from "./bookasked.js";
import { BusyTime } from "./bookbusy.js";
import { Cancelling } from "./bookcancel.js";
import { Coming } from "./bookcoming.js";
import { Consent } from "./bookconsent.js";
import { DayJump } from "./bookday.js";
import { Grid, hourOf, nameOf, stepsOf } from "./bookgrid.js";
import { Late } from "./booklate.js";
import { hearMarks, offerMarks, wayBack } from "./bookmarks.js";
import { Overbooking } from "./bookover.js";
import { Series } from "./bookseries.js";
import { Wishes } from "./bookwish.js";
import { button, byId, isTyping, make, say, show } from "./dom.js";
import { keptKeys } from "./keptkeys.js";
import { topic } from "./live.js";
import { PatientField } from "./patient.js";
import { offerUndo } from "./undo.js";
import { running, word } from "./words.js";

/** @typedef {{id: string, name: string, initials: string, colour: number, agendas: {id: string, name: string, recipient: string}[]}} Client */
/** @typedef {{id: string, name: string, minutes: number, code: string} & import("./bookasked.js").About} Reason */
/** @typedef {{id: string, starts: string, agenda: string, day: string, minute: number, hour: string, name: string, minutes: number, expires: number}} Held */
/** @typedef {import("./bookgrid.js").Place} Place */

const WHY_MS = 150;
const STEP_MINUTES = 5;
/** How long the cursor is while no reason says it. */
const USUAL_MINUTES = 15;
const select = (/** @type {string} */ id) => /** @type {HTMLSelectElement} */ (byId(id));
const placeOf = (/** @type {{agenda: string, day: string, minute: number}} */ at) => `${at.agenda} ${at.day} ${at.minute}`;
const checked = (/** @type {string} */ id) => [...byId(id).querySelectorAll("input:checked")].map((one) => /** @type {HTMLInputElement} */ (one).value);

export class Book {
  /** @param {{done: (what: "booked"|"moved"|"cancelled"|"", call: string, patient?: import("./patient.js").Patient|null) => void, close: () => void, numbers: boolean}} hooks
   * `done`: what was done for a call, "" when it was taken back, and for whom a visit was booked; `numbers`: whether the figures are this module's to hear */
  constructor(hooks) {
    this.hooks = hooks;
    /** @type {Client[]} */
    this.clients = [];
    /** @type {Reason[]} */
    this.reasons = [];
    this.call = "";
    this.number = "";
    this.day = "";
    this.today = "";
    this.week = "";
    this.past = false;
    this.view = "day";
    /** @type {Held|null} */
    this.held = null;
    /** @type {HTMLElement|null} what is being moved */
    this.moving = null;
    this.movingKey = "";
    this.movingName = "";
    this.offset = 0;
    this.turn = 0;
    /** How often free times were asked for, a place was gone to, and what was held was given up: what was asked before that is not shown. */
    this.proposing = 0;
    this.going = 0;
    this.letting = 0;
    /** The request that is being begun. @type {Promise<unknown>} */
    this.choosing = Promise.resolve();
    this.whyTimer = 0;
    this.whyTurn = 0;
    /** @type {Set<string>} */
    this.heard = new Set();
    this.busy = false;
    this.patient = new PatientField({ number: () => this.number, chosen: () => this.changed(true) }, "book-patient", true);
    this.grid = new Grid({
      moved: () => {
        this.going += 1;
        this.moved();
      },
      pressed: () => undefined,
      dropped: (item, to) => this.drop(item, to),
      length: (lane) => (this.moving ? stepsOf(this.moving)[1] : (lane.dataset.clientId === this.client ? (this.minutesIn(lane.dataset.agenda ?? "") ?? this.reason?.minutes ?? USUAL_MINUTES) : USUAL_MINUTES) / STEP_MINUTES),
      path: () => this.path(),
      painted: () => this.painted(),
    });
    this.cancelling = new Cancelling((item, cause, words) => this.cancel(item, cause, words));
    this.asking = new Asked(() => this.changed(false));
    this.busyTime = new BusyTime((at, busy) => this.block(at, busy), (item, name) => this.unblock(item, name));
    this.consent = new Consent();
    this.coming = new Coming((agenda, day, minute) => this.goTo(agenda, day, minute));
    this.wishes = new Wishes(() => this.changed(false), () => this.today);
    this.jump = new DayJump((day) => this.goDay(day), () => this.today);
    this.late = new Late((words, agenda) => void this.again(agenda).then(() => this.did(words)));
    this.overbooking = new Overbooking((at, cause) => this.overbook(at, cause));
    this.series = new Series({ asked: () => this.wish, said: () => this.asking.said, booked: (appointments, words) => this.bookedSeries(appointments, words) });
    /** What stands against the time that may be overbooked. @type {string[]} */
    this.borne = [];
    /** The place where the rules do not allow the visit, and their main cause; the one where they do. */
    this.barred = "";
    this.cause = "";
    this.allowed = "";
    /** What was just done, in words: said until the cursor moves or something else is done. */
    this.done = "";
    this.wire();
  }

  get client() {
    return select("book-client").value;
  }

  get reason() {
    return this.reasons.find((one) => one.id === select("book-reason").value) ?? null;
  }

  get isOpen() {
    return byId("view-book").offsetParent !== null;
  }

  wire() {
    const press = (/** @type {string} */ id, /** @type {() => void} */ what) => document.getElementById(id)?.addEventListener("click", what);
    press("book-before", () => this.step(-1));
    press("book-after", () => this.step(1));
    press("book-today", () => this.goToday());
    press("book-act", () => this.enter());
    press("book-move", () => this.startMove());
    press("book-cancel", () => this.askCancel());
    press("book-why", () => this.why(true));
    press("book-print", () => this.print());
    press("book-late", () => this.askLate());
    press("book-many", () => this.many());
    press("book-busy", () => this.askBusy());
    press("book-unbusy", () => this.askFree());
    press("book-said", () => this.told());
    press("book-refusal-over", () => this.over());
    press("book-close", () => this.close());
    select("book-client").addEventListener("change", () => this.choose(this.client, { patient: "", number: this.number }));
    select("book-reason").addEventListener("change", () => this.asking.show(this.reason));
    for (const id of ["book-reason", "book-halves", "book-out", "book-with"]) byId(id).addEventListener("change", () => this.changed(false));
    byId("book-views").addEventListener("change", (event) => this.show(/** @type {HTMLInputElement} */ (event.target).value));
    byId("book-slots").addEventListener("click", (event) => {
      const slot = /** @type {HTMLElement|null} */ (/** @type {HTMLElement} */ (event.target).closest(".slot"));
      if (slot) this.hold(slot);
    });
    byId("book-frame").addEventListener("click", (event) => {
      if (!(/** @type {Element} */ (event.target).closest("#book-unfold"))) return;
      this.past = true;
      this.load();
    });
    hearMarks((state, words) => this.mark(state, words));
    document.addEventListener("keydown", (event) => this.key(event));
    setInterval(() => this.tick(), 1000);
    window.addEventListener("pagehide", () => this.letGo(true));
  }

  /** Opens it for a client and, in a call, for its caller. @param {{client?: string, call?: string, number?: string, patient?: import("./patient.js").Patient|null}} [known] */
  async open({ client = "", call = "", number = "", patient = null } = {}) {
    this.letGo();
    // Nothing of the last request may be chosen for this one.
    byId("book-slots").replaceChildren();
    [this.call, this.number] = [call, number];
    await this.setting();
    const known = this.clients.some(({ id }) => id === client) ? client : "";
    select("book-client").value = known;
    // The day she looked at last, unless it is over.
    if (this.day < this.today) this.day = this.today;
    this.grid.place = null;
    const loaded = this.load();
    await Promise.all([loaded, this.choose(known, { patient: patient?.id ?? "", number, chosen: patient, quiet: true })]);
    this.toGrid();
  }

  /** What she does next she does in the grid, unless she writes or chooses in the request meanwhile. */
  toGrid() {
    const on = document.activeElement;
    if (!isTyping(on) || !byId("view-book").contains(on)) this.grid.body?.focus({ preventScroll: true });
  }

  /** Which clients have agendas here; each of these is listened to. */
  async setting() {
    const told = await this.ask("/console/agenda/setting");
    if (!told) return;
    this.today = told.today;
    this.clients = told.clients;
    const before = this.client;
    select("book-client").replaceChildren(.../** @type {Node[]} */ ([select("book-client").options[0], ...this.clients.map(({ id, name }) => make("option", { value: id }, name))]));
    select("book-client").value = before;
    for (const { id } of this.clients.flatMap((one) => one.agendas)) this.hear(id);
  }

  /** What changes in an agenda is shown as it comes. @param {string} agenda */
  hear(agenda) {
    if (!agenda || this.heard.has(agenda)) return;
    this.heard.add(agenda);
    topic(`house/${config.house}/agenda/${agenda}`, () => this.touched(agenda));
  }

  /** @param {string} agenda */
  async touched(agenda) {
    if (!this.isOpen) return;
    const mine = this.clients.find(({ id }) => id === this.client)?.agendas.some(({ id }) => id === agenda);
    await Promise.all([this.grid.touched(agenda).catch(() => undefined), ...(mine ? [this.propose(), this.coming.again()] : [])]);
    // What was against the time may be gone.
    if (this.barred.startsWith(`${agenda} `)) return this.lookAgain();
    return this.say();
  }

  /** Another client's request. @param {string} client @param {{patient: string, number: string, chosen?: import("./patient.js").Patient|null, quiet?: boolean}} known */
  choose(client, known) {
    this.choosing = this.begin(client, known);
    return this.choosing;
  }

  /** @param {string} client @param {{patient: string, number: string, chosen?: import("./patient.js").Patient|null, quiet?: boolean}} known */
  async begin(client, { patient, number, chosen = null, quiet = false }) {
    this.turn += 1;
    const { turn } = this;
    this.letGo();
    for (const id of ["book-wishes", "book-slots-title", "book-patient-field"]) show(byId(id), client !== "");
    show(byId("book-pick-client"), client === "");
    this.reasons = [];
    this.asking.show(null);
    this.wishes.begin();
    this.regarding(null);
    byId("book-slots").replaceChildren();
    if (!quiet) this.load();
    if (!client) return this.say();
    this.patient.open(/** @type {any} */ ({ client, sector: "health", caller: { number, masked: false } }), chosen);
    const told = await this.ask(`/console/agenda/start?${new URLSearchParams({ client, number, patient })}`);
    if (turn !== this.turn || !told) return undefined;
    this.reasons = told.reasons;
    this.wishes.offer(told.sites);
    // Whom she has chosen meanwhile she has chosen.
    if (!this.patient.patient && told.patient) this.patient.found(told.patient);
    this.regarding(this.patient.patient);
    select("book-reason").replaceChildren(...this.reasons.map(({ id, name, minutes }) => make("option", { value: id }, `${name}, ${minutes}\u00a0min`)));
    select("book-reason").value = told.reason;
    this.asking.show(this.reason);
    this.fillWith(client);
    await this.propose();
    return this.say();
  }

  /** Of whom consent is asked and visits are shown. @param {import("./patient.js").Patient|null} patient */
  regarding(patient) {
    this.consent.about(this.client, patient);
    this.coming.about(this.client, patient);
  }

  /** @param {string} client */
  fillWith(client) {
    const agendas = this.clients.find(({ id }) => id === client)?.agendas ?? [];
    show(byId("book-with-field"), agendas.length > 1);
    const every = make("option", { value: "" }, word("book_with_any"));
    const options = agendas.flatMap(({ id, name }) => [make("option", { value: `${id}:0` }, word("book_with_first", { name })), make("option", { value: `${id}:1` }, word("book_with_only", { name }))]);
    select("book-with").replaceChildren(every, ...options);
  }

  /** Reason, wishes or patient are others. @param {boolean} person */
  async changed(person) {
    this.error("");
    // What one patient said is not what another one says.
    if (person) this.asking.show(this.reason);
    if (person) this.regarding(this.patient.patient);
    if (person && this.patient.patient) this.grid.body?.focus({ preventScroll: true });
    // What is held is held for this reason; what is said from now on is not taken away by what comes late.
    if (!person) this.letGo();
    this.moved();
    if (person) this.choosing = Promise.all([this.choosing, this.holdAgain()]);
    await Promise.all([this.choosing, this.propose()]);
    this.say();
  }

  /** Held for another patient, or before one was chosen: whether it is long enough for this one, the rules say. */
  async holdAgain() {
    const { held } = this;
    if (!held || !this.patient.patient) return;
    this.busy = true;
    try {
      const told = await this.keep(held.agenda, held.starts);
      if (this.held === held) this.held = { ...held, id: told.hold, minutes: told.minutes, expires: told.expires_ms };
      else this.giveBack(told.hold);
    } catch (error) {
      if (!(error instanceof SiteRefusal)) return void this.trouble(error);
      this.letGo();
      const causes = error.causes.length ? error.causes : [error.why];
      this.bar(held, causes);
      this.refusal({ what: word("book_not_at", { hour: held.hour }), causes, next: null });
    } finally {
      this.busy = false;
    }
  }

  /** @param {string} agenda @param {string} starts @returns {Promise<any>} the hold; throws what the site answers */
  async keep(agenda, starts) {
    const json = { key: newId(), agenda, reason: select("book-reason").value, patient: this.patient.patient?.id ?? "", call: this.call, starts_at: starts };
    return (await request("/console/agenda/hold", { method: "POST", json })).json();
  }

  /** How long a visit of this patient is in an agenda, as its next free times say. @param {string} agenda @returns {number|undefined} */
  minutesIn(agenda) {
    const slot = /** @type {HTMLElement|null} */ (byId("book-slots").querySelector(`.slot[data-agenda="${CSS.escape(agenda)}"]`));
    return slot ? Number(slot.dataset.minutes) : undefined;
  }

  /** What stands on the left, as the site wants it. @returns {Record<string, string>} */
  get wish() {
    const [first, only] = select("book-with").value.split(":");
    return {
      client: this.client,
      reason: select("book-reason").value,
      patient: this.patient.patient?.id ?? "",
      call: this.call,
      halves: checked("book-halves").join(","),
      out: checked("book-out").join(","),
      with: first ?? "",
      only: only ?? "",
      ...this.wishes.asked,
    };
  }

  /** Next free times for what stands on the left. */
  async propose() {
    if (!this.client) return;
    const asked = new URLSearchParams({ ...this.wish, yes: this.asking.yes });
    const { turn } = this;
    this.proposing += 1;
    const { proposing } = this;
    try {
      const found = await fragment(`/console/fragments/agenda/slots?${asked}`);
      if (turn !== this.turn || proposing !== this.proposing) return;
      byId("book-slots").replaceChildren(found);
      this.paintHeld();
    } catch (error) {
      this.trouble(error);
    }
  }

  /** A proposed time is kept for two minutes; one held before is given back. Enter waits for it. @param {HTMLElement} slot */
  hold(slot) {
    this.choosing = Promise.all([this.choosing, this.take(slot)]);
  }

  /** @param {HTMLElement} slot */
  async take(slot) {
    if (this.busy) return;
    const { agenda = "", starts = "", day = "", minute = "0", hour = "", name = "" } = slot.dataset;
    if (this.held?.starts === starts && this.held.agenda === agenda) return;
    this.stopMoving();
    const { letting, patient: { patient } } = this;
    const told = await this.acting(() => this.keep(agenda, starts));
    if (!told) return;
    // Meanwhile she wants something else: another reason, another client, or nothing.
    if (letting !== this.letting) return this.giveBack(told.hold);
    const before = this.held;
    this.offset = told.now_ms - Date.now();
    this.held = { id: told.hold, starts, agenda, day, minute: Number(minute), hour, name, minutes: told.minutes, expires: told.expires_ms };
    if (before) this.giveBack(before.id);
    this.paintHeld();
    // Asked for one patient, and another one was chosen meanwhile.
    if (this.patient.patient !== patient) await this.holdAgain();
    await this.goTo(agenda, day, Number(minute), () => this.held?.starts === starts && this.held.agenda === agenda);
    this.say();
  }

  /** Gives back what is held: she leaves, chooses another time or another client. @param {boolean} [leaving] the page goes away */
  letGo(leaving = false) {
    this.letting += 1;
    if (this.held) this.giveBack(this.held.id, leaving);
    this.held = null;
    this.paintHeld();
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
      say(said, mine && this.held ? word("book_held", { left: running(this.held.expires - Date.now() - this.offset) }) : said.dataset.words);
    }
  }

  /** Countdowns, each second, moving nothing. */
  tick() {
    if (!this.isOpen) return;
    const now = Date.now() + this.offset;
    if (this.held && this.held.expires <= now) {
      this.held = null;
      this.error(word("book_hold_over"));
      this.say();
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

  /** @param {{day?: string, week?: string, past?: boolean}} [to] where it is not what is shown */
  path({ day = this.day, week = this.week, past = this.past } = {}) {
    const asked = new URLSearchParams({ view: this.view, client: this.client, day });
    if (this.view === "week") asked.set("agenda", week);
    if (past) asked.set("past", "1");
    return `/console/fragments/agenda?${asked}`;
  }

  /** On paper what was asked before the visits were booked stands below them. */
  async print() {
    try {
      byId("book-paper").replaceChildren(await fragment(this.path().replace("/agenda?", "/agenda/paper?")));
    } catch (error) {
      return this.trouble(error);
    }
    window.print();
    return byId("book-paper").replaceChildren();
  }

  async load() {
    try {
      await this.grid.load();
    } catch (error) {
      this.trouble(error);
    }
  }

  painted() {
    const head = /** @type {HTMLElement|null} */ (byId("book-frame").querySelector(".book__title"));
    say(byId("book-title"), head?.dataset.title ?? "");
    // One that is closed is shown as long as somebody is booked in it.
    for (const { dataset } of this.grid.lanes) this.hear(dataset.agenda ?? "");
    for (const item of byId("book-frame").querySelectorAll("[data-key]")) item.classList.toggle("is-moving", /** @type {HTMLElement} */ (item).dataset.key === this.movingKey);
    this.moving = this.movingKey ? byId("book-frame").querySelector(`[data-key="${CSS.escape(this.movingKey)}"]`) : null;
    this.tick();
    this.say();
  }

  /** @param {string} view */
  show(view) {
    this.view = view;
    if (view === "week") this.week = this.grid.spot()?.agenda || this.held?.agenda || this.clients.find(({ id }) => id === this.client)?.agendas[0]?.id || this.clients[0]?.agendas[0]?.id || "";
    /** @type {HTMLInputElement} */ (byId("book-views").querySelector(`[value=${view}]`)).checked = true;
    this.load().then(() => this.toGrid());
  }

  /** @param {-1|1} by a day, in the week a week */
  step(by) {
    const days = this.view === "week" ? 7 : 1;
    this.day = new Date(Date.parse(this.day) + by * days * 86400000).toISOString().slice(0, 10);
    this.past = false;
    return this.load();
  }

  /** @param {string} day "2026-12-03" */
  goDay(day) {
    this.day = day;
    this.past = false;
    this.load().then(() => this.toGrid());
  }

  /** Which day that is, the site says again: the page may be open since yesterday. */
  async goToday() {
    await this.setting();
    this.day = this.today;
    this.past = false;
    return this.load();
  }

  /** The cursor to a time of an agenda, its day shown; not under her hands when she has gone elsewhere before that day is there.
   * @param {string} agenda @param {string} day @param {number} minute @param {() => boolean} [wanted] whether it is still meant */
  async goTo(agenda, day, minute, wanted = () => true) {
    this.going += 1;
    const { going } = this;
    const still = () => this.going === going && wanted();
    if (!this.grid.laneOf(agenda, day) && !(await this.turnTo({ day, week: agenda }, still))) return;
    if (minute / STEP_MINUTES < this.grid.first && !this.past && !(await this.turnTo({ past: true }, still))) return;
    if (!still()) return;
    const lane = this.grid.laneOf(agenda, day)?.dataset.lane;
    if (lane) this.grid.go({ lane, step: Math.floor(minute / STEP_MINUTES) });
    if (!this.patient.isTyped) this.toGrid();
  }

  /** @param {{day?: string, week?: string, past?: boolean}} to @param {() => boolean} wanted asked once it is there @returns {Promise<boolean>} whether it is shown */
  async turnTo(to, wanted) {
    try {
      if (!(await this.grid.load(this.path(to), wanted))) return false;
    } catch (error) {
      this.trouble(error);
      return false;
    }
    Object.assign(this, to);
    return true;
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

  /** What is under the cursor, and whether the reason in hand could be. */
  lookAgain() {
    clearTimeout(this.whyTimer);
    this.whyTurn += 1;
    this.borne = [];
    this.barred = this.allowed = "";
    this.refusal(null);
    this.error("");
    this.say();
    const spot = this.grid.spot();
    if (spot && !spot.item && spot.client === this.client && this.reason && !this.moving && !this.isHeld(spot)) this.whyTimer = window.setTimeout(() => this.why(false), WHY_MS);
  }

  /** @param {import("./bookgrid.js").Spot} spot */
  isHeld(spot) {
    return this.held !== null && spot.agenda === this.held.agenda && spot.day === this.held.day && spot.minute === this.held.minute;
  }

  /** Why not here: asked for, all of it; else the main cause beside the cursor. @param {boolean} asked */
  async why(asked) {
    const spot = this.grid.spot();
    if (!spot) return;
    if (!this.client || !this.reason) return this.error(word(this.client ? "book_reason_missing" : "book_client_missing"));
    // Asked for, it is not overtaken by what the cursor would have asked by itself.
    clearTimeout(this.whyTimer);
    this.whyTurn += 1;
    const turn = this.whyTurn;
    const about = new URLSearchParams({ agenda: spot.agenda, day: spot.day, minute: String(spot.minute), reason: this.reason.id, patient: this.patient.patient?.id ?? "", call: this.call, yes: this.asking.yes });
    const told = await this.ask(`/console/agenda/why?${about}`);
    // What comes late, when the cursor is elsewhere or the time was booked, is not shown.
    if (!told || turn !== this.whyTurn) return;
    if (!spot.item) {
      this.grid.refused(!told.free);
      this.bar(spot, told.causes);
    }
    if (told.free) {
      this.borne = [];
      if (asked) this.refusal({ what: word("book_is_free", { hour: spot.hour }), causes: [], next: null });
      return;
    }
    this.borne = told.may_overbook ? told.causes : [];
    this.refusal({ what: word("book_not_at", { hour: spot.hour }), causes: asked ? told.causes : told.causes.slice(0, 1), next: told.next && { ...told.next, agenda: spot.agenda, day: spot.day } });
  }

  /** What the rules say of a place: Enter is offered only where nothing is against it. @param {{agenda: string, day: string, minute: number}} at @param {string[]} causes */
  bar(at, causes) {
    [this.cause = ""] = causes;
    this.barred = causes.length ? placeOf(at) : "";
    this.allowed = causes.length ? "" : placeOf(at);
    this.say();
  }

  /** What is said of a place where nothing stands. @param {import("./bookgrid.js").Spot} spot */
  emptyWords(spot) {
    const known = { hour: spot.hour, agenda: [spot.name, spot.site].filter(Boolean).join(", ") };
    const at = placeOf(spot);
    if (at === this.barred && !this.moving) return word("book_not_free", { ...known, why: this.cause });
    if (!spot.isOpen && at !== this.allowed) return word("book_not_free", { ...known, why: word("book_closed") });
    const unasked = spot.client !== this.client || !this.reason;
    return unasked || at === this.allowed || this.isHeld(spot) ? word("book_place", { ...known, what: word("book_free") }) : word("book_here", known);
  }

  /** Beside the cursor, in words; null takes it away. @param {{what: string, causes: string[], next: {agenda: string, day: string, minute: number, hour: string}|null}|null} told */
  refusal(told) {
    const box = byId("book-refusal");
    show(box, told !== null);
    if (!told) return;
    say(byId("book-refusal-what"), told.what);
    byId("book-refusal-why").replaceChildren(...told.causes.map((one) => make("li", {}, one)));
    const next = button("book-refusal-next");
    show(next, told.next !== null);
    show(byId("book-refusal-over"), this.borne.length > 0);
    const { next: to } = told;
    if (to) {
      say(next, word("book_go_to", { hour: to.hour }));
      next.onclick = () => this.goTo(to.agenda, to.day, to.minute);
    }
    this.beside(box);
  }

  /** Beside the cursor where there is room, else below it or above; never over the request. @param {HTMLElement} box */
  beside(box) {
    const home = byId("view-book").getBoundingClientRect();
    const frame = byId("book-frame").getBoundingClientRect();
    const at = (byId("book-frame").querySelector(".cursor, .is-here") ?? byId("book-frame")).getBoundingClientRect();
    const [right, left] = [at.right + 6, at.left - 6 - box.offsetWidth];
    const sideways = right + box.offsetWidth <= frame.right || left >= frame.left;
    const across = right + box.offsetWidth <= frame.right ? right : left >= frame.left ? left : Math.min(Math.max(at.left, frame.left), frame.right - box.offsetWidth) - 8;
    const under = at.bottom + 6 + box.offsetHeight <= frame.bottom ? at.bottom + 6 : at.top - 6 - box.offsetHeight;
    box.style.left = `${across - home.left}px`;
    box.style.top = `${Math.max(8, Math.min(sideways ? at.top : under, home.bottom - box.offsetHeight - 8) - home.top)}px`;
  }

  /** What Enter would do, and what is under the cursor. */
  say() {
    const spot = this.grid.spot();
    const item = spot?.item ?? null;
    const at = this.target();
    const act = button("book-act");
    let words = word("book_book_nothing");
    const minutes = at && !this.moving ? (at.minutes ?? this.minutesIn(at.agenda)) : undefined;
    if (at) words = word(this.moving ? "book_move_to" : minutes ? "book_book_long" : "book_book", { hour: at.hour, agenda: at.name, minutes: minutes ?? "" });
    say(byId("book-act-words"), words);
    act.disabled = at === null;
    const { meant } = this.patient;
    const hours = at && meant && !this.moving ? this.grid.hoursOf(at.agenda, at.day, meant.id) : [];
    say(byId("book-already"), hours.length ? word("book_already", { patient: meant?.name ?? "", hours: hours.join(", ") }) : "");
    show(byId("book-already"), hours.length > 0);
    if (this.moving) say(byId("book-place"), word("book_moving", { patient: this.movingName }));
    else if (this.done) say(byId("book-place"), this.done);
    else if (spot) say(byId("book-place"), item ? `${spot.name}, ${item.ariaLabel}${item.dataset.born ? `, ${item.dataset.born}` : ""}` : this.emptyWords(spot));
    else say(byId("book-place"), "");
    const visit = item?.dataset.kind === "appointment" && !this.moving;
    show(byId("book-acts"), Boolean(visit));
    if (visit) byId("book-file").setAttribute("href", `/console/appointments/${item?.dataset.key}/patient`);
    show(byId("book-said"), Boolean(visit) && item?.hasAttribute("data-said") === true);
    offerMarks(item);
    show(byId("book-busy"), Boolean(spot) && !item && !this.moving);
    show(byId("book-unbusy"), item?.hasAttribute("data-freeable") === true && !this.moving);
    button("book-many").disabled = !this.client;
    for (const id of ["book-move", "book-cancel"]) button(id).disabled = !item?.hasAttribute("data-movable");
  }

  /** Whether the rules say no to a place, or nothing is open there as far as is known. @param {import("./bookgrid.js").Spot} spot */
  isShut(spot) {
    const at = placeOf(spot);
    return at === this.barred || (!spot.isOpen && at !== this.allowed);
  }

  /** The time that Enter takes: the one held, unless the cursor is elsewhere. @returns {{agenda: string, day: string, minute: number, hour: string, name: string, minutes?: number}|null} */
  target() {
    const spot = this.grid.spot();
    // In hand it may be put anywhere: what the rules say of the place is their answer.
    const step = this.grid.place?.step ?? 0;
    if (this.moving) return spot && { ...spot, minute: step * STEP_MINUTES, hour: hourOf(step * STEP_MINUTES) };
    if (this.held && (!spot || this.isHeld(spot))) return this.held;
    if (!spot || spot.item || spot.client !== this.client || this.isShut(spot)) return this.held;
    return spot;
  }

  /** Enter. */
  async enter() {
    // Faster than the site: Enter means what the panel is about to say.
    await this.choosing;
    clearTimeout(this.whyTimer);
    this.whyTurn += 1;
    if (this.busy) return undefined;
    const at = this.target();
    // Where it is refused, Enter says all that is against it.
    const spot = this.grid.spot();
    if (!at && spot && !spot.item && spot.client === this.client && this.isShut(spot)) return this.why(true);
    if (!at) return this.error(word(this.client ? "book_time_missing" : "book_client_missing"));
    if (this.moving) return this.move(this.moving, at);
    const patient = this.ready();
    if (!patient || !this.reason) return undefined;
    const held = at === this.held ? this.held : null;
    const when = held ? { starts_at: held.starts, hold: held.id } : { day: at.day, minute: String(at.minute) };
    const told = await this.act("/console/agenda/book", { key: newId(), agenda: at.agenda, reason: this.reason.id, patient: patient.id, call: this.call, said: this.asking.said, ...when });
    if (!told) return undefined;
    if (this.held && !held) this.giveBack(this.held.id);
    this.booked(told, at);
    return undefined;
  }

  /** Who is booked, when all is there that a booking wants; else what is missing is said and gets the focus. @returns {import("./patient.js").Patient|null} */
  ready() {
    const { meant: patient } = this.patient;
    const missing = patient ? this.asking.missing : this.patient.field;
    let words = "";
    if (!this.reason) words = "book_reason_missing";
    else if (missing) words = patient ? "book_questions_missing" : "book_patient_missing";
    if (!words) return patient;
    missing?.focus();
    this.error(word(words));
    return null;
  }

  /** @param {{patient: string, appointment: string}} told @param {{agenda: string, hour: string, name: string}} at */
  booked(told, at) {
    this.held = null;
    this.asking.show(this.reason);
    this.hooks.done("booked", this.call, this.patient.patient);
    this.after(word("book_booked", { patient: told.patient, hour: at.hour, agenda: at.name }), at.agenda, () => this.undo([told.appointment]));
  }

  /** O: where there is no room, if the doctor bears it. */
  async over() {
    const spot = this.grid.spot();
    const patient = this.ready();
    if (!spot || !patient) return;
    await this.why(true);
    if (this.borne.length) this.overbooking.open(spot, patient.name, this.borne);
    else this.error(word("book_over_not"));
  }

  /** @param {import("./bookover.js").At} at @param {string} cause @returns {Promise<string>} what was against it */
  async overbook(at, cause) {
    const json = { key: newId(), agenda: at.agenda, reason: select("book-reason").value, patient: this.patient.patient?.id ?? "", call: this.call, day: at.day, minute: String(at.minute), words: cause, said: this.asking.said };
    try {
      const told = await (await request("/console/agenda/overbook", { method: "POST", json })).json();
      this.letGo();
      this.booked(told, at);
    } catch (error) {
      return error instanceof SiteRefusal ? error.why || word("book_site_down") : word("book_site_down");
    }
    return "";
  }

  /** S: several visits as one act. */
  many() {
    const patient = this.ready();
    if (!patient || !this.reason) return;
    this.letGo();
    this.series.open(patient.name, this.reason.name, this.day);
  }

  /** @param {string[]} appointments @param {string} words */
  bookedSeries(appointments, words) {
    this.asking.show(this.reason);
    this.hooks.done("booked", this.call, this.patient.patient);
    this.after(words, "", () => this.undo(appointments));
  }

  /** I: what was asked before this visit was booked. */
  async told() {
    const item = this.grid.spot()?.item ?? null;
    if (!item?.hasAttribute("data-said")) return;
    clearTimeout(this.whyTimer);
    this.whyTurn += 1;
    const told = await this.ask(`/console/agenda/visit?${new URLSearchParams({ appointment: item.dataset.key ?? "" })}`);
    if (!told) return;
    this.borne = [];
    const answers = told.answers.map((/** @type {{question: string, words: string}} */ one) => `${one.question} ${one.words}`);
    this.refusal({ what: word("book_said"), causes: told.documents.length ? [...answers, word("book_brings", { names: told.documents.join(", ") })] : answers, next: null });
  }

  /** Taken back: as a slip of ours. @param {string[]} appointments */
  async undo(appointments) {
    for (const appointment of appointments) {
      const told = await this.act("/console/agenda/cancel", { key: newId(), appointment, cause: "mistake", call: this.call });
      if (!told) return;
      await this.again(told.agenda);
    }
    this.hooks.done("", this.call);
    this.did(word("book_undone"));
  }

  /** @param {string} words @param {string} agenda @param {() => void} undo */
  async after(words, agenda, undo) {
    clearTimeout(this.whyTimer);
    this.whyTurn += 1;
    this.done = "";
    this.refusal(null);
    offerUndo(words, undo);
    await this.again(agenda);
  }

  /** @param {string} agenda "" for all that are shown */
  async again(agenda) {
    await Promise.all([(agenda ? this.grid.touched(agenda) : this.grid.load()).catch((error) => this.trouble(error)), this.propose(), this.coming.again()]);
    this.say();
  }

  /** M: what is under the cursor is taken in hand. */
  startMove() {
    const item = this.grid.spot()?.item ?? null;
    if (item?.dataset.kind !== "appointment") return this.error(word("book_not_appointment"));
    if (!item.hasAttribute("data-movable")) return this.error(word("book_not_movable"));
    this.moving = item;
    [this.movingKey, this.movingName] = [item.dataset.key ?? "", nameOf(item)];
    item.classList.add("is-moving");
    this.grid.body?.focus({ preventScroll: true });
    this.say();
    return undefined;
  }

  /** A visit that is shown, to be moved. @param {string} appointment */
  takeInHand(appointment) {
    const item = /** @type {HTMLElement|null} */ (byId("book-frame").querySelector(`[data-key="${CSS.escape(appointment)}"]`));
    if (!item) return;
    this.grid.goTo(item);
    this.startMove();
  }

  stopMoving() {
    this.moving?.classList.remove("is-moving");
    this.moving = null;
    [this.movingKey, this.movingName] = ["", ""];
    this.grid.paint();
    this.say();
  }

  /** @param {HTMLElement} item @param {Place} to */
  drop(item, to) {
    const lane = this.grid.lane(to.lane);
    if (!lane) return;
    const minute = to.step * STEP_MINUTES;
    this.move(item, { agenda: lane.dataset.agenda ?? "", day: lane.dataset.day ?? "", minute, hour: hourOf(minute), name: lane.dataset.name ?? "" }, to);
  }

  /** Moves it; refused, it stays where it is and the reason stands beside the place. @param {HTMLElement} item
   * @param {{agenda: string, day: string, minute: number, hour: string, name: string}} at @param {Place} [place] */
  async move(item, at, place) {
    const from = /** @type {HTMLElement|null} */ (item.closest("[data-lane]"))?.dataset.agenda ?? "";
    const { key = "", name = "" } = item.dataset;
    const json = { appointment: key, agenda: at.agenda, day: at.day, minute: String(at.minute), call: this.call };
    const told = await this.act("/console/agenda/move", { key: newId(), ...json }, () => {
      if (place) this.grid.go(place);
      this.grid.refused(true);
    });
    if (!told) return;
    this.stopMoving();
    this.hooks.done("moved", this.call);
    const back = async () => {
      if (await this.act("/console/agenda/move", { key: newId(), appointment: key, ...told.was, call: this.call })) {
        this.hooks.done("", this.call);
        await Promise.all([this.again(at.agenda), this.again(from)]);
      }
    };
    offerUndo(word("book_moved", { patient: name, hour: at.hour, agenda: at.name }), back);
    await Promise.all([this.again(at.agenda), from === at.agenda ? undefined : this.again(from)]);
  }

  /** X. */
  askCancel() {
    const item = this.grid.spot()?.item ?? null;
    if (item?.dataset.kind !== "appointment") return this.error(word("book_not_appointment"));
    if (!item.hasAttribute("data-movable")) return this.error(word("book_not_movable"));
    return this.cancelling.open(item);
  }

  /** @param {HTMLElement} item @param {string} cause @param {string} words @returns {Promise<string>} what was against it, "" when it is cancelled */
  async cancel(item, cause, words) {
    const agenda = /** @type {HTMLElement|null} */ (item.closest("[data-lane]"))?.dataset.agenda ?? "";
    let told;
    try {
      const answer = await request("/console/agenda/cancel", { method: "POST", json: { key: newId(), appointment: item.dataset.key, cause, words, call: this.call } });
      told = await answer.json();
    } catch (error) {
      return error instanceof SiteRefusal ? error.why || word("book_site_down") : word("book_site_down");
    }
    this.hooks.done("cancelled", this.call);
    this.did([word("book_cancelled", { patient: nameOf(item) }), told.said].filter(Boolean).join(". "));
    this.again(agenda);
    return "";
  }

  /** B: nobody can be booked here, from now on until the next thing or for an hour: she says until when. */
  askBusy() {
    const spot = this.grid.spot();
    if (!spot || spot.item || this.moving) return this.error(word("book_busy_missing"));
    const lane = this.grid.laneOf(spot.agenda, spot.day);
    const later = (lane ? this.grid.items(lane) : []).map((one) => Number(one.dataset.minute)).filter((one) => one > spot.minute);
    return this.busyTime.open(spot, hourOf(Math.min(...later, spot.minute + 60, 1440)));
  }

  /** R: a practitioner is late: the one under the cursor, else one of the client in hand. */
  askLate() {
    const clients = this.clients.filter(({ id }) => !this.client || id === this.client);
    this.late.open(clients.flatMap((one) => one.agendas), this.grid.spot()?.agenda ?? "");
  }

  /** F: the busy time under the cursor is free again. */
  askFree() {
    const spot = this.grid.spot();
    if (!spot?.item?.hasAttribute("data-freeable")) return this.error(word("book_busy_none"));
    return this.busyTime.openFree(spot.item, spot.name);
  }

  /** @param {import("./bookbusy.js").At} at @param {import("./bookbusy.js").Busy} busy @returns {Promise<string>} what was against it */
  async block(at, busy) {
    const json = { key: newId(), agenda: at.agenda, day: at.day, minute: String(at.minute), ...busy };
    try {
      const told = await (await request("/console/agenda/block", { method: "POST", json })).json();
      const back = async () => {
        if (await this.act("/console/agenda/unblock", { key: newId(), block: told.block })) await this.again(at.agenda);
      };
      this.after(word("book_busy_done", { words: told.words, agenda: at.name }), at.agenda, back);
    } catch (error) {
      return this.against(error);
    }
    return "";
  }

  /** @param {HTMLElement} item @param {string} name @returns {Promise<string>} what was against it */
  async unblock(item, name) {
    try {
      const told = await (await request("/console/agenda/unblock", { method: "POST", json: { key: newId(), block: item.dataset.key } })).json();
      this.did(word("book_busy_freed", { what: item.ariaLabel ?? "", agenda: name }));
      this.again(told.agenda);
    } catch (error) {
      return this.against(error);
    }
    return "";
  }

  /** What a site that refused or is silent says in a dialog. @param {unknown} error */
  against(error) {
    const refused = error instanceof SiteRefusal ? error.causes.join(" · ") || error.why : "";
    return refused || word("book_site_down");
  }

  /** @param {string} state @param {string} words the button's */
  async mark(state, words) {
    const spot = this.grid.spot();
    const item = spot?.item ?? null;
    if (!spot || item?.dataset.kind !== "appointment") return;
    const { key: appointment = "", name = "", state: was = "" } = item.dataset;
    const say = (/** @type {string} */ one) => this.act("/console/agenda/mark", { key: newId(), appointment, state: one });
    if (await say(state)) {
      await this.after(`${name}: ${words}`, spot.agenda, async () => {
        if (!(await say(wayBack(was, state)))) return;
        this.did(word("book_undone"));
        await this.again(spot.agenda);
      });
    }
    this.grid.body?.focus({ preventScroll: true });
  }

  /** N: the next proposed time after the one that is held. */
  next() {
    const all = [...byId("book-slots").querySelectorAll(".slot")].map((one) => /** @type {HTMLElement} */ (one));
    const here = all.findIndex((one) => one.classList.contains("slot--mine"));
    const slot = all[(here + 1) % Math.max(all.length, 1)];
    if (slot) this.hold(slot);
    else this.error(word(this.client ? "book_time_missing" : "book_client_missing"));
  }

  /** Escape closes the top layer, and never touches a call. */
  escape() {
    if (!byId("book-refusal").hidden) this.refusal(null);
    else if (this.moving) this.stopMoving();
    else this.close();
  }

  close() {
    this.letGo();
    this.say();
    this.hooks.close();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (this.isOpen && event.ctrlKey && event.key.toLowerCase() === "p") {
      event.preventDefault();
      return void this.print();
    }
    if (!this.isOpen || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    const on = /** @type {HTMLElement} */ (event.target);
    if (event.key === "Escape") {
      event.preventDefault();
      if (isTyping(on) && on.id !== "") this.grid.body?.focus({ preventScroll: true });
      else this.escape();
      return;
    }
    if (isTyping(on)) return;
    // While somebody is being looked for, what is typed is for the field.
    if (this.patient.isOpen && /^\p{L}$/u.test(event.key)) return this.patient.field.focus();
    const what = this.keys(event, on);
    if (!what) return;
    event.preventDefault();
    what();
  }

  /** @param {KeyboardEvent} event @param {HTMLElement} on @returns {(() => void)|null} */
  keys(event, on) {
    const acts = on.closest("button, a, input, summary, select");
    const choosing = on instanceof HTMLInputElement;
    if (event.key.startsWith("Arrow") && !choosing) {
      const across = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
      const down = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
      return () => {
        this.grid.walk(across, down);
        this.grid.body?.focus({ preventScroll: true });
      };
    }
    if (event.key === "Enter") return acts && !acts.closest("[data-key]") ? null : () => void this.enter();
    // Single characters can be turned off, with the numbers; each has its button.
    if (!keptKeys().numbers) return null;
    if (this.hooks.numbers && /^[1-9]$/.test(event.key)) return () => /** @type {HTMLElement|undefined} */ (byId("book-slots").querySelectorAll(".slot")[Number(event.key) - 1])?.click();
    /** @type {Record<string, () => void>} */
    const letters = {
      m: () => void this.startMove(),
      x: () => void this.askCancel(),
      n: () => this.next(),
      t: () => void this.goToday(),
      "?": () => void this.why(true),
      d: () => this.show("day"),
      w: () => this.show("week"),
      l: () => this.show("list"),
      o: () => void this.over(),
      s: () => this.many(),
      b: () => void this.askBusy(),
      f: () => void this.askFree(),
      i: () => void this.told(),
      r: () => this.askLate(),
      p: () => this.wishes.open(),
      g: () => this.jump.open(),
      y: () => void this.consent.answer("sms", !event.shiftKey),
      e: () => void this.consent.answer("mail", !event.shiftKey),
      a: () => this.asking.focus(),
      v: () => void this.coming.next().then((said) => said && this.error(word(said))),
    };
    return letters[event.key.toLowerCase()] ?? null;
  }

  /** @param {string} path @returns {Promise<any>} null when the site refused or did not answer, which is said */
  async ask(path) {
    try {
      return await (await request(path)).json();
    } catch (error) {
      this.trouble(error);
      return null;
    }
  }

  /** @param {string} path @param {object} json @param {() => void} [refused] @returns {Promise<any>} null when it was not done, which is said beside the cursor */
  async act(path, json, refused) {
    return this.acting(async () => (await request(path, { method: "POST", json })).json(), refused);
  }

  /** @param {() => Promise<any>} what @param {() => void} [refused] @returns {Promise<any>} as `act` */
  async acting(what, refused) {
    this.busy = true;
    this.error("");
    try {
      return await what();
    } catch (error) {
      if (error instanceof SiteRefusal && error.causes.length) refused?.();
      this.trouble(error);
      return null;
    } finally {
      this.busy = false;
    }
  }

  /** @param {unknown} error */
  trouble(error) {
    const refused = error instanceof SiteRefusal;
    // Said once: beside the cursor, or where there is none above the button.
    if (refused && error.causes.length && this.grid.spot()) return this.refusal({ what: word("book_refused"), causes: error.causes, next: null });
    const [first = refused && error.why ? error.why : word("book_site_down")] = refused ? error.causes : [];
    return this.error(first);
  }

  /** @param {string} text */
  error(text) {
    say(byId("book-error"), text);
    show(byId("book-error"), text !== "");
  }
}
