// SPDX-License-Identifier: AGPL-3.0-or-later
// The keys a person changed. The site keeps them and gives them with the page; what it has not taken yet stands in this browser, holds at once, and reaches it later.
import { config, onSite, request, SiteRefusal } from "./api.js";
import { hasWord, word } from "./words.js";

/** @typedef {import("./api.js").Keys} Keys */

const KEPT = `permanence.keys.${config.person}`;
/** @type {((held: Keys, trouble: string) => void)[]} */
const listeners = [];
/** What the site has: what holds again when it refuses others. */
let atSite = config.keys.chosen;
/** @type {Keys|null} what the site has not taken yet */
let waiting = null;
let busy = false;
/** @type {Promise<void>} */
let turn = Promise.resolve();

/** Calls `listener` with the keys that hold once the site took or refused some, and why it refused ("" when it took them). @param {(held: Keys, trouble: string) => void} listener */
export function onKeys(listener) {
  listeners.push(listener);
}

/** The keys at the beginning of the page. @returns {Keys} */
export function keptKeys() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) || "null");
    if (kept) waiting = { chords: { ...kept.chords }, numbers: kept.numbers !== false };
  } catch {
    // What was kept is not readable: those of the site hold.
  }
  send();
  return waiting ?? atSite;
}

/** Keeps them here at once, and at the site. Whether the site answered. @param {Keys} chosen */
export async function keepKeys(chosen) {
  waiting = chosen;
  localStorage.setItem(KEPT, JSON.stringify(chosen));
  await send();
  return waiting === null;
}

/** One request at a time, the newest keys last. */
function send() {
  turn = turn.then(sendNewest);
  return turn;
}

async function sendNewest() {
  if (!waiting) return;
  const sent = waiting;
  let trouble = "";
  busy = true;
  try {
    atSite = await (await request("/console/keys", { method: "POST", json: sent })).json();
  } catch (error) {
    // Only a reasoned no gives back the keys of the site; anything else (down, signed out, somebody else at this browser) is tried again.
    if (!(error instanceof SiteRefusal && error.status === 422)) return;
    trouble = hasWord(`refused_${error.code}`) ? word(`refused_${error.code}`) : word("refused_other", { why: error.why });
  } finally {
    busy = false;
  }
  if (waiting !== sent) return;
  waiting = null;
  localStorage.removeItem(KEPT);
  listeners.forEach((listener) => listener(atSite, trouble));
}

onSite((down) => {
  if (!down && waiting && !busy) send();
});
