// SPDX-License-Identifier: AGPL-3.0-or-later
// Presence: the dot and the word in the top bar, the post at the right of the idle view, breaks with a reason.
import { button, byId, say, show } from "./dom.js";
import { openOver } from "./questions.js";
import { hasWord, running, word } from "./words.js";

/** @typedef {import("./state.js").State} State */

const DOTS = { off: "off", ready: "ready", offered: "ready", on_call: "call", wrap_up: "wrap", break: "break", missed: "wrap", reconnecting: "off" };

/** The word for where she stands, with the client when she speaks for one. @param {State} state */
export function presenceWord(state) {
  if (state.connection === "refused") return word("presence_refused");
  if (!state.welcome) return word("presence_connecting");
  if (state.connection !== "open") return word("presence_reconnecting");
  return word(`presence_${state.presence.state}`);
}

/** @param {State} state @param {{checked: boolean, opening: boolean, fault: string, demonstration: boolean}} mic */
export function paintPresence(state, mic) {
  const { presence } = state;
  const open = state.connection === "open";
  byId("presence-dot").className = `dot dot--${open ? DOTS[/** @type {keyof typeof DOTS} */ (presence.state)] ?? "off" : "off"}`;
  say(byId("presence-state"), presenceWord(state));
  const pausable = open && ["ready", "on_call", "wrap_up", "offered", "missed"].includes(presence.state);
  show(button("pause"), pausable);

  const key = open ? presence.state : "connecting";
  say(byId("post-state"), word(hasWord(`post_${key}`) ? `post_${key}` : "post_connecting"));
  say(byId("post-why"), postWhy(state));
  const forward = open && ["off", "break", "missed"].includes(presence.state);
  show(button("go-ready"), forward);
  button("go-ready").disabled = mic.opening || Boolean(mic.fault);
  say(byId("go-ready-word"), word(mic.opening ? "opening" : presence.state === "off" ? "begin" : "ready_again"));
  show(button("go-voice"), forward && mic.demonstration && Boolean(mic.fault));
  say(byId("post-why-not"), forward && mic.fault ? word("not_ready_mic") : "");
}

/** @param {State} state */
function postWhy(state) {
  const { presence } = state;
  if (state.connection !== "open") return "";
  if (presence.state === "missed") return [presence.why === "declined" && word("offer_declined"), word(state.queue.waiting ? "missed_waiting" : "missed_nobody")].filter(Boolean).join(" ");
  if (presence.state === "break") return word(`break_${presence.reason || "other"}`);
  if (presence.state === "off") return word("off_why");
  if (presence.state === "reconnecting") return word("reconnecting_why");
  return presence.state === "ready" ? word("ready_why") : "";
}

/** The time in the present state, and with whom. @param {State} state @param {number} now */
export function paintPresenceTime(state, now) {
  const { presence, call } = state;
  let detail = "";
  if (state.connection === "open" && state.welcome) {
    if (call) detail = word("with_client", { client: call.card.name });
    else if (presence.since_ms && presence.state !== "off") detail = running(now - presence.since_ms);
    const pending = /** @type {any} */ (presence).pending;
    if (pending) detail = [detail, word(`pending_${pending}`)].filter(Boolean).join(", ");
  }
  say(byId("presence-detail"), detail);
}

/** Opens the choice of a break; calls `choose` with the reason or "off". @param {(reason: string) => void} choose */
export function wireBreak(choose) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("dialog-break"));
  const pick = (/** @type {string} */ reason) => {
    dialog.close();
    choose(reason);
  };
  for (const option of dialog.querySelectorAll("[data-break]")) {
    option.addEventListener("click", () => pick(/** @type {HTMLElement} */ (option).dataset.break ?? "other"));
  }
  button("go-off").addEventListener("click", () => pick("off"));
  dialog.addEventListener("keydown", (event) => {
    const options = dialog.querySelectorAll("[data-break]");
    const index = Number(event.key) - 1;
    if (event.key === "9") pick("off");
    else if (options[index]) /** @type {HTMLElement} */ (options[index]).click();
    else return;
    event.preventDefault();
  });
  return () => openOver(dialog);
}
