// SPDX-License-Identifier: AGPL-3.0-or-later
// The way back: what was done stands in a toast with its key, for ten seconds.
import { byId, icon, make } from "./dom.js";
import { word } from "./words.js";

const UNDO_MS = 10000;

/** What was recorded, and for ten seconds the way back; nothing moves meanwhile. @param {string} text @param {() => void} undo */
export function offerUndo(text, undo) {
  const back = make("button", { class: "btn btn--sm", type: "button" }, word("undo"), " ", make("kbd", {}, `${word("key_ctrl")} Z`));
  const toast = make("div", { class: "toast" }, icon("check"), make("span", {}, text), back);
  const end = () => {
    clearTimeout(timer);
    document.removeEventListener("keydown", pressed, true);
    toast.remove();
  };
  const take = () => {
    end();
    undo();
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const text = /** @type {HTMLInputElement|null} */ (document.activeElement);
    if (!toast.isConnected) return end();
    const writes = text instanceof HTMLTextAreaElement || (text instanceof HTMLInputElement && text.type !== "radio" && text.type !== "checkbox");
    // In a field with words Ctrl Z takes back what was typed.
    if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.key.toLowerCase() !== "z" || (writes && text.value)) return undefined;
    event.preventDefault();
    return take();
  };
  const timer = setTimeout(end, UNDO_MS);
  back.addEventListener("click", take);
  document.addEventListener("keydown", pressed, true);
  byId("toasts").replaceChildren(toast);
}
