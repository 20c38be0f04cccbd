// SPDX-License-Identifier: AGPL-3.0-or-later
// How telephone numbers are written: the site knows every country's spelling, the page remembers what it was told.
import { request } from "./api.js";

/** @typedef {{ok: boolean, e164: string, display: string, country: string}} Spelling */

/** @type {Map<string, Promise<Spelling>>} */
const asked = new Map();
/** @type {Map<string, string>} */
const known = new Map();

/** The number behind what was typed for this client. Throws while the site is down. @param {string} typed @param {string} client @returns {Promise<Spelling>} */
export function lookUp(typed, client) {
  const key = `${client} ${typed}`;
  let answer = asked.get(key);
  if (!answer) {
    answer = request(`/console/number?text=${encodeURIComponent(typed)}&client=${encodeURIComponent(client)}`).then((response) => response.json());
    asked.set(key, answer);
    answer.then(
      (spelling) => spelling.ok && known.set(typed, spelling.display),
      () => asked.delete(key),
    );
  }
  return answer;
}

/** The number as it is written, or as it came until the site has answered. @param {string} number @param {string} client */
export function spelled(number, client) {
  if (!known.has(number)) lookUp(number, client).catch(() => undefined);
  return known.get(number) ?? number;
}
