// SPDX-License-Identifier: AGPL-3.0-or-later
// The way back of what was done in the agenda: refused, it is said in passing, for she may be at a card by now, and it can be tried again.
import { against } from "./bookonce.js";
import { icon, make } from "./dom.js";
import { raise } from "./toasts.js";
import { offerUndo } from "./undo.js";
import { word } from "./words.js";

const SAID_MS = 6000;

/** @param {string} words what was done @param {import("./undo.js").Kind} kind @param {() => unknown} back takes it back; throws what `request` throws */
export function offerBack(words, kind, back) {
  const take = async () => {
    try {
      await back();
    } catch (error) {
      offerUndo(`${word("book_not_back", { what: words.replace(/\.$/, "") })}. ${against(error)}`, kind, take, "alert");
    }
  };
  offerUndo(words, kind, take);
}

/** What she has to know of what was taken back. @param {string} words */
export function tellBack(words) {
  const said = make("div", { class: "toast" }, icon("alert"), make("span", {}, words));
  raise(said);
  setTimeout(() => said.remove(), SAID_MS);
}
