// SPDX-License-Identifier: AGPL-3.0-or-later
// The message form: made from the card, kept at every key stroke, checked before it leaves, and saying what will happen before it does.
import { paintReplacement } from "./absences.js";
import { config } from "./api.js";
import { byId, icon, make, say, show } from "./dom.js";
import { countryName, word } from "./words.js";
import { lookUp } from "./numbers.js";
import { messageText, scriptOf } from "./answers.js";
import { alerting, pending, RedFlags } from "./redflags.js";
import { PatientField } from "./patient.js";
import { ScriptPanel } from "./scriptpanel.js";
import { reasonOf } from "./scriptreason.js";
import { Elsewhere } from "./elsewhere.js";
import { offerScript } from "./sidetabs.js";

/** @typedef {import("./drafts.js").Draft} Draft @typedef {import("./drafts.js").Fields} Fields */

const SHOWN_AT_ONCE = 6;
/** Characters of a message, as the site takes them. */
const TEXT_LIMIT = 4000;
const input = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id));

export class MessageForm {
  /** @param {{typed: (fields: Fields) => void, save: (fields: Fields) => void, chosen: (fields: Fields) => void, now: () => number, record: (given: import("./acts.js").Given, before: string) => void, note: (note: import("./flaglog.js").Note) => void, book: () => boolean}} hooks
   * `book`: opens the agenda that the client keeps here; whether he has one */
  constructor(hooks) {
    this.hooks = hooks;
    /** @type {Draft|null} */
    this.draft = null;
    this.saved = false;
    this.prefilled = "";
    this.form = /** @type {HTMLFormElement} */ (byId("form"));
    this.form.addEventListener("input", () => this.typed());
    this.form.addEventListener("change", () => this.typed());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
    input("caller-number").addEventListener("blur", () => this.checkNumber());
    this.patient = new PatientField({ number: () => input("caller-number").value.trim(), chosen: (patient) => this.about(patient) });
    this.flags = new RedFlags({ changed: () => this.typed(), note: (note) => this.hooks.note(note) });
    /** Whether the caller is on the line, so that the keys of a red flag are hers. */
    this.talking = false;
    this.elsewhere = new Elsewhere({
      card: () => this.draft?.card ?? null,
      message: () => this.fields(),
      changed: () => {
        if (this.draft) this.hooks.typed(this.fields());
      },
      record: (given) => this.recorded(given),
    });
    this.script = new ScriptPanel({
      now: () => this.hooks.now(),
      appointment: (known) => this.giveAppointment(known),
      fields: () => this.fields(),
      changed: () => this.typed(),
      fill: (what, value) => {
        input(what === "name" ? "caller-name" : "caller-number").value = value;
        if (what === "number") this.checkNumber();
      },
      readBack: () => {
        input("read-back").checked = true;
      },
    });
  }

  /** Shows a draft; does nothing when it is already there. @param {Draft} draft @param {boolean} saved */
  open(draft, saved) {
    if (this.draft?.call === draft.call) return;
    this.draft = draft;
    this.saved = saved;
    this.errors();
    this.reasons(draft.card);
    this.recipients(draft.card);
    this.fill(draft.fields);
    this.patient.open(draft.card, draft.fields.patient ?? null);
    this.hooks.chosen(draft.fields);
    this.elsewhere.load(draft.fields.elsewhere);
    offerScript(scriptOf(draft.card) !== null);
    this.script.open(draft.card, draft.fields.script, saved || draft.state === "sending");
    this.flags.open(draft);
    show(byId("number-note"), false);
    this.plan({ siteDown: false, other: "" });
    this.prefilled = draft.fields.number;
    if (draft.fields.number) this.checkNumber();
  }

  close() {
    this.draft = null;
  }

  /** Whom it is about: who has given no name of his own is that person. @param {import("./patient.js").Patient|null} patient */
  about(patient) {
    if (patient) this.named(patient);
    this.typed();
    if (patient) input("text").focus();
  }

  /** A visit was booked for him in this call: the message is about him, unless she has named somebody or is about to. @param {import("./patient.js").Patient} patient */
  bookedFor(patient) {
    if (!this.writable || this.patient.patient || this.patient.isTyped) return;
    this.patient.found(patient);
    this.named(patient);
    this.typed();
  }

