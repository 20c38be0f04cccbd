// SPDX-License-Identifier: AGPL-3.0-or-later
// What was typed, call by call: kept sealed in this browser at once, on the site every two seconds, and forgotten only when the site has confirmed the message.
import { newId, request, SiteRefusal } from "./api.js";
import { messageText } from "./answers.js";
import { Vault } from "./vault.js";

const PREFIX = "permanence.draft.";
/** The calls whose words the site has not got, a key for each person: signing out in another name leaves those sealed words alone (`sign-out.js`). */
const UNSENT = "permanence.unsent.";
const SAVE_EVERY_MS = 2000;
const SEND_AGAIN_MS = [1000, 2000, 4000, 8000, 15000];

/**
 * @typedef {{name: string, number: string, readBack: boolean, recipient: string, reason: string, urgency: string, text: string, outcome: string, script?: import("./answers.js").Given, elsewhere?: import("./acts.js").Given, patient?: import("./patient.js").Patient}} Fields
 * @typedef {{call: string, message: string, person: string, card: import("./state.js").Card, fields: Fields, state: "typing"|"sending", at: number, touched: boolean}} Draft
 */

/** @type {Fields} */
export const EMPTY = Object.freeze({ name: "", number: "", readBack: false, recipient: "", reason: "", urgency: "today", text: "", outcome: "" });

export class Drafts {
  /** @param {string} person whose drafts these are: another person at the same browser sees none of them.
   * @param {{changed: () => void, confirmed: (draft: Draft) => void, refused: (draft: Draft, error: SiteRefusal) => void}} hooks */
  constructor(person, hooks) {
    this.person = person;
    this.hooks = hooks;
    /** @type {Map<string, Draft>} */
    this.kept = new Map();
    /** @type {Set<string>} */
    this.unsaved = new Set();
    this.siteDown = false;
    this.tries = 0;
    this.sending = false;
    /** @type {Promise<void>} */
    this.saving = Promise.resolve();
    this.busy = "";
    /** @type {Draft|null} */
    this.last = null;
    this.vault = new Vault(person);
    /** @type {Set<string>} calls whose words are not sealed into this browser yet */
    this.unsealed = new Set();
    /** @type {Promise<void>} */
    this.sealing = Promise.resolve();
    setInterval(() => this.saveAll(), SAVE_EVERY_MS);
    window.addEventListener("pagehide", () => this.saveAll());
  }

