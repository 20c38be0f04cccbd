// SPDX-License-Identifier: AGPL-3.0-or-later
// The tabs at the side of the desk: the script of the client where he has one, the caller's history, the client's directory and sites, today's messages.
import { button, byId, show } from "./dom.js";

const TABS = ["script", "history", "directory", "sites", "today"];

/** Shows a tab and leaves the focus where it is. @param {string} name */
export function select(name) {
  for (const one of TABS) {
    const tab = button(`tab-${one}`);
    tab.setAttribute("aria-selected", String(one === name));
    tab.tabIndex = one === name ? 0 : -1;
    show(byId(`side-${one}`), one === name);
  }
}

/** Goes to a tab. @param {string} name */
export function goTo(name) {
  select(name);
  button(`tab-${name}`).focus();
}

/** A client with a script shows it first. @param {boolean} scripted */
export function offerScript(scripted) {
  show(button("tab-script"), scripted);
  select(scripted ? "script" : "history");
}

/** Begins to listen. */
export function wireTabs() {
  for (const name of TABS) button(`tab-${name}`).addEventListener("click", () => goTo(name));
  byId("tab-history").parentElement?.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const shown = TABS.filter((one) => button(`tab-${one}`).offsetParent);
    const here = shown.findIndex((one) => button(`tab-${one}`).getAttribute("aria-selected") === "true");
    if (step) goTo(shown[(here + step + shown.length) % shown.length]);
  });
}
