// SPDX-License-Identifier: AGPL-3.0-or-later
// A message that did not get out is sent again, from its line in today's messages; the page stays where it is.
import { request, SiteRefusal } from "./api.js";
import { showError, toast } from "./banners.js";
import { refresh } from "./live.js";
import { hasWord, word } from "./words.js";

/** @param {HTMLButtonElement} pressed */
async function sendAgain(pressed) {
  const message = pressed.dataset.again ?? "";
  if (pressed.getAttribute("aria-disabled") === "true") return;
  pressed.setAttribute("aria-disabled", "true");
  try {
    const answer = await request(`/console/messages/${encodeURIComponent(message)}/send-again`, { method: "POST", json: {} });
    const { deliveries } = await answer.json();
    toast(word(deliveries ? "again_done" : "again_nothing"));
    await refresh("messages");
  } catch (error) {
    const code = error instanceof SiteRefusal ? error.code : "site_down";
    showError(hasWord(`again_${code}`) ? word(`again_${code}`) : word("again_other", { why: error instanceof SiteRefusal ? error.why || String(error.status) : code }));
  } finally {
    pressed.removeAttribute("aria-disabled");
  }
}

document.addEventListener("click", (event) => {
  const pressed = /** @type {HTMLButtonElement|null} */ (/** @type {Element} */ (event.target).closest("button[data-again]"));
  if (pressed) sendAgain(pressed);
});
