// SPDX-License-Identifier: AGPL-3.0-or-later
// The bar of the call: whose voice she is, who is on the line, what he hears now, and the keys that act on it.
import { button, byId, icon, say, show } from "./dom.js";
import { callerName } from "./card.js";
import { hasWord, running, word } from "./words.js";

/** @typedef {import("./state.js").State} State */

/** @type {{call: string, held: number, muted: number}} */
let since = { call: "", held: 0, muted: 0 };

/** Paints the bar for the call, the time after it, or a draft reopened later. @param {State} state @param {import("./state.js").Card} card
 * @param {{pausing: string, saved: boolean}} extra */
export function paintBar(state, card, { pausing }) {
  const { call, ended } = state;
  say(byId("bar-client"), card.name);
  say(byId("bar-caller"), callerName(card));
  say(byId("bar-number"), card.caller.masked ? "" : card.caller.number ?? "");
  for (const id of ["hold", "mute", "dial", "end"]) show(byId(id), Boolean(call));
  show(byId("next"), !call);
  byId("bar-dot").className = call ? "dot dot--call" : "dot dot--wrap";
  byId("bar-dot").toggleAttribute("hidden", !call && !ended);
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

/** Times and what the caller hears; every second and at every change. @param {State} state @param {number} now @param {boolean} audioUp */
export function paintBarTime(state, now, audioUp) {
  const { call, ended } = state;
  const timer = byId("bar-time");
  if (call) say(timer, running(now - call.answered_ms));
  else if (ended) say(timer, ended.wrap_up_until_ms ? word("wrap_left", { time: running(ended.wrap_up_until_ms - now) }) : word("after_call"));
  else say(timer, "");
  const shape = timer.closest(".timer");
  if (shape) shape.className = call ? "timer timer--live" : "timer timer--hold";
  paintHeard(state, now, audioUp);
}

/** @param {State} state @param {number} now @param {boolean} audioUp */
function paintHeard(state, now, audioUp) {
  const { call, ended } = state;
  const box = byId("callstate");
  const act = button("callstate-act");
  if (call && since.call !== call.call) since = { call: call.call, held: 0, muted: 0 };
  const held = Boolean(call && (call.held || call.state === "held"));
  const muted = Boolean(call?.muted);
  since.held = held ? since.held || now : 0;
  since.muted = muted ? since.muted || now : 0;

  /** @type {["hold"|"lost"|"plain", string, string, number|null, string]|null} */
  let heard = null;
  if (call && !audioUp) heard = ["lost", "signaloff", word("heard_lost"), state.lostAt ? now - (state.lostAt + state.clockOffset) : null, ""];
  else if (call && state.connection !== "open") heard = ["lost", "signaloff", word("heard_control_lost"), state.lostAt ? now - (state.lostAt + state.clockOffset) : null, ""];
  else if (held) heard = ["hold", "pause", word("heard_hold"), now - since.held, "F4"];
  else if (muted) heard = ["hold", "micoff", word("heard_muted"), now - since.muted, "F7"];
  else if (ended) heard = ["plain", "hangup", endedWords(ended), null, ""];
  show(box, heard !== null);
  if (!heard) return;
  const [kind, symbol, words, time, key] = heard;
  box.className = `callstate${kind === "plain" ? "" : ` callstate--${kind}`}`;
  if (byId("callstate-icon").dataset.icon !== symbol) {
    byId("callstate-icon").dataset.icon = symbol;
    byId("callstate-icon").replaceChildren(icon(symbol));
  }
  const timer = byId("callstate-time");
  say(timer, time === null ? "" : running(time));
  timer.closest(".timer")?.setAttribute("class", kind === "lost" ? "timer" : "timer timer--hold");
  say(byId("callstate-words"), words);
  show(act, key !== "");
  act.dataset.key = key;
  if (key) say(act, `${word(key === "F4" ? "resume" : "unmute")} ${key}`);
}

/** @param {NonNullable<State["ended"]>} ended */
function endedWords(ended) {
  const key = `ended_${ended.why}`;
  if (hasWord(key)) return word(key);
  return word(hasWord(`ended_by_${ended.by}`) ? `ended_by_${ended.by}` : "ended_by_system");
}
