// SPDX-License-Identifier: AGPL-3.0-or-later
// The page on which a client is set up. What is wrong is led to: on a telephone it may stand below the edge.

const wrong = document.querySelector(".onboarding .error")?.closest("form")?.querySelector("[aria-invalid=true], .input");
if (wrong instanceof HTMLElement) wrong.focus();