  /** His name and number, where she has typed none. @param {import("./patient.js").Patient} patient */
  named(patient) {
    if (!input("caller-name").value.trim()) input("caller-name").value = patient.name;
    if (!patient.number || input("caller-number").value.trim()) return;
    input("caller-number").value = patient.number;
    this.checkNumber();
  }

  /** Whether nothing of it has left yet. */
  get writable() {
    return this.draft !== null && !this.saved && this.draft.state !== "sending";
  }

  /** The script ends in an appointment: in the client's agenda here, else in the one he keeps elsewhere. @param {{recipient: string, patient: string}} known */
  giveAppointment(known) {
    if (this.elsewhere.isOffered || !this.hooks.book()) this.elsewhere.open(known);
  }

  /** What the script says of what stands in the form. */
  follow() {
    if (!this.draft) return;
    if (this.writable && scriptOf(this.draft.card)) this.flags.hear(this.fields(), this.script.given);
    const at = this.script.standing();
    this.flags.paint(this.draft.card, at, this.talking);
    if (!at) return;
    if (this.writable) this.flags.note(at);
    this.followReason(at);
    const { recipient, urgency, outcome } = at.progress;
    const wanted = JSON.stringify([recipient, urgency, outcome]);
    // Once a change: what she chooses after it stands.
    if (wanted !== this.script.given.applied && this.writable) {
      const { given } = this.script;
      given.applied = wanted;
      const fields = this.fields();
      const alerted = alerting(at) !== null;
      // A false alarm gives back what stood there before it.
      const before = given.before ?? { recipient: fields.recipient, urgency: fields.urgency, outcome: fields.outcome };
      given.before = alerted ? before : undefined;
      // A route or a red flag may name a recipient who has left since: then stands whom she chose.
      const known = this.draft.card.form.recipients.some(({ id }) => id === recipient);
      this.fill({ ...fields, recipient: (known && recipient) || before.recipient, urgency: urgency || before.urgency, outcome: alerted ? outcome : before.outcome || outcome });
    }
    this.script.paint();
  }

  /** The reason that the script's answers name stands in the form; what she chooses after it stands. @param {import("./answers.js").Standing} at */
  followReason(at) {
    if (!this.draft || !this.writable) return;
    const { given } = this.script;
    const reason = reasonOf(at.script, at.progress.asked, given.answers, this.draft.card.form.reasons);
    if (reason === (given.reason ?? "")) return;
    const fields = this.fields();
    // An answer taken back takes its reason with it, unless she has chosen another since.
    const mine = fields.reason !== "" && fields.reason !== (given.reason ?? "");
    given.reason = reason;
    if (reason || !mine) this.fill({ ...fields, reason });
  }

  /** The red flags that wait for her while nothing has left. */
  get flagsWaiting() {
    return this.writable ? pending(this.script.standing()) : [];
  }

  /** Whether one waits for her while the caller is on the line: then its keys are hers. */
  get flagWaits() {
    return this.talking && this.flagsWaiting.length > 0;
  }

  /** Whether red flags hold the form back, said in place: until each was dealt with, and whom one alerts has his message. */
  heldByFlags() {
    if (this.flagsWaiting.length) {
      this.flags.hold();
      return true;
    }
    const alert = this.writable ? alerting(this.script.standing()) : null;
    if (!alert) return false;
    this.outcome = "message";
    byId("text").focus();
    this.errors({ "text-error": word("red_flag_alert_first", { label: alert.label }) });
    return true;
  }

  /** @param {import("./state.js").Card} card */
  reasons(card) {
    show(byId("reason-field"), card.form.reasons.length > 0);
    const box = byId("reasons");
    box.toggleAttribute("data-numbered", true);
    box.replaceChildren(
      ...card.form.reasons.map(({ code, label }, n) =>
        make("label", {}, make("input", { type: "radio", name: "reason", value: code }), make("span", {}, n < 9 && make("kbd", {}, String(n + 1)), ` ${label}`)),
      ),
    );
  }

  /** @param {import("./state.js").Card} card */
  recipients(card) {
    const all = card.form.recipients;
    // One recipient needs no choice: the label of the text names him.
    show(byId("recipient-field"), all.length > 1);
    const few = all.length <= SHOWN_AT_ONCE;
    show(byId("recipients"), few);
    show(byId("recipient-select"), !few);
    byId("recipients").replaceChildren(...(few ? all.map(({ id, name }) => make("label", {}, make("input", { type: "radio", name: "recipient", value: id }), make("span", {}, name))) : []));
    byId("recipient-select").replaceChildren(...(few ? [] : [make("option", { value: "" }, word("choose")), ...all.map(({ id, name }) => make("option", { value: id }, name))]));
  }

