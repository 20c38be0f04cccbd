// SPDX-License-Identifier: AGPL-3.0-or-later
// A new client: Ctrl Enter saves from anywhere. What is wrong is led to by wrong.js.

const form = document.querySelector("form[data-new]");

form?.addEventListener("keydown", (event) => {
  if (event instanceof KeyboardEvent && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (form instanceof HTMLFormElement) form.requestSubmit();
  }
});
