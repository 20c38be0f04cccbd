// SPDX-License-Identifier: AGPL-3.0-or-later
// What the secretary must know whatever she is doing: the exchange out of reach, the site out of reach, a refusal, the voice that is not hers.
import { config } from "./api.js";
import { byId, say, show } from "./dom.js";
import { sayInPassing } from "./toasts.js";
import { hasWord, word } from "./words.js";

/** @param {{state: import("./state.js").State, siteDown: boolean, signedOut: boolean, other: string, gone: boolean, waiting: number, voice: boolean}} facts
 * `other`: who is signed in in this browser when it is not the person of this page, else ""; `gone`: the page in which her post was opened is closed */
export function paintBanners({ state, siteDown, signedOut, other, gone, waiting, voice }) {
  const refused = state.connection === "refused";
  const away = state.connection === "lost" && !state.call;
  show(byId("banner-link"), refused || away || signedOut || other !== "");
  if (other) {
    say(byId("banner-link-what"), word("other_person_what", { name: other }));
    say(byId("banner-link-why"), word("other_person_do", { name: other, mine: config.personName }));
  } else if (gone) {
    say(byId("banner-link-what"), word("bye_gone_what"));
    say(byId("banner-link-why"), word("bye_gone_do"));
  } else if (refused) {
    const code = String(state.refusal?.code ?? "");
    say(byId("banner-link-what"), hasWord(`bye_${code}_what`) ? word(`bye_${code}_what`) : word("bye_what"));
    say(byId("banner-link-why"), hasWord(`bye_${code}_do`) ? word(`bye_${code}_do`) : state.refusal?.why ?? "");
  } else if (signedOut) {
    say(byId("banner-link-what"), word("signed_out_what"));
    say(byId("banner-link-why"), word("signed_out_do"));
  } else {
    say(byId("banner-link-what"), word("link_lost_what"));
    say(byId("banner-link-why"), word("link_lost_do"));
  }
  show(byId("reload-page"), other !== "");
  show(byId("take-seat"), !other && refused && Number(state.refusal?.code) === 4409);
  show(byId("sign-in-again"), other !== "" || signedOut || (refused && Number(state.refusal?.code) === 4401));
  show(byId("banner-voice"), voice);
  const held = waiting > 0 && !other;
  show(byId("banner-site"), siteDown || held);
  if (siteDown || held) say(byId("banner-site-words"), held ? word(waiting === 1 ? "site_down_one" : "site_down_waiting", { count: waiting }) : word(away || refused ? "site_down_too" : "site_down"));
}

/** A refusal or a failure, until she closes it. @param {string} text */
export function showError(text) {
  say(byId("banner-error-words"), text);
  show(byId("banner-error"), true);
}
/** What was refused can be done now. @param {string} text */
export function unsayError(text) {
  if (byId("banner-error-words").textContent === text) show(byId("banner-error"), false);
}
byId("banner-error-close").addEventListener("click", () => show(byId("banner-error"), false));

/** What was done, for a few seconds: in the place of what was said so before, never of a refusal or of the way back. @param {string} text */
export function toast(text) {
  for (const before of byId("toasts").querySelectorAll("[data-passing]")) before.remove();
  sayInPassing(text, "check").setAttribute("data-passing", "");
}