  /** @param {Fields} fields */
  fill(fields) {
    input("caller-name").value = fields.name;
    input("caller-number").value = fields.number;
    input("read-back").checked = fields.readBack;
    input("text").value = fields.text;
    input("recipient-select").value = fields.recipient;
    for (const [name, value] of Object.entries({ reason: fields.reason, recipient: fields.recipient, urgency: fields.urgency, outcome: fields.outcome })) {
      for (const radio of this.form.querySelectorAll(`input[type=radio][name=${name}]`)) /** @type {HTMLInputElement} */ (radio).checked = /** @type {HTMLInputElement} */ (radio).value === value;
    }
    // An appointment is recorded, never only chosen: its outcome stands there once it was.
    for (const radio of this.form.querySelectorAll("input[value^=appointment_]")) show(/** @type {Element} */ (radio.parentElement), /** @type {HTMLInputElement} */ (radio).checked);
  }

  /** What stands in the form now. @returns {Fields} */
  fields() {
    const picked = (/** @type {string} */ name) => /** @type {HTMLInputElement|null} */ (this.form.querySelector(`input[name=${name}]:checked`))?.value ?? "";
    return {
      name: input("caller-name").value.trim(),
      number: input("caller-number").value.trim(),
      readBack: input("read-back").checked,
      recipient: picked("recipient") || input("recipient-select").value,
      reason: picked("reason"),
      urgency: picked("urgency") || "today",
      text: input("text").value,
      outcome: picked("outcome"),
      ...(this.patient.patient ? { patient: this.patient.patient } : {}),
      ...(this.draft && scriptOf(this.draft.card) ? { script: this.script.given } : {}),
      ...(this.elsewhere.given ? { elsewhere: this.elsewhere.given } : {}),
    };
  }

  /** An act in the client's own agenda: the call has its outcome, unless its message is on its way. @param {import("./acts.js").Given} given */
  recorded(given) {
    const { outcome } = this;
    if (!this.saved && this.draft?.state !== "sending") this.outcome = `appointment_${given.act}`;
    this.hooks.record(given, outcome);
    (byId("next").hidden ? byId("text") : byId("next")).focus();
  }

  get outcome() {
    return this.fields().outcome;
  }

  /** @param {string} outcome "" for none */
  set outcome(outcome) {
    this.fill({ ...this.fields(), outcome });
    this.typed();
  }

  /** Whether words stand here that no message holds yet. */
  get unsaved() {
    const fields = this.fields();
    // The answers alone are a message only where the call ends with one.
    return !this.saved && (fields.outcome === "message" || !fields.outcome ? this.text(fields) : fields.text.trim()) !== "";
  }

  /** The whole text of the message: her words and the answers. @param {Fields} fields */
  text(fields) {
    return this.draft ? messageText(this.draft.card, fields) : "";
  }

  typed() {
    if (!this.draft) return;
    this.errors();
    this.follow();
    if (!this.saved) this.hooks.typed(this.fields());
    this.plan();
    this.hooks.chosen(this.fields());
  }

  /** What stands in the way of saving; `other`: who is signed in in this browser instead of her. */
  obstacle = { siteDown: false, other: "" };

  /** Says what saving does. @param {{siteDown: boolean, other: string}} [obstacle] */
  plan(obstacle = this.obstacle) {
    this.obstacle = obstacle;
    this.replacement();
    const { recipient } = this.fields();
    const name = this.draft?.card.form.recipients.find((one) => one.id === recipient)?.name ?? "";
    say(byId("text-label"), name ? word("message_for", { name }) : word("message"));
    let key = name ? "plan_now" : "plan_choose";
    if (!config.sendsMail) key = name ? "plan_now_portal" : "plan_choose_portal";
    if (this.saved) key = config.sendsMail ? "plan_saved" : "plan_saved_portal";
    else if (obstacle.other) key = "plan_other_person";
    else if (this.draft?.state === "sending") key = "plan_sending";
    else if (this.draft?.card.form.recipients.length === 0) key = "plan_unknown_line";
    else if (obstacle.siteDown) key = "plan_site_down";
    say(byId("plan"), word(key, { name }));
    const locked = this.saved || this.draft?.state === "sending" || this.draft?.card.form.recipients.length === 0;
    /** @type {HTMLButtonElement} */ (byId("save")).disabled = Boolean(locked);
    const gone = Boolean(this.saved || this.draft?.state === "sending");
    for (const id of ["caller-name", "caller-number", "text"]) input(id).readOnly = gone;
    for (const id of ["reason-field", "recipient-field", "urgency-field"]) /** @type {HTMLFieldSetElement} */ (byId(id)).disabled = gone;
    input("read-back").disabled = gone;
    this.patient.lock(gone);
    if (this.script.locked !== gone && this.draft) this.script.open(this.draft.card, this.script.given, gone);
    this.follow();
  }

