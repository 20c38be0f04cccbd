// SPDX-License-Identifier: AGPL-3.0-or-later
// The page on which a client is set up: a code is copied by its button; where the browser forbids it, it is selected.

/** @param {HTMLElement} code */
function select(code) {
  const range = document.createRange();
  range.selectNodeContents(code);
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
}

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-copy]"))) {
  button.addEventListener("click", async () => {
    const code = document.getElementById(button.dataset.copy ?? "");
    if (!code) return;
    try {
      await navigator.clipboard.writeText(code.textContent ?? "");
    } catch {
      // no permission, or a page without TLS: the person copies what is selected
    }
    select(code);
  });
}
