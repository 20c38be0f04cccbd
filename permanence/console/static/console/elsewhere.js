// SPDX-License-Identifier: AGPL-3.0-or-later
// An appointment instead of a message: what was booked, moved or cancelled in the client's own agenda, recorded in three keys and corrected the same day. The fields of the form and of the correction are the same.
import { agendaFor, agendaLink, agendasOf } from "./agendas.js";
import { newId, request, SiteRefusal } from "./api.js";
import { showError } from "./banners.js";
import { button, byId, icon, make, say, show } from "./dom.js";
import { refresh } from "./live.js";
import { answer, ask } from "./questions.js";
import { dayOn, readDay, readHour, sayDay, writeDay } from "./when.js";
import { hasWord, word } from "./words.js";

/** @typedef {import("./acts.js").Given} Given @typedef {import("./state.js").Card} Card @typedef {import("./state.js").Recipient} Recipient */

const input = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id));

/** The fields `at`-... of the page: written, read, and told what is wrong. */
class Fields {
  /** @param {string} at "act" or "correct" */
  constructor(at) {
    this.at = at;
    this.timeZone = "UTC";
    for (const name of ["day", "hour"]) input(`${at}-${name}`).addEventListener("input", () => this.understood());
  }

  /** @param {Given} given @param {Recipient[]} recipients @param {string} timeZone */
  fill(given, recipients, timeZone) {
    this.timeZone = timeZone;
    const select = input(`${this.at}-recipient`);
    select.replaceChildren(make("option", { value: "" }, word("choose")), ...recipients.map(({ id, name }) => make("option", { value: id }, name)));
    select.value = given.recipient;
    show(byId(`${this.at}-recipient-field`), recipients.length > 1);
    for (const radio of this.radios()) radio.checked = radio.value === given.act;
    input(`${this.at}-day`).value = given.day;
    input(`${this.at}-hour`).value = given.hour;
    input(`${this.at}-patient`).value = given.patient_name;
    this.fault("");
    this.understood();
  }

  radios() {
    return /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll(`input[name=${this.at}-what]`)]);
  }

  /** As typed. @param {string} key @returns {Given} */
  typed(key) {
    const act = this.radios().find((one) => one.checked)?.value ?? "";
    const value = (/** @type {string} */ name) => input(`${this.at}-${name}`).value.trim();
    return { key, act, recipient: value("recipient"), day: value("day"), hour: value("hour"), patient_name: value("patient") };
  }

  get today() {
    return dayOn(Date.now(), this.timeZone);
  }

  /** The day and hour as they were understood, said under the fields before anything is kept. */
  understood() {
    const { day, hour } = this.typed("");
    const [read, clock] = [readDay(day, this.today), readHour(hour)];
    const words = [read && sayDay(read), clock].filter(Boolean).join(", ");
    say(byId(`${this.at}-when`), words);
  }

  /** What may be kept, or null when something stands in the way: said, and the focus is where it is mended. @param {string} key @returns {Given|null} */
  ready(key) {
    const given = this.typed(key);
    const day = readDay(given.day, this.today);
    const hour = readHour(given.hour);
    if (!given.act) return this.fault("elsewhere_act_missing", this.radios()[0]);
    if (!given.recipient) return this.fault("elsewhere_recipient_missing", input(`${this.at}-recipient`));
    const near = day !== null && (day === "" || Math.abs(Date.parse(day) - Date.parse(this.today)) < 1096 * 86400000 && Date.parse(this.today) - Date.parse(day) <= 31 * 86400000);
    if (day === null || !near) return this.fault("elsewhere_day_wrong", input(`${this.at}-day`));
    if (hour === null) return this.fault("elsewhere_hour_wrong", input(`${this.at}-hour`));
    if (hour && !day) return this.fault("elsewhere_day_missing", input(`${this.at}-day`));
    this.fault("");
    return { ...given, day, hour };
  }

  /** @param {string} key of the words, "" for none @param {HTMLElement} [where] @returns {null} */
  fault(key, where) {
    const error = byId(`${this.at}-error`);
    where?.focus();
    show(error, key !== "");
    error.replaceChildren(...(key ? [icon("alert"), make("span", {}, hasWord(key) ? word(key) : key)] : []));
    return null;
  }
}

export class Elsewhere {
  /** @param {{card: () => Card|null, message: () => import("./drafts.js").Fields, changed: () => void, record: (given: Given) => void}} hooks */
  constructor(hooks) {
    this.hooks = hooks;
    this.fields = new Fields("act");
    this.correction = new Fields("correct");
    /** What stands in the form while it is open or not yet recorded. @type {Given|null} */
    this.given = null;
    this.isOpen = false;
    this.correcting = "";
    const form = byId("elsewhere-form");
    for (const what of ["input", "change"]) form.addEventListener(what, () => this.typed());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
    button("to-appointment").addEventListener("click", () => (this.isOpen ? this.close() : this.open()));
    button("elsewhere-back").addEventListener("click", () => this.close());
    byId("elsewhere").addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    this.wireCorrection();
  }