  /** Who is away, and who takes what is urgent: she chooses. */
  replacement() {
    const box = byId("away-note");
    if (!this.draft || this.saved) return show(box, false);
    const choose = (/** @type {string} */ recipient) => {
      this.fill({ ...this.fields(), recipient });
      this.typed();
      (/** @type {HTMLElement|null} */ (this.form.querySelector("input[name=recipient]:checked")) ?? byId("recipient-select")).focus();
    };
    paintReplacement(box, this.draft.card, this.fields(), this.hooks.now(), choose);
  }

  /** Clears the errors, or writes one. The focus goes first to where it is mended: leaving a field tells that it changed, and that clears. @param {Record<string, string>} [found] */
  errors(found = {}) {
    for (const [id, field] of [["recipient-error", ""], ["text-error", "text"], ["number-error", "caller-number"], ["outcome-error", ""]]) {
      const text = found[id] ?? "";
      const element = byId(id);
      show(element, text !== "");
      element.replaceChildren(...(text ? [icon("alert"), make("span", {}, text)] : []));
      if (field) byId(field).toggleAttribute("aria-invalid", text !== "");
      if (field && text) byId(field).setAttribute("aria-invalid", "true");
    }
  }

  /** Ctrl Enter. Whether the message may leave. */
  save() {
    if (!this.draft || !this.writable || this.draft.card.form.recipients.length === 0) return false;
    if (this.flagsWaiting.length) return !this.heldByFlags();
    const fields = this.fields();
    if (!fields.recipient) {
      const first = /** @type {HTMLElement|null} */ (this.form.querySelector("input[name=recipient]"));
      const target = first && byId("recipients").contains(first) ? first : byId("recipient-select");
      say(byId("plan"), word(config.sendsMail ? "plan_choose" : "plan_choose_portal"));
      target.focus();
      this.errors({ "recipient-error": word("recipient_missing") });
      byId("recipient-error").scrollIntoView({ block: "nearest" });
      return false;
    }
    const text = this.text(fields);
    if (!text || text.length > TEXT_LIMIT) {
      byId("text").focus();
      this.errors({ "text-error": word(text ? "text_too_long" : "text_missing", { over: text.length - TEXT_LIMIT }) });
      return false;
    }
    if (!fields.outcome) fields.outcome = "message";
    this.fill(fields);
    this.errors();
    this.hooks.save(fields);
    this.plan();
    return true;
  }

  /** Asks for an outcome, in place. */
  askOutcome() {
    /** @type {HTMLElement} */ (this.form.querySelector("input[name=outcome]")).focus();
    this.errors({ "outcome-error": word("outcome_missing") });
    byId("outcome-error").scrollIntoView({ block: "nearest" });
  }

  /** The number in full with its country beside it; a number that cannot exist says so. */
  async checkNumber() {
    const draft = this.draft;
    const field = input("caller-number");
    const typed = field.value.trim();
    const note = byId("number-note");
    if (!draft || !typed || this.saved) return show(note, false);
    let found;
    try {
      found = await lookUp(typed, draft.card.client ?? "");
    } catch {
      return; // The site is down: the number stays as it was typed, and web checks it when it saves.
    }
    if (this.draft !== draft || field.value.trim() !== typed) return;
    if (!found.ok) {
      show(note, false);
      this.errors({ "number-error": word("number_wrong") });
      return;
    }
    const prefilled = typed === this.prefilled;
    if (prefilled) this.prefilled = found.display;
    if (found.display !== typed) {
      field.value = found.display;
      if (!prefilled) this.hooks.typed(this.fields());
    }
    note.replaceChildren(icon("check"), make("span", {}, word(prefilled || found.display === typed ? "number_right" : "number_corrected", { country: countryName(found.country) })));
    show(note, true);
  }
}
