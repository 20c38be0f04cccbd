// SPDX-License-Identifier: AGPL-3.0-or-later
// Signing out leaves nothing of a caller behind in this browser: what a page kept sealed is removed with its key.

/** What is asked of a page before it is left: it adds promises of whether everything is safe with the house. @typedef {CustomEvent<Promise<boolean>[]>} Leaving */

/** Every key of ours begins so; the settings of this seat (sound, keys) hold nothing about a caller and stay. */
const KEPT = ["permanence.draft.", "permanence.saved"];

function forget() {
  for (const storage of [localStorage, sessionStorage]) {
    for (const key of Object.keys(storage)) if (KEPT.some((start) => key.startsWith(start))) storage.removeItem(key);
  }
  if ("indexedDB" in window) indexedDB.deleteDatabase("permanence");
}

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-sign-out]"))) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    /** @type {Promise<boolean>[]} */
    const safe = [];
    window.dispatchEvent(new CustomEvent("permanence:leaving", { detail: safe }));
    if (!(await Promise.all(safe)).every(Boolean)) return;
    forget();
    form.submit();
  });
}
