// SPDX-License-Identifier: AGPL-3.0-or-later
// Keys of a patient's file and of the list that finds one: / the field, E corrects, 1 to 9 open, + adds, Ctrl Enter saves. The pages work without it.

/** @param {EventTarget|null} target */
function isTyping(target) {
  return target instanceof HTMLElement && target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select") !== null;
}

/** What a key opens, null for none. A number also by its place, which needs no Shift on a French keyboard. @param {KeyboardEvent} event @returns {HTMLElement|null} */
function meant({ key, code, shiftKey }) {
  const number = /^[1-9]$/.test(key) ? key : (!shiftKey && /^Digit([1-9])$/.exec(code)?.[1]) || "";
  if (key === "/") return document.querySelector("#words");
  if (key === "e" || key === "E") return document.querySelector("#change > summary");
  if (key === "+") return document.querySelector("[data-new]");
  return number ? document.querySelector(`[data-rows] > :nth-child(${number}) > a`) : null;
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
  const found = meant(event);
  if (!found) return;
  event.preventDefault();
  if (found instanceof HTMLInputElement) {
    found.focus();
    found.select();
    return;
  }
  found.click();
  const first = document.querySelector("#f-birth_name");
  if (found.parentElement?.id === "change" && first instanceof HTMLInputElement) first.focus();
});
