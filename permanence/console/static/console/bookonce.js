// SPDX-License-Identifier: AGPL-3.0-or-later
// An act to which no answer came may have been done: asked again as it was it is the same act, and nobody is told that nothing changed.
import { newId, request, SiteRefusal } from "./api.js";
import { word } from "./words.js";

/** The code with which the site refuses an act while others have the lock of its agenda. */
const BUSY = "agenda_busy";

/** Whether the site says that it was not done; where the site itself failed it may have been. @param {unknown} error @returns {error is SiteRefusal} */
const isRefusal = (error) => error instanceof SiteRefusal && error.status < 500;

/** What is said of an act that was not done, where the site gives no reason. @param {unknown} error */
export function silence(error) {
  return word(isRefusal(error) ? "book_site_down" : "book_unanswered");
}

/** All that was against an act, in words for a dialog. @param {unknown} error @param {string} [otherwise] what is said where the site gives no reason */
export function against(error, otherwise = silence(error)) {
  const refused = error instanceof SiteRefusal ? error.causes.join(" · ") || error.why : "";
  return refused || otherwise;
}

export class Once {
  constructor() {
    /** The last act to which no answer came, and its id. After any other act she sees in the grid what became of it. */
    this.unanswered = { text: "", key: "" };
  }

  /** Whether it is the last act to which no answer came. @param {string} path @param {object} asked */
  isOpen(path, asked) {
    return this.unanswered.text === JSON.stringify([path, asked]);
  }

  /** Does it: in a group, overbooked or in a series he would else come twice. @param {string} path @param {object} asked @returns {Promise<any>} throws what `request` throws */
  async send(path, asked) {
    const text = JSON.stringify([path, asked]);
    if (this.unanswered.text !== text) this.unanswered = { text, key: newId() };
    const mine = this.unanswered;
    const answered = () => {
      if (this.unanswered === mine) this.unanswered = { text: "", key: "" };
    };
    try {
      const told = await (await request(path, { method: "POST", json: { key: mine.key, ...asked } })).json();
      answered();
      return told;
    } catch (error) {
      // Who waited for the agenda's lock in vain may have waited for the first sending of this very act.
      if (isRefusal(error) && error.code !== BUSY) answered();
      throw error;
    }
  }
}