  /** Reads what this browser kept of this person; before anything is typed. What nobody's key opens any more is removed with the next sign-out. */
  async load() {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(PREFIX)) continue;
      const draft = await this.vault.open(key, localStorage.getItem(key) ?? "");
      if (draft && draft.person === this.person && !this.kept.has(draft.call)) this.kept.set(draft.call, draft);
    }
    // Words that had not reached the site before the reload go there now.
    for (const call of JSON.parse(localStorage.getItem(UNSENT + this.person) || "[]")) if (this.kept.get(call)?.state === "typing") this.unsaved.add(call);
    this.send();
  }

  /** Whether everything typed is with the site, so that this browser may forget it. */
  async leave() {
    await this.saveAll();
    for (const draft of [...this.kept.values()]) {
      if (draft.state === "sending") await this.sendOne(draft);
      else if (draft.touched) this.unsaved.add(draft.call);
    }
    await this.saveAll();
    return this.unsaved.size === 0 && this.waiting === 0;
  }

  /** The draft of this call, or a new one with the form prefilled. @param {string} call @param {import("./state.js").Card} card */
  open(call, card) {
    const found = this.kept.get(call);
    if (found) return found;
    const recipients = card.form.recipients;
    const fields = { ...EMPTY, number: card.caller.masked ? "" : card.caller.number || "", name: card.caller.masked ? "" : card.caller.display || "", recipient: recipients.length === 1 ? recipients[0].id : "" };
    /** @type {Draft} */
    const draft = { call, message: newId(), person: this.person, card, fields, state: "typing", at: Date.now(), touched: false };
    this.put(draft);
    return draft;
  }

  /** What the form shows of a call whose message is already with the site. @param {string} call @param {import("./state.js").Card} card @returns {Draft} */
  closed(call, card) {
    const fields = this.last?.call === call ? this.last.fields : { ...EMPTY, outcome: "message" };
    return { call, message: "", person: this.person, card, fields, state: "typing", at: Date.now(), touched: false };
  }

  /** What was refused stands in its form again, of a call that has no draft any more in a new one. @param {import("./acts.js").Act} act */
  giveBack({ call, card, key, recipient, act, day, hour, patient_name }) {
    const elsewhere = { key, recipient, act, day, hour, patient_name };
    const draft = this.kept.get(call) ?? { ...this.closed(call, card), message: newId(), fields: { ...EMPTY } };
    if (draft.state === "sending") return;
    this.put({ ...draft, fields: { ...draft.fields, elsewhere }, touched: true, at: Date.now() });
    this.unsaved.add(call);
    this.mark();
  }

  /** The site forgets a draft too. @param {string} call */
  drop(call) {
    request(`/console/drafts/${encodeURIComponent(call)}`, { method: "DELETE" }).catch(() => undefined);
  }

  /** Keeps what is typed now. @param {string} call @param {Fields} fields */
  type(call, fields) {
    const draft = this.kept.get(call);
    if (!draft || draft.state === "sending") return;
    draft.fields = fields;
    draft.touched = true;
    draft.at = Date.now();
    this.put(draft);
    this.unsaved.add(call);
    this.mark();
  }

  /** @param {Draft} draft */
  put(draft) {
    this.kept.set(draft.call, draft);
    this.unsealed.add(draft.call);
    this.sealing = this.sealing.then(() => this.sealEach());
  }

  /** Writes down, call by call, what only this browser has. */
  mark() {
    const calls = [...this.kept.values()].filter((draft) => draft.state === "sending" || this.unsaved.has(draft.call) || this.busy === draft.call).map((draft) => draft.call);
    if (calls.length) localStorage.setItem(UNSENT + this.person, JSON.stringify(calls));
    else localStorage.removeItem(UNSENT + this.person);
  }

  /** Seals the newest words of each call; what was forgotten meanwhile is not written. */
  async sealEach() {
    for (const call of [...this.unsealed]) {
      this.unsealed.delete(call);
      const draft = this.kept.get(call);
      if (!draft) continue;
      const sealed = await this.vault.seal(PREFIX + call, draft);
      if (sealed !== null && this.kept.has(call)) localStorage.setItem(PREFIX + call, sealed);
    }
  }

  /** @param {string} call */
  forget(call) {
    this.kept.delete(call);
    this.unsaved.delete(call);
    localStorage.removeItem(PREFIX + call);
    this.mark();
  }

  /** Drafts with words in them that belong to no call in progress. @param {string|null} current */
  left(current) {
    return [...this.kept.values()].filter((draft) => draft.call !== current && draft.state === "typing" && draft.touched).sort((one, other) => other.at - one.at);
  }

  /** Drops what was opened and never typed in. @param {string|null} current */
  sweep(current) {
    for (const draft of [...this.kept.values()]) if (!draft.touched && draft.state === "typing" && draft.call !== current) this.forget(draft.call);
  }

  saveAll() {
    this.saving = this.saving.then(() => this.saveEach());
    return this.saving;
  }

  async saveEach() {
    for (const call of [...this.unsaved]) {
      const draft = this.kept.get(call);
      this.unsaved.delete(call);
      if (!draft || draft.state === "sending") continue;
      this.busy = call;
      try {
        await request(`/console/drafts/${encodeURIComponent(call)}`, { method: "PUT", json: { client: draft.card.client, body: draft }, keepalive: true });
        this.siteDown = false;
      } catch (error) {
        // Only a reasoned no ends it; signed out, or somebody else signed in: the words stay here and are tried again.
        if (!(error instanceof SiteRefusal && error.status === 422)) {
          this.siteDown = true;
          this.unsaved.add(call);
        }
      }
      this.busy = "";
      this.mark();
      this.hooks.changed();
    }
  }

  /** Takes from the site the drafts this browser lacks: she changed machines, or the browser was emptied. */
  async fetch() {
    const { drafts } = await (await request("/console/drafts")).json();
    for (const { call, body } of drafts) {
      const draft = /** @type {Draft} */ (body);
      if (!draft || typeof draft !== "object" || !draft.fields || !draft.card) continue;
      const mine = this.kept.get(call);
      if (!mine || mine.at < draft.at) this.put({ ...draft, call, person: this.person, state: "typing" });
    }
    this.hooks.changed();
  }

  /** The message is to be sent, now or as soon as the site is back. @param {string} call @param {Fields} fields */
  submit(call, fields) {
    const draft = this.kept.get(call);
    if (!draft) return;
    draft.fields = fields;
    draft.touched = true;
    draft.state = "sending";
    this.put(draft);
    this.unsaved.delete(call);
    this.mark();
    this.tries = 0;
    this.send();
  }

  /** How many messages wait for the site. */
  get waiting() {
    return [...this.kept.values()].filter((draft) => draft.state === "sending").length;
  }

  async send() {
    if (this.sending) return;
    this.sending = true;
    try {
      for (const draft of [...this.kept.values()].filter((one) => one.state === "sending")) {
        if (!(await this.sendOne(draft))) break;
      }
    } finally {
      this.sending = false;
    }
    this.hooks.changed();
  }

  /** @param {Draft} draft @returns {Promise<boolean>} whether the next one may be tried at once */
  async sendOne(draft) {
    const { fields } = draft;
    const body = {
      message: draft.message,
      call: draft.call,
      client: draft.card.client,
      recipient: fields.recipient,
      patient: fields.patient?.id ?? "",
      caller_name: fields.name,
      caller_number: fields.number,
      reason: fields.reason,
      urgency: fields.urgency,
      text: messageText(draft.card, fields),
      read_back: fields.readBack,
    };
    try {
      await request("/console/messages", { method: "POST", json: body });
    } catch (error) {
      // Only a reasoned no gives the message back to her; anything else (signed out, a proxy, a restart) is tried again.
      if (error instanceof SiteRefusal && error.status === 422) {
        draft.state = "typing";
        if (error.code === "message_id_taken") draft.message = newId();
        this.put(draft);
        this.mark();
        this.hooks.refused(draft, error);
        return true;
      }
      this.siteDown = true;
      const wait = SEND_AGAIN_MS[Math.min(this.tries, SEND_AGAIN_MS.length - 1)];
      this.tries += 1;
      setTimeout(() => this.send(), wait);
      return false;
    }
    this.siteDown = false;
    this.tries = 0;
    this.last = draft;
    const late = this.busy === draft.call;
    this.forget(draft.call);
    // A save that was under way may arrive at the site after the message: the draft must not come back.
    if (late) this.saving.then(() => this.drop(draft.call));
    this.hooks.confirmed(draft);
    return true;
  }
}
