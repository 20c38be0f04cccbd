// SPDX-License-Identifier: AGPL-3.0-or-later
// What others change in the agendas: shown as it comes, one after the other; what comes at once, or while the grid is on its way, is fetched as one.
import { config } from "./api.js";
import { topic } from "./live.js";

export class Touched {
  /** @param {import("./book.js").Book} book */
  constructor(book) {
    this.book = book;
    /** @type {Set<string>} */
    this.heard = new Set();
    /** Agendas that were touched and are not asked for yet. @type {Set<string>} */
    this.gathered = new Set();
    this.isRenewing = false;
  }

  /** What changes in an agenda is shown from now on. @param {string} agenda */
  hear(agenda) {
    if (!agenda || this.heard.has(agenda)) return;
    this.heard.add(agenda);
    topic(`house/${config.house}/agenda/${agenda}`, () => this.touched(agenda));
  }

  /** @param {string} agenda */
  touched(agenda) {
    this.gathered.add(agenda);
    if (this.isRenewing) return;
    this.isRenewing = true;
    // A socket that opens touches every agenda of the house before anything else is done.
    queueMicrotask(() => this.renew());
  }

  /** An absence of a client comes as one touch for each of his agendas: the first is shown at once, the others together. */
  async renew() {
    try {
      while (this.gathered.size) {
        const agendas = [...this.gathered];
        this.gathered.clear();
        if (this.book.isOpen) await this.show(agendas);
      }
    } finally {
      this.isRenewing = false;
    }
  }

  /** @param {string[]} agendas @returns {Promise<unknown>} until the grid shows them: free times, which take longer, keep back nothing of it */
  show(agendas) {
    const { book } = this;
    const isOf = (/** @type {string} */ client) => book.clients.find(({ id }) => id === client)?.agendas.some(({ id }) => agendas.includes(id));
    const [offered, coming] = [isOf(book.hand.client || book.client), isOf(book.client)];
    const drawn = book.grid.touched(...agendas).catch(() => undefined);
    Promise.all([drawn, offered && book.free.offer(), coming && book.coming.again()]).then(() => this.say(agendas));
    return drawn;
  }

  /** What was against the time may be gone. @param {string[]} agendas */
  say(agendas) {
    const { spoken } = this.book;
    if (agendas.some((one) => spoken.isKept(one))) return spoken.keptChanged();
    if (agendas.some((one) => spoken.barred.startsWith(`${one} `))) return spoken.changed();
    return spoken.say();
  }
}
