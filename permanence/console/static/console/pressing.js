// SPDX-License-Identifier: AGPL-3.0-or-later
// What the mouse is pressed on stays until it is released: the browser tells nobody of a click on what was replaced meanwhile.

/** The release of a press, or what says that it is over or was never heard of: the menu of the browser, another window, her keyboard. */
const RELEASED = /** @type {const} */ (["pointerup", "pointercancel", "pointermove", "contextmenu", "blur", "keydown"]);

/** Until the mouse is released; null while it is not pressed. @type {Promise<void>|null} */
let pressing = null;
let end = () => {};
/** How often it was pressed: the end of an earlier press is not that of a later one. */
let presses = 0;

/** @returns {Promise<void>} waited for before anything that she may press is replaced */
export async function released() {
  await pressing;
}

/** How often the mouse was pressed. */
export function pressed() {
  return presses;
}

/** @param {PointerEvent} event */
function press(event) {
  if (event.button !== 0) return;
  presses += 1;
  const mine = presses;
  pressing ??= new Promise((done) => {
    end = done;
  });
  const over = (/** @type {Event} */ told) => {
    // A release outside the window is seen by the next move alone.
    if (told instanceof PointerEvent && told.type === "pointermove" && told.buttons) return;
    // A press takes the focus from what had it.
    if (told.type === "blur" && told.target !== window) return;
    for (const type of RELEASED) window.removeEventListener(type, over, true);
    // The click comes after it, and may be the first of two: the second is pressed by then.
    setTimeout(() => {
      if (mine !== presses) return;
      pressing = null;
      end();
    });
  };
  for (const type of RELEASED) window.addEventListener(type, over, true);
}

document.addEventListener("pointerdown", press, true);
