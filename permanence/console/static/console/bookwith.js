// SPDX-License-Identifier: AGPL-3.0-or-later
// With whom: whoever is free, or one first and, once he is chosen, what else: anybody, nobody else, or a second one and nobody else.
import { byId, make, say, select, show } from "./dom.js";
import { keptKeys } from "./keptkeys.js";
import { word } from "./words.js";

/** The choice of nobody else; the others are the ids of agendas. */
const NOBODY = "nobody";
/** How long a browser takes the next letter for the same name. */
const TYPED_MS = 1000;
const option = (/** @type {string} */ value, /** @type {string} */ text) => make("option", { value }, text);

export class Practitioner {
  /** @param {() => void} changed */
  constructor(changed) {
    /** @type {{id: string, name: string}[]} */
    this.agendas = [];
    select("book-with").addEventListener("change", () => {
      this.follow();
      changed();
    });
    select("book-else").addEventListener("change", () => {
      this.tell();
      changed();
    });
    this.hearKeys(select("book-with"));
    this.hearKeys(select("book-else"));
  }

  /** Enter leaves the list for the grid; once something is chosen there, so do N and the figures, unless a name is being typed. @param {HTMLSelectElement} list */
  hearKeys(list) {
    let isChosen = false;
    let typed = -TYPED_MS;
    list.addEventListener("focus", () => {
      [isChosen, typed] = [false, -TYPED_MS];
    });
    list.addEventListener("change", () => {
      isChosen = true;
    });
    list.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const isName = event.timeStamp - typed < TYPED_MS;
      const isKey = isChosen && !isName && keptKeys().numbers && /^[1-9n]$/i.test(event.key);
      if (event.key !== "Enter" && !isKey) {
        if (event.key.length === 1) typed = event.timeStamp;
        return;
      }
      const grid = document.getElementById("book-grid");
      event.preventDefault();
      event.stopPropagation();
      grid?.focus({ preventScroll: true });
      if (isKey) grid?.dispatchEvent(new KeyboardEvent("keydown", { key: event.key, bubbles: true, cancelable: true }));
    });
  }

  /** Another client: nobody is preferred. A choice only where there are several. @param {{id: string, name: string}[]} agendas */
  offer(agendas) {
    this.agendas = agendas;
    show(byId("book-with-field"), agendas.length > 1);
    select("book-with").replaceChildren(option("", word("book_with_any")), ...agendas.map(({ id, name }) => option(id, name)));
    select("book-else").replaceChildren();
    this.follow();
  }

  /** The second choice goes with the first; what was chosen there stays where it can. */
  follow() {
    const first = select("book-with").value;
    const second = select("book-else").value;
    // Of two, "anybody" is the other one.
    const others = this.agendas.length > 2 ? this.agendas.filter(({ id }) => id !== first) : [];
    select("book-else").replaceChildren(option("", word("book_else_any")), option(NOBODY, word("book_else_nobody")), ...others.map(({ id, name }) => option(id, name)));
    select("book-else").value = first && (second === NOBODY || others.some(({ id }) => id === second)) ? second : "";
    show(byId("book-else-field"), first !== "");
    this.tell();
  }

  /** Whose times come first, and how far: on each day, not before all of the others. @param {boolean} [isAsked] whether the times are asked for with whom she wishes */
  tell(isAsked = true) {
    const { with: first, only } = this.asked;
    const name = isAsked && first && !only ? this.agendas.find(({ id }) => id === first)?.name : "";
    say(byId("book-order"), name ? word("book_first_each_day", { name }) : "");
  }

  /** C. */
  focus() {
    if (!byId("book-with-field").hidden) select("book-with").focus();
  }

  /** Whether a visit in an agenda is as wished. @param {string} agenda */
  bears(agenda) {
    const { with: first, only, else: second } = this.asked;
    return !first || agenda === first || (second ? agenda === second : !only);
  }

  /** As the site wants it. @returns {{with: string, only: string, else: string}} */
  get asked() {
    const second = select("book-else").value;
    return { with: select("book-with").value, only: second === NOBODY ? "1" : "", else: second === NOBODY ? "" : second };
  }
}
