// SPDX-License-Identifier: AGPL-3.0-or-later
// The agenda: the request on the left (client, patient, reason, wishes), the day on the right; a time is chosen, held and booked. Stands in the console beside the call, and in a page of its own.
import { request, SiteRefusal } from "./api.js";
import { Acts } from "./bookacts.js";
import { Asked } from "./bookasked.js";
import { offerBack } from "./bookback.js";
import { Coming } from "./bookcoming.js";
import { Consent } from "./bookconsent.js";
import { Booking } from "./bookenter.js";
import { FreeTimes } from "./bookfree.js";
import { Grid, stepsOf } from "./bookgrid.js";
import { Hand } from "./bookhand.js";
import { Holding } from "./bookhold.js";
import { Keyboard } from "./bookkeys.js";
import { hearMarks } from "./bookmarks.js";
import { against, Once, silence } from "./bookonce.js";
import { Overbooking } from "./bookover.js";
import { STEP_MINUTES } from "./bookplaces.js";
import { Present } from "./bookpresent.js";
import { Series } from "./bookseries.js";
import { Shown } from "./bookshown.js";
import { Spoken } from "./bookspoken.js";
import { Touched } from "./booktouched.js";
import { Wishes } from "./bookwish.js";
import { Practitioner } from "./bookwith.js";
import { byId, make, say, select, show } from "./dom.js";
import { PatientField } from "./patient.js";
import { keepSaid } from "./toasts.js";
import { word } from "./words.js";

/** @typedef {{id: string, name: string, initials: string, colour: number, agendas: {id: string, name: string, recipient: string}[]}} Client */
/** @typedef {{id: string, name: string, minutes: number, code: string} & import("./bookasked.js").About} Reason */
/** @typedef {{call: string, client: string, patient?: import("./patient.js").Patient|null}} Done in which call, for which client, and for whom a visit was booked */

/** Refusals of the rules: another time would do. */
const NOT_FREE = new Set(["slot_refused", "slot_already_taken"]);
/** Refusals of what was held: nothing is any more. */
const NOT_HELD = new Set(["hold_over", "hold_unknown"]);
/** How long the cursor is while no reason says it. */
const USUAL_MINUTES = 15;

