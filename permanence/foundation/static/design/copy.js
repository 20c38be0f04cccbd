// SPDX-License-Identifier: AGPL-3.0-or-later
// What is shown is copied by its button, which appears only where this runs. Where the browser forbids it (no
// permission, a page without TLS) it is selected, and the person copies what is selected.

/** @param {HTMLElement} what */
function select(what) {
  if (what instanceof HTMLInputElement) {
    what.select();
    return what.value;
  }
  const range = document.createRange();
  range.selectNodeContents(what);
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
  return what.textContent ?? "";
}

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-copy]"))) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const what = document.getElementById(button.dataset.copy ?? "");
    if (!what) return;
    const words = select(what);
    try {
      await navigator.clipboard.writeText(words);
      button.textContent = button.dataset.copied ?? button.textContent;
    } catch {
      what.focus();
    }
  });
}
