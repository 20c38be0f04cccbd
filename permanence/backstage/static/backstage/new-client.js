// SPDX-License-Identifier: AGPL-3.0-or-later
// A new client: what is wrong is led to, for it may stand below the edge; Ctrl Enter saves from anywhere.

const form = document.querySelector("form[data-new]");
const wrong = form?.querySelector(".field:has(.error)")?.querySelector("input, select, textarea");
if (wrong instanceof HTMLElement) wrong.focus();

form?.addEventListener("keydown", (event) => {
  if (event instanceof KeyboardEvent && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (form instanceof HTMLFormElement) form.requestSubmit();
  }
});
