// SPDX-License-Identifier: AGPL-3.0-or-later
// The two tabs beside the form: history with this client, today's messages.
import { button, byId, show } from "./dom.js";

const NAMES = ["history", "today"];

/** Shows one of them and gives it the focus. @param {string} name */
export function side(name) {
  for (const one of NAMES) {
    const tab = button(`tab-${one}`);
    tab.setAttribute("aria-selected", String(one === name));
    tab.tabIndex = one === name ? 0 : -1;
    show(byId(`side-${one}`), one === name);
  }
  button(`tab-${name}`).focus();
}

for (const name of NAMES) button(`tab-${name}`).addEventListener("click", () => side(name));
byId("tab-history").parentElement?.addEventListener("keydown", (event) => {
  if (event.key === "ArrowRight" || event.key === "ArrowLeft") side(button("tab-history").getAttribute("aria-selected") === "true" ? "today" : "history");
});
