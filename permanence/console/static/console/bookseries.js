// SPDX-License-Identifier: AGPL-3.0-or-later
// Several visits as one act: regular sessions, or so many days after an operation; what would be booked stands there before, and what found no time after.
import { fragment } from "./api.js";
import { against } from "./bookonce.js";
import { button, byId, isTyping, say, show } from "./dom.js";
import { answer, ask, asking } from "./questions.js";
import { word } from "./words.js";

const LOOK_MS = 250;
const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id));
/** @param {Told|null} told */
const wordsOf = (told) => word("book_series_booked", { booked: told?.booked ?? 0, wanted: told?.wanted ?? 0 });
/** Part of it found no time, or another one than she has read out: she sees which, and tells the caller. @param {Told|null} told @param {string} visits those she has read */
function cameOf(told, visits) {
  if (!told) return "";
  const { booked, wanted } = told;
  if (visits !== told.visits.map(({ agenda, starts }) => `${agenda} ${starts}`).join()) return word("book_series_otherwise", { booked, wanted });
  return booked === wanted ? "" : wordsOf(told);
}
const kinds = () => [...byId("book-series-kinds").querySelectorAll("input")].map((one) => /** @type {HTMLInputElement} */ (one));

/** @typedef {{wish: Record<string, string>, said: Record<string, string>, yes: string, booked: (visits: Visit[], words: string) => void}} Request `wish`: client, reason, patient, wishes and call; `yes`: the questions that forbid it */
/** @typedef {{agenda: string, starts: string, appointment: string, day: string, minute: number, again: boolean}} Visit */
/** @typedef {{series: string, booked: number, wanted: number, visits: Visit[]}} Told */

export class Series {
  /** @param {(asked: object) => Promise<any>} put books it, pressed again without an answer no second time */
  constructor(put) {
    this.put = put;
    /** For whom it is asked, whoever is in hand when it is answered. @type {Request} */
    this.request = { wish: {}, said: {}, yes: "", booked: () => undefined };
    this.timer = 0;
    this.turn = 0;
    this.isBooked = false;
    /** What she has before her, and what was asked for it. */
    this.read = { question: "", visits: "" };
    this.dialog = /** @type {HTMLDialogElement} */ (byId("book-series-dialog"));
    this.plan = byId("book-series-plan");
    button("book-series-keep").addEventListener("click", () => this.dialog.close());
    byId("book-series-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    byId("book-series-form").addEventListener("input", () => this.changed());
    this.dialog.addEventListener("close", () => document.getElementById("book-grid")?.focus({ preventScroll: true }));
    this.dialog.addEventListener("keydown", (event) => this.key(event));
  }

  /** @param {string} patient @param {string} reason @param {string} day of the first one @param {Request} request */
  open(patient, reason, day, request) {
    this.request = request;
    say(byId("book-series-title"), word("book_series_title", { patient, reason }));
    field("book-series-first").value = day;
    this.isBooked = false;
    this.unread();
    this.error("");
    this.paint();
    ask(this.dialog);
    field("book-series-sessions").focus();
    this.look();
  }

  get isAfter() {
    return kinds().find((one) => one.checked)?.value === "after";
  }

  /** The days after the first one, as the site wants them. */
  get days() {
    if (this.isAfter) return field("book-series-days").value.split(/[^0-9]+/).filter(Boolean).join(",");
    const [sessions, every] = [Number(field("book-series-sessions").value), Number(field("book-series-every").value)];
    return Array.from({ length: Math.max(0, Math.min(sessions, 60)) }, (_, number) => number * every).join(",");
  }

  get asked() {
    return { ...this.request.wish, first: field("book-series-first").value, days: this.days, tolerance: field("book-series-tolerance").value };
  }

  changed() {
    this.paint();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.look(), LOOK_MS);
  }

  paint() {
    for (const one of this.dialog.querySelectorAll("[data-kind-of]")) show(/** @type {HTMLElement} */ (one), (/** @type {HTMLElement} */ (one).dataset.kindOf === "after") === this.isAfter);
    say(byId("book-series-first-label"), word(this.isAfter ? "book_series_operation" : "book_series_first"));
    show(byId("book-series-asked"), !this.isBooked);
    show(byId("book-series-book"), !this.isBooked);
  }

  get question() {
    return new URLSearchParams({ ...this.asked, yes: this.request.yes }).toString();
  }

  unread() {
    this.plan.replaceChildren();
    this.read = { question: "", visits: "" };
  }

  /** What would be booked. */
  async look() {
    this.turn += 1;
    const { turn, question } = this;
    try {
      const found = await fragment(`/console/fragments/agenda/series?${question}`);
      if (turn !== this.turn || this.isBooked) return;
      this.plan.replaceChildren(found);
      const planned = [...this.plan.querySelectorAll("[data-starts]")].map((one) => /** @type {HTMLElement} */ (one).dataset);
      this.read = { question, visits: planned.map(({ agenda, starts }) => `${agenda} ${starts}`).join() };
      this.error("");
    } catch (error) {
      if (turn !== this.turn) return;
      this.unread();
      this.error(against(error, word("book_site_down")));
    }
  }

  async send() {
    if (this.isBooked) return;
    clearTimeout(this.timer);
    this.turn += 1;
    const { request, asked, read, question } = this;
    const visits = read.question === question ? read.visits : "";
    /** @type {Told|null} */
    let told = null;
    const book = async () => {
      try {
        told = await this.put({ ...asked, said: request.said });
      } catch (error) {
        return against(error);
      }
      request.booked(told?.visits ?? [], wordsOf(told));
      return "";
    };
    const came = () => cameOf(told, visits);
    await answer(this.dialog, book, (words) => this.error(words), () => told && this.booked(told, came()), came);
  }

  /** @param {Told} told @param {string} came what she has to read of it, "" for nothing */
  async booked(told, came) {
    this.isBooked = true;
    if (!came) return this.dialog.close();
    const [words, still] = [wordsOf(told), asking(this.dialog)];
    this.paint();
    this.error(came);
    button("book-series-keep").focus();
    try {
      const found = await fragment(`/console/fragments/agenda/series?${new URLSearchParams({ ...this.asked, series: told.series })}`);
      if (still()) this.plan.replaceChildren(found);
    } catch {
      if (!still()) return undefined;
      // It is booked all the same; what was planned is not what stands there.
      this.plan.replaceChildren();
      this.error(`${words}. ${word("book_coming_failed")}`);
    }
    return undefined;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "Enter" && event.ctrlKey) {
      event.preventDefault();
      this.send();
    }
    const one = /^[12]$/.test(event.key) && !isTyping(event.target) ? kinds()[Number(event.key) - 1] : undefined;
    if (!one) return;
    event.preventDefault();
    one.checked = true;
    one.focus();
    this.changed();
  }

  /** @param {string} text */
  error(text) {
    say(byId("book-series-error"), text);
    show(byId("book-series-error"), text !== "");
  }
}
