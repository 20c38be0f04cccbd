// SPDX-License-Identifier: AGPL-3.0-or-later
// Signing out leaves nothing of a caller behind in this browser: what a page kept sealed is removed with its key. Only what
// somebody else typed here and the site has not got yet stays, sealed, until that person signs in again.

/** What is asked of a page before it is left: it adds promises of whether everything is safe with the house. @typedef {CustomEvent<Promise<boolean>[]>} Leaving */

/** Every key of ours begins so; the settings of this seat (sound, keys) hold nothing about a caller and stay. */
const KEPT = ["permanence.draft.", "permanence.act.", "permanence.flag.", "permanence.saved"];
/** Where each person's unsent words are named, and what the name of each begins with. */
const UNSENT = { "permanence.unsent.": "permanence.draft.", "permanence.unsent-acts.": "permanence.act.", "permanence.unsent-flags.": "permanence.flag." };

/** Where in storage the words stand that the site lacks of other persons. @param {string} person who signs out */
function othersUnsent(person) {
  const found = new Set();
  for (const [start, place] of Object.entries(UNSENT)) {
    const others = Object.keys(localStorage).filter((key) => key.startsWith(start) && key !== start + person);
    for (const key of others) for (const one of JSON.parse(localStorage.getItem(key) || "[]")) found.add(place + one);
  }
  return found;
}

/** @param {string} person who signs out */
async function forget(person) {
  const stays = othersUnsent(person);
  for (const start of Object.keys(UNSENT)) localStorage.removeItem(start + person);
  for (const storage of [localStorage, sessionStorage]) {
    for (const key of Object.keys(storage)) if (KEPT.some((start) => key.startsWith(start)) && !stays.has(key)) storage.removeItem(key);
  }
  if (!("indexedDB" in window)) return;
  if (stays.size === 0) indexedDB.deleteDatabase("permanence");
  else await forgetKey(person);
}

/** Removes one person's key (`vault.js`). @param {string} person */
function forgetKey(person) {
  return new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
    const opening = indexedDB.open("permanence", 1);
    // Made here and now, it holds no key of hers: nothing is left to remove.
    opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
    opening.onerror = resolve;
    opening.onsuccess = () => {
      const removing = opening.result.transaction("keys", "readwrite");
      removing.objectStore("keys").delete(person);
      removing.oncomplete = removing.onabort = resolve;
      opening.result.close();
    };
  });
}

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-sign-out]"))) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    /** @type {Promise<boolean>[]} */
    const safe = [];
    window.dispatchEvent(new CustomEvent("permanence:leaving", { detail: safe }));
    if (!(await Promise.all(safe)).every(Boolean)) return;
    await forget(form.dataset.signOut ?? "");
    form.submit();
  });
}
