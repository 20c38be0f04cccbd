// SPDX-License-Identifier: AGPL-3.0-or-later
// Things on their way to the house: sealed in this browser at once, sent one after the other until the site has answered, forgotten only then.
import { SiteRefusal } from "./api.js";
import { Vault } from "./vault.js";

const SEND_AGAIN_MS = [1000, 2000, 4000, 8000, 15000];

/** @template {{key: string, person: string}} T */
export class SealedQueue {
  /** `place`: what the name of each begins with in storage; `unsent`: where those are named, a key for each person, that the site has not got: signing out in another name leaves them alone (`sign-out.js`).
   * @param {string} person @param {{place: string, unsent: string}} names */
  constructor(person, { place, unsent }) {
    this.person = person;
    this.place = place;
    this.unsent = unsent + person;
    /** @type {Map<string, T>} */
    this.kept = new Map();
    this.vault = new Vault(person);
    this.tries = 0;
    this.siteDown = false;
    /** @type {Promise<void>|null} */
    this.sending = null;
    /** @type {Promise<void>} */
    this.sealing = Promise.resolve();
  }

  /** Reads what this browser kept of this person, and sends it. */
  async load() {
    for (const place of Object.keys(localStorage)) {
      if (!place.startsWith(this.place)) continue;
      const one = await this.vault.open(place, localStorage.getItem(place) ?? "");
      if (one && one.person === this.person && !this.kept.has(one.key)) this.kept.set(one.key, one);
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

  /** @param {T} one */
  put(one) {
    this.kept.set(one.key, one);
    this.mark();
    this.sealing = this.sealing.then(async () => {
      const sealed = await this.vault.seal(this.place + one.key, one);
      if (sealed !== null && this.kept.get(one.key) === one) localStorage.setItem(this.place + one.key, sealed);
    });
  }

  mark() {
    if (this.kept.size) localStorage.setItem(this.unsent, JSON.stringify([...this.kept.keys()]));
    else localStorage.removeItem(this.unsent);
  }

  /** @param {string} key */
  forget(key) {
    this.kept.delete(key);
    localStorage.removeItem(this.place + key);
    this.mark();
  }

  /** It is to be recorded, now or as soon as the site is back. @param {T} one */
  record(one) {
    this.put(one);
    this.tries = 0;
    this.send();
  }

  /** Sends what waits; while that is under way, the same once more after it. */
  send() {
    const before = (this.sending ?? Promise.resolve()).catch(() => undefined);
    const mine = before.then(async () => {
      for (const one of [...this.kept.values()]) if (!(await this.sendOne(one))) break;
      this.changed();
    });
    this.sending = mine;
    return mine;
  }

  /** How many wait may be another number now. */
  changed() {}

  /** Tells the site of one and forgets it once it has answered. @param {T} _one @returns {Promise<boolean>} whether the next one may be tried at once */
  async sendOne(_one) {
    return false;
  }

  /** The site has answered. */
  answered() {
    this.siteDown = false;
    this.tries = 0;
  }

  /** Whether what the site said is its no to this one; anything else (signed out, a proxy, a restart) is tried again. @param {unknown} error @returns {error is SiteRefusal} */
  isNo(error) {
    if (error instanceof SiteRefusal && [404, 422].includes(error.status)) return true;
    this.siteDown = true;
    setTimeout(() => this.send(), SEND_AGAIN_MS[Math.min(this.tries, SEND_AGAIN_MS.length - 1)]);
    this.tries += 1;
    return false;
  }
}
