// SPDX-License-Identifier: AGPL-3.0-or-later
// What stands at the right of the desk, each behind its tab.
import { button, byId, show } from "./dom.js";

const SIDES = ["history", "directory", "sites", "today"];

/** @param {string} name */
export function side(name) {
  for (const one of SIDES) {
    const tab = button(`tab-${one}`);
    tab.setAttribute("aria-selected", String(one === name));
    tab.tabIndex = one === name ? 0 : -1;
    show(byId(`side-${one}`), one === name);
  }
  button(`tab-${name}`).focus();
}

for (const name of SIDES) button(`tab-${name}`).addEventListener("click", () => side(name));
byId("tab-history").parentElement?.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const seen = SIDES.filter((name) => button(`tab-${name}`).offsetParent);
  const here = seen.findIndex((name) => button(`tab-${name}`).getAttribute("aria-selected") === "true");
  if (step) side(seen[(here + step + seen.length) % seen.length]);
});
