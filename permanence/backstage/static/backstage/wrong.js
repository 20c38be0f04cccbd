// SPDX-License-Identifier: AGPL-3.0-or-later
// What is wrong stands above, with links; the first field of them has the focus. A group that is folded opens for the field that is gone to.

/** @param {string} id */
function goTo(id) {
  const target = document.getElementById(id);
  if (!target) return;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) fold.open = true;
  const field = target.matches("input, select, textarea, button") ? target : target.querySelector("input:not([type=hidden]), select, textarea, button");
  if (field instanceof HTMLElement) field.focus();
}

const links = [...document.querySelectorAll(".wrong a[href^='#']")].map((link) => /** @type {HTMLAnchorElement} */ (link));
const named = (/** @type {HTMLAnchorElement} */ link) => link.hash.slice(1);
for (const link of links) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    goTo(named(link));
  });
}
if (links.length) goTo(named(links[0]));
