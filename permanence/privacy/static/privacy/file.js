// SPDX-License-Identifier: AGPL-3.0-or-later
// Keys of a patient's file and of the list that finds one: / the field, E corrects, 1 to 9 open, + adds, Ctrl Enter saves. The pages work without it.

/** @param {EventTarget|null} target */
function isTyping(target) {
  return target instanceof HTMLElement && target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select") !== null;
}

/** What a key opens, null for none. @param {string} key @returns {HTMLElement|null} */
function meant(key) {
  if (key === "/") return document.querySelector("#words");
  if (key === "e" || key === "E") return document.querySelector("#change > summary");
  if (key === "+") return document.querySelector("[data-new]");
  if (/^[1-9]$/.test(key)) return document.querySelector(`[data-rows] > :nth-child(${key}) > a`);
  return null;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.ctrlKey) {
    const form = event.target instanceof HTMLElement ? event.target.closest("form") : null;
    if (form instanceof HTMLFormElement) {
      event.preventDefault();
      form.requestSubmit();
    }
    return;
  }
  if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
  const found = meant(event.key);
  if (!found) return;
  event.preventDefault();
  if (found instanceof HTMLInputElement) {
    found.focus();
    found.select();
    return;
  }
  found.click();
  if (found.parentElement?.id === "change") document.querySelector("#f-birth_name")?.parentElement?.querySelector("input")?.focus();
});