export class Book {
  /** @param {{done: (what: "booked"|"moved"|"cancelled"|"", done: Done) => void, close: () => void, chosen?: () => void, numbers: boolean}} hooks
   * `done`: what was done, "" with the same `Done` when it was taken back; `numbers`: whether the figures are this module's to hear */
  constructor(hooks) {
    this.hooks = hooks;
    /** @type {Client[]} */
    this.clients = [];
    /** @type {Reason[]} */
    this.reasons = [];
    this.call = "";
    this.number = "";
    this.turn = 0;
    /** How often it was opened, and whether she has chosen the client herself since. */
    this.opening = 0;
    this.hasPicked = false;
    /** The request that is being begun. @type {Promise<unknown>} */
    this.choosing = Promise.resolve();
    this.busy = false;
    this.once = new Once();
    this.touched = new Touched(this);
    this.present = new Present(this);
    this.free = new FreeTimes(this);
    this.booking = new Booking(this);
    this.holding = new Holding(this);
    this.hand = new Hand(this);
    this.patient = new PatientField({ number: () => this.number, chosen: () => this.changed(true) }, "book-patient", true);
    this.grid = new Grid({
      moved: () => {
        this.shown.going += 1;
        this.spoken.near.went(this.grid.spot());
        this.spoken.moved();
      },
      pressed: () => undefined,
      dropped: (item, to) => this.hand.drop(item, to),
      length: (lane) => (this.hand.item ? stepsOf(this.hand.item)[1] : (lane.dataset.clientId === this.client ? (this.free.minutesIn(lane.dataset.agenda ?? "") ?? (this.free.minutesNew || this.reason?.minutes) ?? USUAL_MINUTES) : USUAL_MINUTES) / STEP_MINUTES),
      path: () => this.shown.path(),
      painted: () => this.shown.painted(),
    });
    this.asking = new Asked(() => this.changed(false));
    this.acts = new Acts(this);
    this.consent = new Consent();
    this.coming = new Coming((...to) => this.shown.goTo(...to), () => this.shown.going);
    this.shown = new Shown(this);
    this.wishes = new Wishes(() => this.changed(false), () => this.shown.today);
    this.practitioner = new Practitioner(() => this.preferred());
    this.spoken = new Spoken(this);
    this.overbooking = new Overbooking();
    this.series = new Series((asked) => this.once.send("/console/agenda/series", asked));
    this.keyboard = new Keyboard(this);
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
    press("book-before", () => this.shown.step(-1));
    press("book-after", () => this.shown.step(1));
    press("book-today", () => this.shown.goToday());
    press("book-act", () => this.booking.enter());
    press("book-move", () => this.hand.startMove());
    press("book-cancel", () => this.acts.askCancel());
    press("book-why", () => this.spoken.why(true));
    press("book-print", () => this.shown.print());
    press("book-late", () => this.acts.askLate());
    press("book-many", () => this.booking.many());
    press("book-busy", () => this.acts.askBusy());
    press("book-unbusy", () => this.acts.askFree());
    press("book-said", () => this.acts.told());
    press("book-refusal-over", () => this.booking.over());
    press("book-close", () => this.close());
    select("book-client").addEventListener("change", () => {
      this.hasPicked = true;
      this.choose(this.client, { patient: "", number: this.number });
    });
    select("book-reason").addEventListener("change", () => this.asking.show(this.reason));
    for (const id of ["book-reason", "book-halves", "book-out"]) byId(id).addEventListener("change", () => this.changed(false));
    byId("book-views").addEventListener("change", (event) => this.shown.show(/** @type {HTMLInputElement} */ (event.target).value));
    byId("book-slots").addEventListener("click", (event) => {
      const slot = /** @type {HTMLElement|null} */ (/** @type {HTMLElement} */ (event.target).closest(".slot"));
      const place = slot ? [...byId("book-slots").querySelectorAll(".slot")].indexOf(slot) : 0;
      // A figure is pressed for what is about to stand there, a click is for what is seen.
      if (slot && event.detail === 0) this.holding.pick(() => place);
      else if (slot) this.holding.hold(slot);
    });
    byId("book-frame").addEventListener("click", (event) => {
      if (!(/** @type {Element} */ (event.target).closest("#book-unfold"))) return;
      this.shown.past = true;
      this.shown.load();
    });
    hearMarks((state, words) => this.acts.mark(state, words));
    document.addEventListener("keydown", (event) => this.keyboard.key(event));
    setInterval(() => {
      this.holding.tick();
      this.present.tick();
    }, 1000);
    window.addEventListener("pagehide", () => this.holding.letGo(true));
  }

  /** Opens it for a client and, in a call, for its caller. @param {{client?: string, call?: string, number?: string, patient?: import("./patient.js").Patient|null, person?: string}} [known] `person`: the id of the patient where nothing else is known of him yet */
  async open({ client = "", call = "", number = "", patient = null, person = "" } = {}) {
    this.leave();
    // Nothing of the last request may be chosen for this one.
    this.free.question = "";
    byId("book-slots").replaceChildren();
    [this.call, this.number] = [call, number];
    this.hasPicked = false;
    this.opening += 1;
    const { opening } = this;
    await this.setting();
    // It was opened once more meanwhile: for whom it is now, that says.
    if (opening !== this.opening) return;
    const known = this.clients.some(({ id }) => id === client) ? client : "";
    const isHers = this.hasPicked && this.client !== known;
    if (!isHers) {
      this.leave();
      select("book-client").value = known;
      this.grid.place = this.grid.left = null;
    }
    // The day she looked at last, unless it is over.
    if (this.shown.day < this.shown.today) this.shown.day = this.shown.today;
    this.shown.follow();
    const loaded = this.shown.load();
    // Whom she has chosen while it opened she has chosen; where she is, she stays.
    if (isHers) {
      await Promise.all([loaded, this.choosing]);
      return;
    }
    await Promise.all([loaded, this.choose(known, { patient: patient?.id ?? person, number, chosen: patient, quiet: true })]);
    this.shown.toGrid();
  }

