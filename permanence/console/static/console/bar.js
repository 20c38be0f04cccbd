// SPDX-License-Identifier: AGPL-3.0-or-later
// The bar of the call: whose voice she is, who is on the line, what he hears now, and the keys that act on it.
import { button, byId, icon, say, show } from "./dom.js";
import { callerName, callerNumber } from "./card.js";
import { hasWord, running, word } from "./words.js";

/** @typedef {import("./state.js").State} State */

/** @type {{call: string, held: number, muted: number}} */
let since = { call: "", held: 0, muted: 0 };

/** Paints the bar for the call, the time after it, or a draft reopened later. @param {State} state @param {import("./state.js").Card} card
 * @param {{pausing: string, saved: boolean}} extra */
export function paintBar(state, card, { pausing }) {
  const { call, ended } = state;
  say(byId("bar-client"), card.name);
  say(byId("bar-number"), callerNumber(card));
  for (const id of ["hold", "mute", "dial", "end"]) show(byId(id), Boolean(call));
  show(byId("next"), !call);
  byId("bar-dot").className = call ? "dot dot--call" : "dot dot--wrap";
  if (call) {
    const held = call.held || call.state === "held";
    button("hold").setAttribute("aria-pressed", String(held));
    say(byId("hold-word"), word(held ? "resume" : "hold"));
    button("mute").setAttribute("aria-pressed", String(call.muted));
    say(byId("mute-word"), word(call.muted ? "unmute" : "mute"));
  } else {
    say(byId("next-word"), word(ended ? (pausing ? "next_break" : "next_ready") : "close_draft"));
  }
}

/** Who is on the line. @param {import("./state.js").Card} card @param {(import("./patient.js").Patient|null)[]} taken whom she has chosen, what she sees now first */
export function paintCaller(card, taken) {
  say(byId("bar-caller"), callerName(card, taken));
}

/** Times and what the caller hears now; every second and at every change. The bar changes its ground, nothing on it moves.
 * @param {State} state @param {number} now @param {boolean} audioUp */
export function paintBarTime(state, now, audioUp) {
  const { call, ended } = state;
  if (call && since.call !== call.call) since = { call: call.call, held: 0, muted: 0 };
  const held = Boolean(call && (call.held || call.state === "held"));
  const muted = Boolean(call?.muted);
  since.held = held ? since.held || now : 0;
  since.muted = muted ? since.muted || now : 0;
  const lostFor = state.lostAt ? now - (state.lostAt + state.clockOffset) : 0;

  let [kind, symbol, words, time] = ["", "", "", call ? running(now - call.answered_ms) : ""];
  // The browser may still believe in a line that the house's media has lost.
  if (call && (!audioUp || state.line === "down")) [kind, symbol, words, time] = ["lost", "signaloff", word("heard_lost"), running(lostFor)];
  else if (call && state.connection !== "open") [kind, symbol, words] = ["lost", "signaloff", word("heard_control_lost")];
  else if (held) [kind, symbol, words, time] = ["hold", "pause", word("heard_hold"), running(now - since.held)];
  else if (muted) [kind, symbol, words] = ["hold", "micoff", word("heard_muted")];
  else if (ended) [words, time] = [endedWords(ended), ended.wrap_up_until_ms ? word("wrap_left", { time: running(ended.wrap_up_until_ms - now) }) : ""];

  const bar = byId("callbar");
  bar.className = kind ? `callbar callbar--${kind}` : "callbar";
  say(byId("bar-time"), time);
  say(byId("bar-heard"), words);
  show(byId("bar-dot"), !symbol && Boolean(call || ended));
  const sign = byId("bar-icon");
  if (sign.dataset.icon !== symbol) {
    sign.dataset.icon = symbol;
    sign.replaceChildren(...(symbol ? [icon(symbol)] : []));
  }
  const shape = byId("bar-time").parentElement;
  if (shape) shape.className = kind === "lost" ? "timer timer--lost" : call && !kind ? "timer timer--live" : "timer timer--hold";
}

/** @param {NonNullable<State["ended"]>} ended */
function endedWords(ended) {
  if (ended.why !== "line_lost" && document.querySelector("#outcomes input:checked")) return word("ended_chosen");
  const key = `ended_${ended.why}`;
  if (hasWord(key)) return word(key);
  return word(hasWord(`ended_by_${ended.by}`) ? `ended_by_${ended.by}` : "ended_by_system");
}
