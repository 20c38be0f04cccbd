// SPDX-License-Identifier: AGPL-3.0-or-later
// Acts in external agendas on their way to the house: sent at most once by their id, and taken back where that was a slip.
import { request } from "./api.js";
import { SealedQueue } from "./sealedqueue.js";

/** @typedef {import("./api.js").SiteRefusal} SiteRefusal
 * @typedef {{key: string, recipient: string, act: string, day: string, hour: string, patient_name: string}} Given what the small form holds
 * @typedef {Given & {call: string, card: import("./state.js").Card, caller_number: string, person: string, undone: boolean, tried: boolean}} Act
 */

/** @extends {SealedQueue<Act>} */
export class Acts extends SealedQueue {
  /** @param {string} person @param {{changed: () => void, confirmed: (act: Act) => void, refused: (act: Act, error: SiteRefusal) => void}} hooks */
  constructor(person, hooks) {
    super(person, { place: "permanence.act.", unsent: "permanence.unsent-acts." });
    this.hooks = hooks;
  }

  changed() {
    this.hooks.changed();
  }

  /** It was a slip. One that never left is forgotten here; else the site is told, now or when it is back. @param {Act} act */
  undo(act) {
    const waits = this.kept.get(act.key);
    if (waits && !waits.tried) this.forget(act.key);
    else this.put({ ...act, tried: Boolean(waits), undone: true });
    this.send();
    this.hooks.changed();
  }

  /** @param {Act} act @returns {Promise<boolean>} */
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
      if (!this.isNo(error)) return false;
      this.forget(act.key);
      this.hooks.refused(act, error);
      return true;
    }
    this.answered();
    // Undone while its answer was under way: it stays, to be told next.
    if (this.kept.get(act.key)?.undone && !act.undone) return true;
    this.forget(act.key);
    this.hooks.confirmed(act);
    return true;
  }
}