  /** What another caller wanted moved is not moved by what is chosen for this one, nor is what is on its way to the cursor meant. */
  leave() {
    this.coming.leave();
    this.spoken.leave();
    this.spoken.done = "";
    if (this.hand.key) this.hand.putDown();
    this.holding.letGo();
  }

  /** Which clients have agendas here; each of these is listened to. */
  async setting() {
    const told = await this.ask("/console/agenda/setting");
    if (!told) return;
    this.present.set(told.now_ms);
    this.shown.today = told.today;
    this.clients = told.clients;
    const before = this.client;
    select("book-client").replaceChildren(.../** @type {Node[]} */ ([select("book-client").options[0], ...this.clients.map(({ id, name }) => make("option", { value: id }, name))]));
    select("book-client").value = before;
    for (const { id } of this.clients.flatMap((one) => one.agendas)) this.touched.hear(id);
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
    this.error("");
    this.spoken.done = "";
    this.holding.letGo();
    this.spoken.near.clear();
    for (const id of ["book-wishes", "book-slots-title", "book-patient-field"]) show(byId(id), client !== "");
    show(byId("book-pick-client"), client === "");
    this.reasons = [];
    this.asking.show(null);
    this.wishes.begin();
    this.regarding(null);
    byId("book-slots").replaceChildren();
    this.shown.follow();
    if (!quiet) this.shown.load();
    if (!client) {
      // What is in hand has free times of its own.
      await this.free.offer();
      return this.spoken.say();
    }
    this.patient.open(/** @type {any} */ ({ client, sector: "health", caller: { number, masked: false } }), chosen);
    const told = await this.ask(`/console/agenda/start?${new URLSearchParams({ client, number, patient })}`);
    if (turn !== this.turn || !told) return undefined;
    this.reasons = told.reasons;
    this.wishes.offer(told.sites, told.sundays);
    // Whom she has chosen meanwhile she has chosen.
    if (!this.patient.patient && told.patient) this.patient.found(told.patient);
    // Who only has the caller's number is proposed: one key takes him.
    this.patient.offer(told.may_be);
    this.regarding(this.patient.patient);
    select("book-reason").replaceChildren(...this.reasons.map(({ id }) => make("option", { value: id })));
    select("book-reason").value = told.reason;
    this.free.sayLengths();
    this.asking.show(this.reason);
    this.practitioner.offer(this.clients.find(({ id }) => id === client)?.agendas ?? []);
    await this.free.offer();
    return this.spoken.say();
  }

  /** Of whom consent is asked and visits are shown. @param {import("./patient.js").Patient|null} patient */
  regarding(patient) {
    this.consent.about(this.client, patient);
    this.coming.about(this.client, patient);
  }

  /** Reason, wishes or patient are others. @param {boolean} person */
  async changed(person) {
    this.error("");
    this.spoken.near.clear();
    if (person) this.hooks.chosen?.();
    // What one patient said is not what another one says.
    if (person) this.asking.show(this.reason);
    if (person) this.regarding(this.patient.patient);
    if (person && this.patient.patient) this.grid.body?.focus({ preventScroll: true });
    // What is held is held for this reason; what is said from now on is not taken away by what comes late.
    if (!person) this.holding.letGo();
    this.spoken.moved();
    if (person) this.choosing = Promise.all([this.choosing, this.holding.holdAgain()]);
    await Promise.all([this.choosing, this.free.offer()]);
    this.spoken.say();
  }

  /** Another practitioner is wished for: what was chosen before that is not booked by the next Enter. */
  preferred() {
    const spot = this.grid.spot();
    const isOld = spot && !this.hand.item && (this.holding.isHeld(spot) || (!spot.item && !this.practitioner.bears(spot.agenda)));
    if (isOld) this.grid.leave();
    return this.changed(false);
  }

