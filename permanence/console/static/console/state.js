// SPDX-License-Identifier: AGPL-3.0-or-later
// What the console knows, as one value, and how each message of the exchange changes it. Pure: no page, no clock, no socket.

/**
 * @typedef {{id: string, name: string}} Recipient
 * @typedef {{code: string, label: string}} Reason
 * @typedef {{name: string, address: string, access: string, parking: string, lift: string, floor: string, hours: string}} Site
 * @typedef {{name: string, function: string, numbers: string[], shown: string[], number_for: string, may_say: string}} Contact
 * @typedef {{recipient: string, product: string, link: string, host: string, remark: string}} Agenda
 * @typedef {{id: string, recipient: string, name: string, starts_ms: number, ends_ms: number, words: string, by: string, urgent_to: string, urgent_name: string, urgent_away: boolean}} Absence
 * @typedef {{client: string, name: string, initials: string, colour: number, kind: string, place: string, sector: string, time_zone: string,
 *   open_until_ms: number|null, languages: string[], greetings: {language: string, text: string}[], instructions: import("./orders.js").Instruction[],
 *   caller: {number?: string, masked: boolean, display?: string}, called_line: string, unknown_line: boolean,
 *   form: {recipients: Recipient[], reasons: Reason[]}, why?: {code: string, detail: string, name: string}[], sites?: Site[], contacts?: Contact[], agendas?: Agenda[], first_call?: boolean,
 *   absences?: Absence[], script?: {version: number, text: string, validated_date: string}|null}} Card
 * @typedef {{call: string, offer: string, until_ms: number, arrived_ms: number, card: Card, why: {code: string, params: Record<string, string|number>}[]}} Offer
 * @typedef {{call: string, state: "talking"|"held", answered_ms: number, arrived_ms: number, held: boolean, muted: boolean, card: Card}} Call
 * @typedef {{call: string, by: string, why: string, wrap_up_until_ms: number|null, card: Card|null, answered_ms: number|null, ended_ms: number}} Ended
 * @typedef {{state: string, since_ms: number, reason: string|null, why: string|null}} Presence
 * @typedef {{secretary: string, name: string, seat: string, house: string, presence: string, demonstration: boolean, config: {offer_s: number, wrap_up_s: number}}} Welcome
 * @typedef {{connection: "connecting"|"open"|"lost"|"refused", refusal: {code: number|string, why: string}|null, welcome: Welcome|null, presence: Presence,
 *   queue: {waiting: number, longest_ms: number|null}, offer: Offer|null, offerEnded: string|null, call: Call|null, ended: Ended|null,
 *   line: "up"|"down", clockOffset: number, lostAt: number|null}} State
 */

/** @type {State} */
export const INITIAL = Object.freeze({
  connection: "connecting",
  refusal: null,
  welcome: null,
  presence: { state: "off", since_ms: 0, reason: null, why: null },
  queue: { waiting: 0, longest_ms: null },
  offer: null,
  offerEnded: null,
  call: null,
  ended: null,
  line: "down",
  clockOffset: 0,
  lostAt: null,
});

/** The state after one message of the exchange. `now` is the browser's clock in ms.
 * @param {State} state @param {Record<string, any>} message @param {number} now @returns {State} */
export function reduce(state, message, now) {
  switch (message.t) {
    case "welcome":
      // The full state follows: what the exchange no longer knows must not survive here.
      return { ...state, connection: "open", refusal: null, welcome: /** @type {Welcome} */ (message), clockOffset: message.server_ms - now, offer: null, call: null, lostAt: null };
    case "presence":
      return withPresence(state, /** @type {any} */ (message));
    case "queue":
      return { ...state, queue: { waiting: message.waiting, longest_ms: message.longest_ms } };
    case "offer":
      return { ...state, offer: /** @type {any} */ (message), offerEnded: null, ended: null };
    case "offer_ended":
      return state.offer && state.offer.call === message.call ? { ...state, offer: null, offerEnded: message.how } : state;
    case "call":
      return { ...state, call: /** @type {any} */ (message), offer: null, ended: null };
    case "ended":
      return withEnded(state, message, now);
    case "line":
      return { ...state, line: message.state, lostAt: message.state === "up" ? null : (state.lostAt ?? now) };
    default:
      return state;
  }
}

/** @param {State} state @param {Presence} presence @returns {State} */
function withPresence(state, presence) {
  const next = { ...state, presence };
  if (presence.state !== "wrap_up" && presence.state !== "on_call" && presence.state !== "reconnecting") next.ended = null;
  if (presence.state !== "offered" && presence.state !== "reconnecting") next.offer = null;
  return next;
}

/** @param {State} state @param {Record<string, any>} message @param {number} now @returns {State} */
function withEnded(state, message, now) {
  const known = state.call && state.call.call === message.call ? state.call : null;
  const ended = {
    call: message.call,
    by: message.by,
    why: message.why,
    wrap_up_until_ms: message.wrap_up_until_ms ?? null,
    card: message.card ?? (known ? known.card : null),
    answered_ms: message.answered_ms ?? (known ? known.answered_ms : null),
    ended_ms: message.ended_ms ?? now + state.clockOffset,
  };
  return { ...state, call: known ? null : state.call, ended };
}

/** The socket is gone: what was known stays on the screen. @param {State} state @param {number} now @returns {State} */
export function lost(state, now) {
  return { ...state, connection: "lost", lostAt: state.lostAt ?? now };
}

/** Which of the three screens is shown. `draft` is the call of a draft reopened outside its call.
 * @param {State} state @param {string|null} draft @returns {"idle"|"ringing"|"desk"} */
export function view(state, draft) {
  if (state.call) return "desk";
  if (state.offer) return "ringing";
  if (state.ended) return "desk";
  return draft ? "desk" : "idle";
}

/** What F2 does now. @param {State} state @param {string|null} draft @returns {"ready"|"answer"|"next"|"close"|null} */
export function forward(state, draft) {
  if (state.call) return null;
  if (state.offer) return "answer";
  if (state.ended) return "next";
  if (draft) return "close";
  if (state.connection !== "open" || !state.welcome) return null;
  return ["off", "break", "missed"].includes(state.presence.state) ? "ready" : null;
}