  /** Another card is on the desk. @param {Given|undefined} given what was typed for it and not recorded */
  load(given) {
    this.given = given ?? null;
    this.isOpen = false;
    if (this.given) this.open({ quiet: true });
    this.paint();
  }

  /** Opens it with what is known; `quiet`: the focus stays where it is. @param {{recipient?: string, patient?: string, quiet?: boolean}} [known] */
  open({ recipient = "", patient = "", quiet = false } = {}) {
    const card = this.hooks.card();
    if (!card || card.form.recipients.length === 0) return;
    const all = card.form.recipients;
    const chosen = this.hooks.message().recipient;
    const before = this.given ?? { key: newId(), recipient: chosen || (all.length === 1 ? all[0].id : ""), act: "", day: "", hour: "", patient_name: "" };
    const whose = recipient && all.some(({ id }) => id === recipient) ? recipient : before.recipient;
    this.given = { ...before, recipient: whose, patient_name: before.patient_name || patient };
    this.isOpen = true;
    this.fields.fill(this.given, all, card.time_zone);
    this.paint();
    if (!quiet) (this.fields.radios().find((one) => one.checked) ?? this.fields.radios()[0]).focus();
  }

  /** Back to the message; what was typed here stays. */
  close() {
    this.isOpen = false;
    if (this.given && !this.unsaved) this.given = null;
    this.paint();
    this.hooks.changed();
    byId("to-appointment").focus();
  }

  /** Whether it is offered: where the client keeps an agenda elsewhere, and where something was typed already. */
  get isOffered() {
    const card = this.hooks.card();
    return Boolean(card?.form.recipients.length && (agendasOf(card).length || this.given));
  }

  /** Whether something stands here that is recorded nowhere. */
  get unsaved() {
    return this.given !== null && Boolean(this.given.act || this.given.day || this.given.hour || this.given.patient_name);
  }

  typed() {
    if (!this.given) return;
    this.given = this.fields.typed(this.given.key);
    this.fields.fault("");
    this.paintAgenda();
    this.hooks.changed();
  }

  paint() {
    show(byId("elsewhere"), this.isOpen);
    show(byId("form"), !this.isOpen);
    const where = button("to-appointment");
    show(where, this.isOffered);
    where.setAttribute("aria-expanded", String(this.isOpen));
    say(byId("form-title"), word(this.isOpen ? "elsewhere_title" : "message"));
    if (this.isOpen) this.paintAgenda();
  }

  /** Where she books for the one who is chosen. */
  paintAgenda() {
    const card = this.hooks.card();
    const agenda = card && this.given ? agendaFor(card, this.given.recipient) : null;
    const place = byId("elsewhere-agenda");
    const key = agenda ? `${agenda.link} ${agenda.recipient}` : "";
    if (place.dataset.key === key) return;
    place.dataset.key = key;
    place.replaceChildren(...(agenda && card ? [agendaLink(agenda, card, false)] : []));
  }

  /** Ctrl Enter. */
  save() {
    if (!this.given) return;
    const ready = this.fields.ready(this.given.key);
    if (!ready) return;
    this.given = null;
    this.isOpen = false;
    this.paint();
    this.hooks.record(ready);
  }

  /** The correction of an act of today, from its line; it waits for the site, which alone knows what stands. */
  wireCorrection() {
    const dialog = /** @type {HTMLDialogElement} */ (byId("dialog-correct"));
    document.addEventListener("click", (event) => {
      const pressed = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest("button[data-correct]"));
      const data = pressed?.parentElement?.querySelector("script")?.textContent;
      if (!pressed || !data) return;
      const held = JSON.parse(data);
      this.correcting = held.key;
      say(byId("dialog-correct-client"), held.client);
      this.correction.fill({ ...held, day: writeDay(held.day) }, held.recipients, held.time_zone);
      ask(dialog);
    });
    byId("correct-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const ready = this.correction.ready(this.correcting);
      if (ready) this.tell(`/console/elsewhere/${encodeURIComponent(ready.key)}`, ready, dialog);
    });
    button("correct-undo").addEventListener("click", () => this.tell(`/console/elsewhere/${encodeURIComponent(this.correcting)}/undo`, {}, dialog));
  }

  /** @param {string} path @param {object} json @param {HTMLDialogElement} dialog */
  async tell(path, json, dialog) {
    let fault = "";
    const act = async () => {
      try {
        await request(path, { method: "POST", json });
        refresh("elsewhere");
        refresh("history");
      } catch (error) {
        const code = error instanceof SiteRefusal ? error.code : "site_down";
        fault = hasWord(`elsewhere_refused_${code}`) ? `elsewhere_refused_${code}` : "elsewhere_refused_other";
      }
      return fault && word(fault);
    };
    await answer(dialog, act, () => this.correction.fault(fault));
  }
}

/** An act refused by the site, in words. @param {SiteRefusal} error */
export function sayRefused(error) {
  const key = `elsewhere_refused_${error.code}`;
  showError(hasWord(key) ? word(key) : word("elsewhere_refused_other"));
}
