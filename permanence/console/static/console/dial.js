// SPDX-License-Identifier: AGPL-3.0-or-later
// The keypad of a call: digits the far end listens to.
import { button, byId } from "./dom.js";
import { openOver } from "./questions.js";

const dialog = /** @type {HTMLDialogElement} */ (byId("dialog-dial"));

/** The call is over. */
export function closeDial() {
  dialog.close();
}

/** Opens by its button; calls `send` with what was typed. @param {(digits: string) => void} send */
export function wireDial(send) {
  button("dial").addEventListener("click", () => openOver(dialog));
  byId("dial-form").addEventListener("submit", () => {
    const digits = /** @type {HTMLInputElement} */ (byId("dial-digits"));
    if (digits.value && dialog.open) send(digits.value.toUpperCase());
    digits.value = "";
  });
  // What was typed for one call is nothing for the next.
  dialog.addEventListener("close", () => {
    /** @type {HTMLInputElement} */ (byId("dial-digits")).value = "";
  });
}
