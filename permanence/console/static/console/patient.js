// SPDX-License-Identifier: AGPL-3.0-or-later
// Whom the message is about: one field, the list under it, Enter takes. Nobody is chosen for her; while the site is away the field waits and the words of the message do.
import { fragment, newId, request, SiteRefusal } from "./api.js";
import { button, byId, isTyping, make, say, show } from "./dom.js";
import { keptKeys } from "./keptkeys.js";
import { hasWord, known, word } from "./words.js";

/** @typedef {{id: string, name: string, about: string, number?: string, warning?: string}} Patient `warning`: what the client's rule says of appointments that were not kept */

const WAIT_MS = 120;

/** Whether patients are known of this card's client. @param {import("./state.js").Card|null} card */
export function keepsPatients(card) {
  return Boolean(card?.client) && ["health", ""].includes(card?.sector ?? "");
}

/** Whom a row of the list names. @param {HTMLElement} row @returns {Patient} */
export function patientOf({ dataset: { patient = "", name = "", about = "", number, warning } }) {
  return { id: patient, name, about, ...(number ? { number } : {}), ...(warning ? { warning } : {}) };
}

export class PatientField {
  /** @param {{number: () => string, chosen: (patient: Patient|null) => void}} hooks `number`: what the form has, for a person who is new
   * @param {"patient"|"book-patient"} [at] with which its ids begin: it stands in the form and in the agenda
   * @param {boolean} [newByEnter] whether Enter takes who is new when that is the only choice: a visit is always somebody's, a message may be nobody's */
  constructor(hooks, at = "patient", newByEnter = false) {
    this.hooks = hooks;
    this.at = at;
    this.newByEnter = newByEnter;
    const field = () => this.field;
    const list = () => this.list;
    /** @type {Patient|null} */
    this.patient = null;
    /** @type {import("./state.js").Card|null} */
    this.card = null;
    /** Those who may be calling, the likeliest first. @type {Patient[]} */
    this.known = [];
    /** Somebody else is being looked for, the one who was chosen stands beside until then. */
    this.isReplacing = false;
    this.locked = false;
    /** For which words the list is. */
    this.listed = "";
    this.turn = 0;
    this.timer = 0;
    /** The id of the person that is being added: the same when it is tried again. */
    this.adding = { words: "", id: "" };
    field().addEventListener("input", (event) => {
      event.stopPropagation();
      this.soon();
    });
    field().addEventListener("change", (event) => event.stopPropagation());
    field().addEventListener("focus", () => this.look());
    field().addEventListener("blur", () => {
      this.close();
      if (this.isReplacing && !this.field.value.trim()) this.replace(false);
    });
    field().addEventListener("keydown", (event) => this.pressed(event));
    // The field keeps the focus while a row is pressed: leaving it would close the list.
    list().addEventListener("mousedown", (event) => event.preventDefault());
    list().addEventListener("click", (event) => {
      const row = /** @type {HTMLElement} */ (event.target).closest("[role=option]:not([aria-disabled])");
      if (row) this.take(/** @type {HTMLElement} */ (row));
    });
    button(`${at}-other`).addEventListener("click", () => {
      this.choose(null);
      field().focus();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
      if (document.querySelector("dialog[open]") || this.locked || !byId(`${at}-field`).offsetParent || !keptKeys().numbers) return;
      event.preventDefault();
      this.replace(true);
      field().focus();
    });
  }

  get field() {
    return /** @type {HTMLInputElement} */ (byId(this.at));
  }

  get list() {
    return byId(`${this.at}-list`);
  }

  /** Whether words stand in the field that nobody was chosen for. */
  get isTyped() {
    return this.field.value.trim() !== "";
  }

  /** Whether it is not decided yet who is meant. */
  get isOpen() {
    return document.activeElement === this.field || this.isTyped;
  }

  /** Who is meant: the one who was chosen, unless she is looking for somebody else. @returns {Patient|null} */
  get meant() {
    return this.isOpen ? null : this.patient;
  }

  /** Opens the field beside the one who was chosen, or gives it up. @param {boolean} open */
  replace(open) {
    this.isReplacing = open && this.patient !== null;
    if (!open) this.field.value = "";
    this.paint();
  }

  /** Who was found meanwhile: what she is typing stays. @param {Patient} patient */
  found(patient) {
    this.patient = patient;
    this.isReplacing = this.isOpen;
    this.paint();
  }

  /** Who may be calling, offered beside the field: nobody is chosen for her. @param {Patient[]} known */
  offer(known) {
    if (this.known === known) return;
    this.known = known;
    this.paint();
  }

  /** Whom one key takes now: the first, then the one after who was taken; nobody once she has chosen somebody else. @returns {Patient|null} */
  get next() {
    const at = this.known.findIndex(({ id }) => id === this.patient?.id);
    if (this.locked || (this.patient && at < 0)) return null;
    const next = this.known[(at + 1) % Math.max(this.known.length, 1)];
    return next && next.id !== this.patient?.id ? next : null;
  }

  takeNext() {
    const { next } = this;
    if (next) this.choose(next);
  }

  /** The form of another call. @param {import("./state.js").Card} card @param {Patient|null} patient */
  open(card, patient) {
    this.card = card;
    this.patient = patient;
    this.known = [];
    this.isReplacing = false;
    this.field.value = "";
    this.close();
    this.error("");
    this.paint();
  }

  /** @param {boolean} locked whether the message is gone and nothing changes any more */
  lock(locked) {
    if (this.locked === locked) return;
    this.locked = locked;
    this.paint();
  }

