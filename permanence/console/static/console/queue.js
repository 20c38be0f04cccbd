// SPDX-License-Identifier: AGPL-3.0-or-later
// The common queue in the top bar: how many wait, and for how long the first of them.
import { byId, say } from "./dom.js";
import { running } from "./words.js";

/** @param {import("./state.js").State} state @param {number} now */
export function paintQueue(state, now) {
  const { waiting, longest_ms: longest } = state.queue;
  say(byId("queue-waiting"), String(waiting));
  say(byId("queue-longest"), waiting && longest ? running(now - longest) : "");
}
