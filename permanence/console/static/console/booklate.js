// SPDX-License-Identifier: AGPL-3.0-or-later
// The practitioner is late: by how many minutes, whom it concerns and how each is told, before it is told; and back.
import { fragment, request } from "./api.js";
import { offerBack } from "./bookback.js";
import { against } from "./bookonce.js";
import { button, byId, make, say, show } from "./dom.js";
import { answer, ask } from "./questions.js";
import { sayInPassing } from "./toasts.js";
import { noWayBack } from "./undo.js";
import { word } from "./words.js";

/** @typedef {{id: string, name: string}} Agenda */

const USUAL_MINUTES = "15";
const input = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id));

export class Late {
  /** @param {(asked: Record<string, string>) => Promise<any>} put says it to the site @param {(words: string, agenda: string) => void} done what was done, said where the grid says it */
  constructor(put, done) {
    this.put = put;
    this.done = done;
    this.asking = 0;
    this.until = "";
    this.dialog = /** @type {HTMLDialogElement} */ (byId("book-late-dialog"));
    this.agenda = /** @type {HTMLSelectElement} */ (byId("book-late-agenda"));
    button("book-late-keep").addEventListener("click", () => this.dialog.close());
    button("book-late-over").addEventListener("click", () => this.send("0"));
    this.agenda.addEventListener("change", () => {
      input("book-late-day").checked = false;
      this.look();
    });
    input("book-late-day").addEventListener("input", () => this.look());
    for (const id of ["book-late-minutes", "book-late-tell"]) input(id).addEventListener("input", () => this.say());
    byId("book-late-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(input("book-late-minutes").value.trim());
    });
    this.dialog.addEventListener("close", () => document.getElementById("book-grid")?.focus({ preventScroll: true }));
  }

  /** @param {Agenda[]} agendas @param {string} first whose it most likely is */
  open(agendas, first) {
    if (!agendas.length) return;
    this.agenda.replaceChildren(...agendas.map(({ id, name }) => make("option", { value: id }, name)));
    this.agenda.value = agendas.some(({ id }) => id === first) ? first : agendas[0].id;
    input("book-late-minutes").value = USUAL_MINUTES;
    input("book-late-tell").checked = true;
    input("book-late-day").checked = false;
    this.error("");
    ask(this.dialog);
    input("book-late-minutes").select();
    this.look();
  }

  /** Whom it concerns, before anybody is told. */
  async look() {
    this.asking += 1;
    const { asking } = this;
    this.until = ""; // Enter before the answer means the consultation that is on, not the one that was shown last
    byId("book-late-concerned").replaceChildren();
    this.say();
    const asked = { agenda: this.agenda.value, ...(input("book-late-day").checked ? { day: "1" } : {}) };
    try {
      const found = await fragment(`/console/fragments/agenda/late?${new URLSearchParams(asked)}`);
      if (asking !== this.asking) return;
      byId("book-late-concerned").replaceChildren(found);
    } catch (error) {
      return void (asking === this.asking && this.error(against(error, word("book_site_down"))));
    }
    const count = /** @type {HTMLElement|null} */ (byId("book-late-concerned").querySelector("[data-until]"));
    this.until = count?.dataset.until ?? "";
    show(byId("book-late-more"), Number(count?.dataset.more ?? 0) > 0);
    show(button("book-late-over"), byId("book-late-concerned").querySelector(".late__now") !== null);
    this.say();
  }

  /** How many would hear of so many minutes: nobody hears of the same twice in a row. @param {string} minutes */
  untold(minutes) {
    const those = /** @type {NodeListOf<HTMLElement>} */ (byId("book-late-concerned").querySelectorAll("[data-heard]"));
    return [...those].filter(({ dataset }) => !dataset.heard || Number(dataset.heard) !== Number(minutes)).length;
  }

  /** What Enter would do. */
  say() {
    const minutes = input("book-late-minutes").value.trim();
    const told = input("book-late-tell").checked ? this.untold(minutes) : 0;
    say(byId("book-late-act"), word(told ? "book_late_tell" : "book_late_say", { minutes: minutes || "…", told }));
  }

  /** @param {string} minutes "0": on time again */
  async send(minutes) {
    const agenda = this.agenda.value;
    const name = this.agenda.selectedOptions[0]?.textContent ?? "";
    const tells = minutes !== "0" && input("book-late-tell").checked;
    const tell = tells ? (input("book-late-day").checked ? "day" : "now") : "";
    const { until } = this;
    const say = async () => {
      try {
        this.said({ agenda, name, minutes, wasTold: tell !== "" }, await this.put({ agenda, minutes, tell, until }));
      } catch (error) {
        return against(error);
      }
      return "";
    };
    await answer(this.dialog, say, (words) => {
      this.error(words);
      input("book-late-minutes").select();
    });
  }

  /** @param {{agenda: string, name: string, minutes: string, wasTold: boolean}} asked @param {{late: string, before: number, told: number, untold: number}} told */
  said({ agenda, name, minutes, wasTold }, told) {
    if (minutes === "0") {
      const over = word("book_late_over", { agenda: name });
      noWayBack(over, "on_time");
      return this.done(over, agenda);
    }
    const words = word(told.untold ? "book_late_untold" : "book_late_done", { agenda: name, minutes, told: told.told, untold: told.untold });
    this.done(words, agenda);
    return offerBack(words, "delay", () => this.back(agenda, told, wasTold));
  }

  /** As it was before; throws what was against it. @param {string} agenda @param {{late: string, before: number}} said @param {boolean} wasTold */
  async back(agenda, said, wasTold) {
    const before = String(said.before);
    const takeBack = async () => (await request("/console/agenda/late-back", { method: "POST", json: { agenda, late: said.late, before } })).json();
    const { told } = await (wasTold ? takeBack() : this.put({ agenda, minutes: before, tell: "" }));
    const words = told ? word("book_late_gone", { told }) : word("book_undone");
    this.done(words, agenda);
    if (told) sayInPassing(words);
  }

  /** @param {string} text */
  error(text) {
    say(byId("book-late-error"), text);
    show(byId("book-late-error"), text !== "");
  }
}