  paint() {
    const has = keepsPatients(this.card);
    show(byId(`${this.at}-field`), has && (!this.locked || this.patient !== null));
    show(byId(`${this.at}-search`), this.patient === null || this.isReplacing);
    show(byId(`${this.at}-chosen`), this.patient !== null);
    say(byId(`${this.at}-name`), this.patient?.name ?? "");
    say(byId(`${this.at}-about`), this.patient?.about ?? "");
    say(byId(`${this.at}-warning`), this.patient?.warning ?? "");
    show(byId(`${this.at}-warning`), Boolean(this.patient?.warning));
    byId(`${this.at}-open`).setAttribute("href", `/console/patients/${this.patient?.id ?? "find"}`);
    show(button(`${this.at}-other`), !this.locked);
    this.paintKnown();
  }

  /** A button for each who may be calling; the key stands on the one it takes. */
  paintKnown() {
    const place = document.getElementById(`${this.at}-known`);
    if (!place) return;
    const { next } = this;
    const offered = next ? this.known.filter(({ id }) => id !== this.patient?.id) : [];
    show(place, offered.length > 0);
    const buttons = offered.map((one) => {
      const hint = one === next && make("kbd", { "data-key": "caller" }, known.caller ?? "");
      const take = make("button", { class: "btn btn--sm", type: "button" }, make("strong", {}, one.name), " ", make("span", { class: "num" }, one.about), " ", hint);
      take.addEventListener("click", () => this.choose(one));
      return take;
    });
    place.replaceChildren(make("span", { class: "muted" }, word(this.patient ? "patient_or" : "patient_may_be")), ...buttons);
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.look(), WAIT_MS);
  }

  /** The list for what stands in the field; what comes late is not shown. */
  async look() {
    const { card } = this;
    if (!card?.client || (this.patient && !this.isReplacing) || this.locked) return;
    clearTimeout(this.timer);
    this.turn += 1;
    const { turn } = this;
    const words = this.field.value.trim();
    const number = card.caller.masked ? "" : (card.caller.number ?? "");
    if (!words && !number) return this.close();
    const asked = new URLSearchParams({ client: card.client, words, number, at: this.at });
    let found;
    try {
      found = await fragment(`/console/fragments/patients?${asked}`);
    } catch {
      if (turn === this.turn) this.error(word("patient_site_down"));
      return;
    }
    if (turn !== this.turn || this.card !== card || document.activeElement !== this.field) return;
    this.error("");
    this.list.replaceChildren(found);
    this.listed = this.list.dataset.words = words;
    show(this.list, this.list.childElementCount > 0);
    this.field.setAttribute("aria-expanded", String(!this.list.hidden));
    // The first that was asked for is under Enter; who only calls from that number, or is new, is taken by a choice.
    const [first] = this.rows();
    this.mark(words && first && (this.newByEnter || !("new" in first.dataset)) ? first : null);
    const count = this.rows().filter((row) => !("new" in row.dataset)).length;
    const counted = ["patient_count_none", "patient_count_one"][count] ?? "patient_count_many";
    say(byId(`${this.at}-count`), words ? word(counted, { count }) : "");
  }

  /** @returns {HTMLElement[]} */
  rows() {
    return [...this.list.querySelectorAll("[role=option]:not([aria-disabled])")].map((row) => /** @type {HTMLElement} */ (row));
  }

  /** @param {HTMLElement|null} row */
  mark(row) {
    for (const each of this.rows()) each.setAttribute("aria-selected", String(each === row));
    if (row) this.field.setAttribute("aria-activedescendant", row.id);
    else this.field.removeAttribute("aria-activedescendant");
    row?.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const rows = this.rows();
    const here = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
    if (event.key === "Enter" && !event.ctrlKey) {
      event.preventDefault();
      // Typed faster than the list: what it shows is not what she means.
      if (!this.list.hidden && here >= 0 && this.listed === this.field.value.trim()) this.take(rows[here]);
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && rows.length && !this.list.hidden) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.mark(rows[here < 0 && step < 0 ? rows.length - 1 : (here + step + rows.length) % rows.length]);
    } else if (event.key === "Escape" && !this.list.hidden && !(this.isReplacing && !this.field.value.trim())) {
      event.stopPropagation();
      this.close();
    } else if (event.key === "Escape" && this.isReplacing) {
      this.close();
      this.replace(false);
      button(`${this.at}-other`).focus();
    }
  }

  /** @param {HTMLElement} row */
  async take(row) {
    if (row.dataset.patient) return this.choose(patientOf(row));
    const { card } = this;
    const words = this.field.value.trim();
    if (!card?.client) return undefined;
    if (this.adding.words !== words) this.adding = { words, id: newId() };
    try {
      const json = { client: card.client, patient: this.adding.id, words, number: this.hooks.number() };
      const kept = await (await request("/console/patients", { method: "POST", json })).json();
      if (this.card === card) this.choose({ id: kept.patient, name: kept.name, about: kept.about });
    } catch (error) {
      const code = error instanceof SiteRefusal ? error.code : "";
      this.close();
      this.error(word(hasWord(`refused_${code}`) ? `refused_${code}` : code ? "patient_refused" : "patient_site_down"));
    }
    return undefined;
  }

  /** @param {Patient|null} patient */
  choose(patient) {
    this.patient = patient;
    this.isReplacing = false;
    this.field.value = "";
    this.adding = { words: "", id: "" };
    this.close();
    this.error("");
    this.paint();
    this.hooks.chosen(patient);
  }

  close() {
    this.turn += 1;
    clearTimeout(this.timer);
    show(this.list, false);
    this.field.setAttribute("aria-expanded", "false");
    this.mark(null);
  }

  /** @param {string} text */
  error(text) {
    say(byId(`${this.at}-note`), text);
    show(byId(`${this.at}-note`), text !== "");
  }
}
