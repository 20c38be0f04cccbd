// SPDX-License-Identifier: AGPL-3.0-or-later
// The page on which a client is set up: a code is copied by its button; where the browser forbids that, it is selected
// at least. What is wrong is led to: on a telephone it may stand below the edge.

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
    select(code);
    try {
      await navigator.clipboard.writeText(code.textContent ?? "");
    } catch {
      // no permission, or a page without TLS: the person copies what is selected
    }
  });
}

const wrong = document.querySelector(".onboarding .error")?.closest("form")?.querySelector("[aria-invalid=true], .input");
if (wrong instanceof HTMLElement) wrong.focus();
