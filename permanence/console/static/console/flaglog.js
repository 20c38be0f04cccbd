// SPDX-License-Identifier: AGPL-3.0-or-later
// What is kept with the call of its red flags: that one was heard, and what became of it. Told to the house once each.
import { request } from "./api.js";
import { SealedQueue } from "./sealedqueue.js";

/** @typedef {"heard"|"said"|"unsaid"|"dismissed"} What
 * @typedef {{call: string, client: string, flag: string, label: string, what: What, cause: string, alerts: string}} Note
 * @typedef {Note & {key: string, person: string}} Kept */

/** @extends {SealedQueue<Kept>} */
export class FlagLog extends SealedQueue {
  /** @param {string} person */
  constructor(person) {
    super(person, { place: "permanence.flag.", unsent: "permanence.unsent-flags." });
  }

  /** @param {Note} note */
  tell(note) {
    this.record({ ...note, key: [note.call, note.flag, note.what].join("/"), person: this.person });
  }

  /** @param {Kept} kept @returns {Promise<boolean>} */
  async sendOne({ key, person: _person, ...note }) {
    try {
      await request("/console/red-flags", { method: "POST", json: note });
    } catch (error) {
      // Refused for good, it would be refused again: the message holds it all the same.
      if (!this.isNo(error)) return false;
    }
    this.answered();
    this.forget(key);
    return true;
  }
}
