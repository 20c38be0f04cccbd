// SPDX-License-Identifier: AGPL-3.0-or-later
// Acts in external agendas on their way to the house: sealed in this browser at once, sent until the site has answered, at most once by their id, forgotten only then.
import { request, SiteRefusal } from "./api.js";
import { Vault } from "./vault.js";

const PREFIX = "permanence.act.";
/** The acts the site has not got, a key for each person: signing out in another name leaves them alone (`sign-out.js`). */
const UNSENT = "permanence.unsent-acts.";
const SEND_AGAIN_MS = [1000, 2000, 4000, 8000, 15000];

/**
 * @typedef {{key: string, recipient: string, act: string, day: string, hour: string, patient_name: string}} Given what the small form holds
 * @typedef {Given & {call: string, card: import("./state.js").Card, caller_number: string, person: string, undone: boolean, tried: boolean}} Act
 */

export class Acts {
  /** @param {string} person @param {{changed: () => void, confirmed: (act: Act) => void, refused: (act: Act, error: SiteRefusal) => void}} hooks */
  constructor(person, hooks) {
    this.person = person;
    this.hooks = hooks;
    /** @type {Map<string, Act>} */
    this.kept = new Map();
    this.vault = new Vault(person);
    this.tries = 0;
    /** @type {Promise<void>|null} */
    this.sending = null;
    this.siteDown = false;
    /** @type {Promise<void>} */
    this.sealing = Promise.resolve();
  }

  /** Reads what this browser kept of this person, and sends it. */
  async load() {
    for (const place of Object.keys(localStorage)) {
      if (!place.startsWith(PREFIX)) continue;
      const act = await this.vault.open(place, localStorage.getItem(place) ?? "");
      if (act && act.person === this.person && !this.kept.has(act.key)) this.kept.set(act.key, act);
    }
    this.send();
  }

  /** How many wait for the site. */
  get waiting() {
    return this.kept.size;
  }

  /** Whether everything is with the site, so that this browser may forget it. */
  async leave() {
    await this.send();
    return this.kept.size === 0;
  }

  /** @param {Act} act */
  put(act) {
    this.kept.set(act.key, act);
    this.mark();
    this.sealing = this.sealing.then(async () => {
      const sealed = await this.vault.seal(PREFIX + act.key, act);
      if (sealed !== null && this.kept.get(act.key) === act) localStorage.setItem(PREFIX + act.key, sealed);
    });
  }

  mark() {
    if (this.kept.size) localStorage.setItem(UNSENT + this.person, JSON.stringify([...this.kept.keys()]));
    else localStorage.removeItem(UNSENT + this.person);
  }

  /** @param {string} key */
  forget(key) {
    this.kept.delete(key);
    localStorage.removeItem(PREFIX + key);
    this.mark();
  }

  /** It is to be recorded, now or as soon as the site is back. @param {Act} act */
  record(act) {
    this.put(act);
    this.tries = 0;
    this.send();
  }

  /** It was a slip. One that never left is forgotten here; else the site is told, now or when it is back. @param {Act} act */
  undo(act) {
    const waits = this.kept.get(act.key);
    if (waits && !waits.tried) this.forget(act.key);
    else this.put({ ...act, tried: Boolean(waits), undone: true });
    this.send();
    this.hooks.changed();
  }

  /** Sends what waits; while that is under way, the same once more after it. */
  send() {
    const before = (this.sending ?? Promise.resolve()).catch(() => undefined);
    const mine = before.then(async () => {
      for (const act of [...this.kept.values()]) if (!(await this.sendOne(act))) break;
      this.hooks.changed();
    });
    this.sending = mine;
    return mine;
  }

  /** @param {Act} act @returns {Promise<boolean>} whether the next one may be tried at once */
  async sendOne(act) {
    const { key, call, recipient, act: what, day, hour, patient_name, caller_number } = act;
    const body = { key, call, client: act.card.client, recipient, act: what, day, hour, patient_name, caller_number };
    try {
      // What was sent and then undone before the answer came is recorded first: of an id the site does not know nothing can be undone.
      if (!act.undone || act.tried) {
        if (!act.tried) this.put((act = { ...act, tried: true }));
        await request("/console/elsewhere", { method: "POST", json: body });
      }
      act = this.kept.get(act.key) ?? act;
      if (act.undone) await request(`/console/elsewhere/${encodeURIComponent(act.key)}/undo`, { method: "POST", json: {} });
    } catch (error) {
      if (error instanceof SiteRefusal && [404, 422].includes(error.status)) {
        this.forget(act.key);
        this.hooks.refused(act, error);
        return true;
      }
      this.siteDown = true;
      setTimeout(() => this.send(), SEND_AGAIN_MS[Math.min(this.tries, SEND_AGAIN_MS.length - 1)]);
      this.tries += 1;
      return false;
    }
    this.siteDown = false;
    this.tries = 0;
    // Undone while its answer was under way: it stays, to be told next.
    if (this.kept.get(act.key)?.undone && !act.undone) return true;
    this.forget(act.key);
    this.hooks.confirmed(act);
    return true;
  }
}
