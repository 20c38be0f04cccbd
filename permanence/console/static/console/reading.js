// SPDX-License-Identifier: AGPL-3.0-or-later
// What she is asked to read before the next call: the list at her post, the question before "ready", the marks on a card. Never between a ringing caller and the answer.
import { config, onSite, request, SiteRefusal } from "./api.js";
import { byId, make, say, show, tile } from "./dom.js";
import { topic } from "./live.js";
import { marked, meta, readButton, versionOf } from "./orders.js";
import { openOver } from "./questions.js";
import { word } from "./words.js";

/** @typedef {import("./orders.js").Instruction & {client: string, name: string, initials: string, colour: number, line: string, caller: string}} Unread */
/** @typedef {{id: string, version: number}} Version */

const KEPT = 500;

/** Versions by name, kept in this browser for this person. @param {string} name */
function kept(name) {
  const key = `permanence.${name}.${config.person}`;
  return {
    /** @returns {string[]} */
    get: () => JSON.parse(localStorage.getItem(key) || "[]"),
    /** @param {string[]} versions */
    set: (versions) => (versions.length ? localStorage.setItem(key, JSON.stringify(versions.slice(-KEPT))) : localStorage.removeItem(key)),
  };
}

export class Reading {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {Unread[]} */
    this.list = [];
    this.loaded = false;
    /** Said by her, not yet heard by the site; survives a reload. */
    this.said = kept("read");
    /** Known to be read: what a card is marked by while the site is away. */
    this.done = kept("done");
    /** Left unread when she went ready: not asked again after each call. @type {Set<string>} */
    this.putOff = new Set();
    /** @type {(() => void)|null} */
    this.then = null;
    this.sending = false;
    this.dialog = /** @type {HTMLDialogElement} */ (byId("dialog-read"));
    this.dialog.addEventListener("close", () => {
      this.then = null;
    });
    byId("read-later").addEventListener("click", () => this.goOn());
    topic("/instructions", () => this.load());
    onSite((down) => down || this.send());
  }

  /** What is left to be read: the site's list without what she has said since. @returns {Unread[]} */
  get unread() {
    const said = new Set(this.said.get());
    return this.list.filter((one) => !said.has(versionOf(one)));
  }

  /** Asks the site. While it is away, what was known stays. */
  async load() {
    try {
      const { unread } = await (await request("/console/instructions/to-read")).json();
      this.list = unread;
      this.loaded = true;
      const left = new Set(this.list.map(versionOf));
      this.done.set(this.done.get().filter((version) => !left.has(version)));
      this.changed();
    } catch {
      // The site is down or refused; `api` told the page.
    }
  }

  /** Whether an instruction of a card needs no word of hers any more. @param {Version} order */
  isRead(order) {
    const version = versionOf(order);
    if (this.said.get().includes(version) || this.done.get().includes(version)) return true;
    return this.loaded && !this.list.some((one) => versionOf(one) === version);
  }

  /** She has read it. @param {Version} order */
  read(order) {
    const version = versionOf(order);
    if (this.said.get().includes(version)) return;
    this.said.set([...this.said.get(), version]);
    this.send();
    this.changed();
    if (this.dialog.open) this.paintDialog();
  }

  /** What the key reads now: of the question before "ready", else of the card, else of the list at her post. Never what does not stand on the screen. @param {import("./state.js").Card|null} card */
  first(card) {
    if (card && !this.dialog.open) return card.instructions.find((one) => one.acknowledge && !this.isRead(one));
    return this.dialog.open || byId("to-read").checkVisibility() ? this.unread[0] : undefined;
  }

  /** Whether the key has something to read, and nothing else lies on top. @param {import("./state.js").Card|null} card */
  asks(card) {
    const free = this.dialog.open || !document.querySelector("dialog[open]");
    return free && Boolean(this.first(card));
  }

  /** @param {import("./state.js").Card|null} card */
  readFirst(card) {
    const first = this.first(card);
    if (first) this.read(first);
  }

  /** Tells the site what she said, one after the other, until it has heard; what it refuses was withdrawn meanwhile. */
  async send() {
    if (this.sending) return;
    this.sending = true;
    try {
      for (let [version] = this.said.get(); version; [version] = this.said.get()) {
        const [id, number] = version.split(":");
        try {
          await request(`/console/instructions/${encodeURIComponent(id)}/${number}/read`, { method: "POST" });
        } catch (error) {
          if (!(error instanceof SiteRefusal) || ![404, 422].includes(error.status)) return;
        }
        this.done.set([...this.done.get().filter((one) => one !== version), version]);
        this.list = this.list.filter((one) => versionOf(one) !== version);
        this.said.set(this.said.get().filter((one) => one !== version));
      }
    } finally {
      this.sending = false;
    }
  }

  /** A new day at the post, or back from a break: what was put off is asked for again. */
  fresh() {
    this.putOff.clear();
  }

  /** Whether she may go ready now. Something is left to be read: it is shown, and `then` follows when she has read it, or says that she will later. @param {() => void} then */
  mayGo(then) {
    if (!this.unread.some((one) => !this.putOff.has(versionOf(one)))) return true;
    if (this.dialog.open) return false;
    this.then = then;
    this.paintDialog();
    openOver(this.dialog);
    return false;
  }

  /** Ready, although something is left: it stays in the list and on the cards. */
  goOn() {
    for (const one of this.unread) this.putOff.add(versionOf(one));
    const { then } = this;
    this.dialog.close();
    then?.();
  }

  /** A caller comes first. */
  giveWay() {
    if (this.dialog.open) this.dialog.close();
  }

  paintDialog() {
    if (!this.unread.length) return this.goOn();
    const before = document.activeElement;
    this.entries(byId("dialog-read-list"));
    if (before !== this.dialog && !this.dialog.contains(document.activeElement)) byId("dialog-read-title").focus();
    return undefined;
  }

  /** The list at her post. */
  paint() {
    const box = byId("to-read");
    const left = this.unread;
    show(box, left.length > 0);
    say(byId("to-read-count"), left.length > 1 ? word("to_read_many", { count: left.length }) : word("to_read_one"));
    const text = left.map(versionOf).join();
    if (box.dataset.text === text) return;
    box.dataset.text = text;
    this.entries(byId("to-read-list"));
  }

  /** @param {HTMLElement} place */
  entries(place) {
    const now = Date.now();
    place.replaceChildren(
      ...this.unread.map((one, n) => {
        const about = [one.recipient_name && word("order_for", { name: one.recipient_name }), one.reason_label, one.line, one.caller].filter(Boolean);
        return make(
          "article",
          { class: "unread", "data-version": versionOf(one) },
          make("p", { class: "unread__client" }, tile(one.initials, one.colour), make("strong", {}, one.name), ...about.map((words) => make("span", { class: "badge" }, String(words)))),
          marked(one),
          make("p", { class: "order__meta" }, ...meta(one, now, true)),
          make("p", {}, readButton(one, n === 0, (order) => this.read(order))),
        );
      }),
    );
  }
}
