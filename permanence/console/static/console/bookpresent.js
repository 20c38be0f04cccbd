// SPDX-License-Identifier: AGPL-3.0-or-later
// The present in the agenda, on the clock of the house: its line in the grid and the hour beside it, and the day from which “tomorrow” is counted. A page stays open for days.
import { config } from "./api.js";
import { STEP_MINUTES } from "./bookplaces.js";
import { make } from "./dom.js";
import { dayOn } from "./when.js";
import { clock } from "./words.js";

export class Present {
  /** @param {import("./book.js").Book} book */
  constructor(book) {
    this.book = book;
    /** By how many ms the clock of the site is ahead of this machine's. */
    this.ahead = 0;
    /** The last minute that was told, since 1970. */
    this.told = 0;
  }

  /** Now, in ms, as the site would say it. */
  get at() {
    return Date.now() + this.ahead;
  }

  /** @param {number} ms what the clock of the site says */
  set(ms) {
    this.ahead = ms - Date.now();
  }

  /** Once a minute: nothing is asked for it. */
  tick() {
    const minute = Math.floor(this.at / 60000);
    // What the day of today is, nobody knows before the site has said it.
    if (minute === this.told || !this.book.shown.today) return;
    this.told = minute;
    this.book.shown.today = dayOn(this.at, config.timeZone);
    if (this.book.isOpen) this.draw();
  }

  /** The line where today is shown and its hours reach to the present; else none. */
  draw() {
    const { grid, shown } = this.book;
    const [hours, body] = [grid.frame.querySelector(".grid__hours"), grid.frame.querySelector(".grid__body")];
    if (!hours || !body) return;
    const words = clock(this.at, config.timeZone);
    const [hour, minute] = words.split(":").map(Number);
    const step = Math.floor((hour * 60 + minute) / STEP_MINUTES);
    for (const one of body.querySelectorAll(".is-now, .grid__now")) one.remove();
    if (step < grid.first || step >= grid.last || !grid.lanes.some(({ dataset }) => dataset.day === shown.today)) return;
    hours.append(make("span", { class: `is-now f${step}` }, words));
    body.append(make("div", { class: `grid__now f${step}`, "aria-hidden": "true" }));
  }
}
