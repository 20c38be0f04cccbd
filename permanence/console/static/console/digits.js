// SPDX-License-Identifier: AGPL-3.0-or-later
// Figures that pick from lists: where several parts of the page have such lists, one part alone hears the figures, the one she is in or was in last, and the others do not show theirs.

/** @type {Element|null} */
let last = null;

const partOf = (/** @type {Element|null} */ of) => of?.closest("[data-pane]") ?? null;

/** @returns {HTMLElement[]} all numbered lists that can be seen */
function lists() {
  return [...document.querySelectorAll("[data-numbered]")].map((one) => /** @type {HTMLElement} */ (one)).filter((one) => one.offsetParent);
}

/** The lists that hear the figures now. @returns {HTMLElement[]} */
export function numbered() {
  const all = lists();
  const parts = new Set(all.map(partOf));
  const here = partOf(document.activeElement);
  if (here && parts.has(here)) last = here;
  const part = last && parts.has(last) ? last : partOf(all[0] ?? null);
  return all.filter((one) => partOf(one) === part);
}

/** Only figures that are heard are shown as keys; nothing moves. */
export function paintNumbers() {
  const heard = numbered();
  for (const one of lists()) one.classList.toggle("is-unheard", !heard.includes(one));
}
