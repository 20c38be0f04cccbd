// SPDX-License-Identifier: AGPL-3.0-or-later
// Wishes that are rarer than a half-day: from which day, from which hour, at which site; folded away until one is there.
import { readAhead } from "./ahead.js";
import { byId, make, say, select, show } from "./dom.js";
import { readHour, sayDay } from "./when.js";
import { word } from "./words.js";

const input = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id));

export class Wishes {
  /** @param {() => void} changed @param {() => string} today */
  constructor(changed, today) {
    this.changed = changed;
    this.today = today;
    this.day = "";
    this.hour = "";
    this.fold = /** @type {HTMLDetailsElement} */ (byId("book-more"));
    this.usual = byId("book-more-said").textContent ?? "";
    for (const id of ["book-from", "book-hour", "book-site"]) byId(id).addEventListener("change", () => this.read());
    this.fold.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
      event.preventDefault();
      this.read();
      document.getElementById("book-grid")?.focus({ preventScroll: true });
    });
  }

  /** Where the client can be visited, and whether on Sundays: a choice only where there is one.
   * @param {{id: string, name: string}[]} sites @param {boolean} sundays */
  offer(sites, sundays) {
    const sunday = byId("book-sunday");
    show(sunday, sundays);
    if (!sundays) /** @type {HTMLInputElement} */ (sunday.querySelector("input")).checked = false;
    select("book-site").replaceChildren(make("option", { value: "" }, word("book_site_any")), ...sites.map(({ id, name }) => make("option", { value: id }, name)));
    show(byId("book-site-field"), sites.length > 1);
  }

  /** Another client: nothing that was wished counts. */
  begin() {
    [this.day, this.hour] = ["", ""];
    for (const id of ["book-from", "book-hour"]) input(id).value = "";
    this.offer([], false);
    this.fold.open = false;
    this.error("");
    this.say();
  }

  /** P. */
  open() {
    if (byId("book-wishes").hidden) return;
    this.fold.open = true;
    input("book-from").focus();
    input("book-from").select();
  }

  /** As the site wants it: only what is wished. @returns {Record<string, string>} */
  get asked() {
    const all = { from: this.day, hour: this.hour, site: select("book-site").value };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
  }

  read() {
    const day = readAhead(input("book-from").value, this.today());
    const hour = readHour(input("book-hour").value);
    this.error(day === null ? word("book_day_wrong") : hour === null ? word("elsewhere_hour_wrong") : "");
    if (day === null || hour === null) return;
    [this.day, this.hour] = [day, hour];
    this.say();
    this.changed();
  }

  /** What is wished stands in the fold's line, also when it is closed. */
  say() {
    const site = select("book-site").value ? select("book-site").selectedOptions[0].textContent : "";
    const said = [this.day && word("book_from_day", { day: sayDay(this.day) }), this.hour && word("book_from_hour", { hour: this.hour }), site].filter(Boolean);
    say(byId("book-more-said"), said.join(", ") || this.usual);
    this.fold.classList.toggle("is-set", said.length > 0);
  }

  /** @param {string} text */
  error(text) {
    say(byId("book-more-error"), text);
    show(byId("book-more-error"), text !== "");
  }
}