  /** @returns {() => boolean} whether she is where she is now: what was done is not said of another day or client */
  staying() {
    const [{ turn }, { going }] = [this, this.shown];
    return () => turn === this.turn && going === this.shown.going;
  }

  /** @returns {() => boolean} whether she still has this request before her: another caller’s, or another client’s, is another one */
  requesting() {
    const { turn, opening } = this;
    return () => turn === this.turn && opening === this.opening;
  }

  /** @param {string} words @param {string} agenda @param {import("./undo.js").Kind} kind @param {() => void} undo */
  async after(words, agenda, kind, undo) {
    this.spoken.unask();
    this.spoken.done = "";
    this.spoken.acted();
    offerBack(words, kind, undo);
    await this.again(agenda);
  }

  /** @param {string} agenda "" for all that are shown */
  async again(agenda) {
    await Promise.all([(agenda ? this.grid.touched(agenda) : this.grid.load()).catch((error) => this.trouble(error)), this.free.offer(), this.coming.again()]);
    this.spoken.say();
  }

  close() {
    this.holding.letGo();
    this.spoken.near.clear();
    this.spoken.say();
    this.hooks.close();
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

  /** @param {string} path @param {object} json @param {string} undone what it would have been, said once she is elsewhere
   * @param {() => void} [refused] @param {(causes: string[]) => void} [notFree] once it is said that the time is not free, with all that is against it
   * @returns {Promise<any>} null when it was not done, which is said beside the cursor */
  async act(path, json, undone, refused, notFree) {
    const told = await this.acting(() => this.once.send(path, json), undone, refused, notFree);
    if (told) this.spoken.acted();
    return told;
  }

  /** Takes something back; throws what is against it: `offerBack` says it where she is by now. @param {string} path @param {object} json */
  async back(path, json) {
    this.busy = true;
    this.error("");
    try {
      await this.once.send(path, json);
      this.spoken.acted();
    } finally {
      this.busy = false;
    }
  }

  /** @param {() => Promise<any>} what @param {string} undone as `act`, "" for what is nothing to her any more once she is elsewhere @param {() => void} [refused] @param {(causes: string[]) => void} [notFree] @returns {Promise<any>} as `act` */
  async acting(what, undone, refused, notFree) {
    const same = this.requesting();
    this.busy = true;
    this.error("");
    try {
      return await what();
    } catch (error) {
      // Wherever it is said: what was held is not, and the visit stands elsewhere than she was shown.
      if (same() && error instanceof SiteRefusal && NOT_HELD.has(error.code)) this.holding.forget();
      if (same() && error instanceof SiteRefusal && error.code === "changed_meanwhile") this.hand.look();
      // The next caller's panel says nothing of the one before, and what she does not see says nothing.
      if (!same() || !this.isOpen) {
        if (undone) keepSaid(`${undone}. ${against(error)}`);
        return null;
      }
      if (error instanceof SiteRefusal && error.causes.length) refused?.();
      this.trouble(error, silence(error));
      if (error instanceof SiteRefusal && NOT_FREE.has(error.code)) notFree?.(error.causes);
      return null;
    } finally {
      this.busy = false;
    }
  }

  /** @param {unknown} error @param {string} [otherwise] what is said where the site gives no reason */
  trouble(error, otherwise = word("book_site_down")) {
    const refused = error instanceof SiteRefusal;
    // Said once: beside the cursor, or where there is none above the button.
    if (refused && error.causes.length && this.grid.spot()) return this.spoken.refusal({ what: word("book_refused"), causes: error.causes, next: null });
    const [first = refused && error.why ? error.why : otherwise] = refused ? error.causes : [];
    return this.error(first);
  }

  /** @param {string} text */
  error(text) {
    say(byId("book-error"), text);
    show(byId("book-error"), text !== "");
  }
}
