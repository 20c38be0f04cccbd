// SPDX-License-Identifier: AGPL-3.0-or-later
// With whom: whoever is free, or one first and, once he is chosen, what else: anybody, nobody else, or a second one and nobody else.
import { byId, make, select, show } from "./dom.js";
import { word } from "./words.js";

/** The choice of nobody else; the others are the ids of agendas. */
const NOBODY = "nobody";
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
    select("book-else").addEventListener("change", changed);
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
  }

  /** C. */
  focus() {
    if (!byId("book-with-field").hidden) select("book-with").focus();
  }

  /** As the site wants it. @returns {{with: string, only: string, else: string}} */
  get asked() {
    const second = select("book-else").value;
    return { with: select("book-with").value, only: second === NOBODY ? "1" : "", else: second === NOBODY ? "" : second };
  }
}
