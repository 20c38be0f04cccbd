// SPDX-License-Identifier: AGPL-3.0-or-later
// What was done in agendas in each call and stands: the call has the outcome of the last of it.

const APPOINTMENT = "appointment_";

export class CallActs {
  constructor() {
    /** By call, in order. @type {Map<string, {act: object|null, outcome: string}[]>} */
    this.calls = new Map();
  }

  /** @param {string} call @param {object} act by which it is taken back @param {string} what booked, moved or cancelled @param {string} before the outcome the call had until then
   * @returns {string} the outcome it has now */
  did(call, act, what, before) {
    const outcome = `${APPOINTMENT}${what}`;
    const acts = this.calls.get(call) ?? [];
    // What was done before the page was loaded anew cannot be taken back here: it stands.
    if (!acts.length && before.startsWith(APPOINTMENT)) acts.push({ act: null, outcome: before });
    this.calls.set(call, [...acts, { act, outcome }]);
    return outcome;
  }

  /** Taken back: an outcome that was chosen otherwise stays. @param {string} call @param {object} act @param {string} now the outcome the call has
   * @returns {string} the outcome it has then, "" when nothing stands */
  undid(call, act, now) {
    const before = this.calls.get(call) ?? [];
    const acts = before.filter((one) => one.act !== act);
    if (acts.length === before.length) return now;
    this.calls.set(call, acts);
    return now.startsWith(APPOINTMENT) ? (acts.at(-1)?.outcome ?? "") : now;
  }
}
