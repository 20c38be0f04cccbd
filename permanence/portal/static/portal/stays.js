// SPDX-License-Identifier: AGPL-3.0-or-later
// What the doctor says of a visit leaves the page where it was: the line that he touched stands again where his finger
// is, not the button of the next patient. Runs before the page is drawn. Without it, or where nothing can be kept, the
// address leads to the line.

const KEPT = "portal-day-stays";
const SETTLES = 1_000;
const list = document.getElementById("list");
const form = document.getElementById("day-acts");

/** The line of a button, by its id; busy time has none. @param {Element | null} one */
function lineOf(one) {
  return one?.closest("[id^='v-']") ?? null;
}

/** Where the page was left when something was said; told once, of the same day. */
function left() {
  try {
    const kept = sessionStorage.getItem(KEPT);
    sessionStorage.removeItem(KEPT);
    const found = kept ? JSON.parse(kept) : null;
    return found && found.day === list?.dataset.part ? found : null;
  } catch {
    return null; // this browser keeps nothing
  }
}

/** Of the same finger, not meant for what stands there now. @param {MouseEvent} event */
function ignored(event) {
  if (!event.detail || !list?.hasAttribute("data-settling")) return; // by keyboard
  event.preventDefault();
  event.stopPropagation();
}

if (list && form) {
  form.addEventListener("submit", (event) => {
    const line = lineOf(/** @type {SubmitEvent} */ (event).submitter);
    const kept = { day: list.dataset.part, line: line?.id ?? "", top: line?.getBoundingClientRect().top ?? 0, y: scrollY };
    try {
      sessionStorage.setItem(KEPT, JSON.stringify(kept));
    } catch {
      return;
    }
    if (form.querySelector("[name=stays]")) return;
    const stays = document.createElement("input");
    Object.assign(stays, { type: "hidden", name: "stays", value: "1" });
    form.append(stays);
  });
  const found = left();
  if (found) {
    list.addEventListener("click", ignored, { capture: true });
    list.setAttribute("data-settling", "");
    setTimeout(() => list.removeAttribute("data-settling"), SETTLES);
    const line = found.line ? document.getElementById(found.line) : null;
    // Why not, or whom to call now, is to be read: it stands above.
    if (!document.querySelector("[data-refused], #said")) scrollTo({ top: line ? scrollY + line.getBoundingClientRect().top - found.top : found.y, behavior: "instant" });
  }
}
