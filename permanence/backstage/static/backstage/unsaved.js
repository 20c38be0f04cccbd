// SPDX-License-Identifier: AGPL-3.0-or-later
// A part of a client's page: the browser asks before what was typed and not saved is left for another part.

const form = document.querySelector("#client_form");
let typed = document.querySelector(".errornote, .said__unsaved") !== null;

form?.addEventListener("input", () => (typed = true));
form?.addEventListener("submit", () => (typed = false));
addEventListener("beforeunload", (event) => {
  if (typed) event.preventDefault();
});
