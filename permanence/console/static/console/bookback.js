// SPDX-License-Identifier: AGPL-3.0-or-later
// The way back of what was done in the agenda: refused, it is said in passing, for she may be at a card by now, and it can be tried again.
import { against } from "./bookonce.js";
import { offerAgain, offerUndo } from "./undo.js";
import { word } from "./words.js";

/** @param {string} words what was done @param {import("./undo.js").Kind} kind @param {() => unknown} back takes it back; throws what `request` throws @param {string} [more] as `offerUndo` */
export function offerBack(words, kind, back, more = "") {
  const take = async () => {
    try {
      await back();
    } catch (error) {
      offerAgain(`${word("book_not_back", { what: words.replace(/\.$/, "") })}. ${against(error)}`, kind, take);
    }
  };
  offerUndo(words, kind, take, "check", more);
}
