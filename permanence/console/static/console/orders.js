// SPDX-License-Identifier: AGPL-3.0-or-later
// Instructions as they are set, on a card and in the list to be read: blocks of plain text that the house read from the small markup.
import { config } from "./api.js";
import { make } from "./dom.js";
import { paintNews } from "./news.js";
import { day, known, moment, sentenceHour, word } from "./words.js";

/**
 * @typedef {{text: string, bold?: boolean}} Piece
 * @typedef {{kind: string, lines: Piece[][]}} Block
 * @typedef {{id: string, version: number, text: string, blocks?: Block[], author: string, since_ms: number|null, until_ms: number|null, is_new?: boolean, acknowledge?: boolean,
 *   recipient?: string, recipient_name?: string, reason?: string, reason_label?: string, this_line?: boolean, this_caller?: boolean}} Instruction
 */

/** The name of one version. @param {{id: string, version: number}} order */
export function versionOf(order) {
  return `${order.id}:${order.version}`;
}

/** @param {Piece[]} line */
function pieces(line) {
  return line.map(({ text, bold }) => (bold ? make("strong", {}, text) : document.createTextNode(text)));
}

/** The text of an instruction; as it was typed where an older exchange sent no blocks. @param {{text: string, blocks?: Block[]}} order @returns {HTMLElement} */
export function marked(order) {
  const blocks = order.blocks ?? [{ kind: "paragraph", lines: [[{ text: order.text }]] }];
  return make(
    "div",
    { class: "marked" },
    ...blocks.map(({ kind, lines }) =>
      kind === "list"
        ? make("ul", {}, ...lines.map((line) => make("li", {}, ...pieces(line))))
        : make("p", {}, ...lines.flatMap((line, n) => (n ? [make("br"), ...pieces(line)] : pieces(line)))),
    ),
  );
}

/** On the house's clock, as every moment that names no place. @param {number} ms @param {number} now */
function untilWords(ms, now) {
  const last = day(ms, config.timeZone);
  return last === day(now, config.timeZone) ? word("until_hour", { hour: sentenceHour(ms, config.timeZone) }) : word("until_day", { day: last });
}

/** Author, since when, until when. @param {Instruction} order @param {number} now @param {boolean} exact the hour of the beginning too @returns {HTMLElement[]} */
export function meta(order, now, exact) {
  const found = [];
  if (exact) found.push(make("span", {}, [order.author, order.since_ms ? moment(order.since_ms, now, config.timeZone) : ""].filter(Boolean).join(", ")));
  else if (order.since_ms) found.push(make("span", {}, word("since_day", { day: day(order.since_ms, config.timeZone) })));
  if (order.until_ms) found.push(make("span", {}, untilWords(order.until_ms, now)));
  return found;
}

/** What the instruction is about, one mark each. @param {Instruction} order @returns {HTMLElement[]} */
function about(order) {
  const marks = [];
  if (order.recipient_name) marks.push(word("order_for", { name: order.recipient_name }));
  if (order.reason_label) marks.push(order.reason_label);
  if (order.this_line) marks.push(word("order_this_line"));
  if (order.this_caller) marks.push(word("order_this_caller"));
  return marks.map((text) => make("span", { class: "badge" }, text));
}

/** Whether the choices of the form are what the instruction is about: 1 they are, -1 they are others, 0 not known yet.
 * @param {Instruction} order @param {{recipient: string, reason: string}} chosen */
export function fits(order, chosen) {
  const asked = [[order.recipient, chosen.recipient], [order.reason, chosen.reason]].filter(([wanted]) => wanted);
  if (asked.some(([wanted, picked]) => picked && picked !== wanted)) return -1;
  return asked.length && asked.every(([wanted, picked]) => picked === wanted) ? 1 : 0;
}

/** The instructions of a card. Those that the choices of the form are about come forward, those about others go behind.
 * @param {HTMLElement} list @param {import("./state.js").Card} card @param {number} now
 * @param {{ringing: boolean, chosen: {recipient: string, reason: string}|null, reading: {isRead: (order: Instruction) => boolean, read: (order: Instruction) => void}}} how */
export function paintOrders(list, card, now, { ringing, chosen, reading }) {
  const isRead = (/** @type {Instruction} */ order) => reading.isRead(order);
  const ordered = card.instructions.map((order) => ({ order, fit: chosen ? fits(order, chosen) : 0 }));
  ordered.sort((one, other) => other.fit - one.fit);
  // Painted again only when it is something else: what she reads, and where the focus stands, is left alone.
  const text = JSON.stringify([card.client, card.first_call, ringing, ordered.map(({ order, fit }) => [versionOf(order), fit, isRead(order), order.is_new])]);
  if (list.dataset.text === text) return;
  list.dataset.text = text;
  const first = ordered.find(({ order }) => order.acknowledge && !isRead(order))?.order;
  const rows = ordered.map(({ order, fit }) => {
    const asking = Boolean(order.acknowledge && !isRead(order));
    const badges = [
      ...(order.is_new ? [make("span", { class: "badge badge--new" }, word(ringing ? "new_since_last_call" : "new"))] : []),
      ...(asking ? [make("span", { class: "badge badge--warn" }, word("order_unread"))] : []),
      ...about(order),
    ];
    const facts = meta(order, now, Boolean(order.is_new || order.until_ms));
    if (order.is_new && ringing && !order.acknowledge) facts.push(make("span", {}, word("answering_is_reading")));
    const body = marked(order);
    if (order.is_new && ringing) body.classList.add("ring__order");
    const state = [order.is_new && "order--new", fit > 0 && "order--chosen", fit < 0 && "order--aside"].filter(Boolean);
    return make(
      "div",
      { class: ["order", ...state].join(" "), "data-version": versionOf(order) },
      badges.length ? make("p", { class: "order__marks" }, ...badges) : null,
      body,
      facts.length ? make("p", { class: "order__meta" }, ...facts) : null,
      asking && make("p", {}, readButton(order, order === first, (one) => reading.read(one))),
    );
  });
  const newcomer = card.first_call ? [make("p", { class: "orders__first" }, word("first_call"))] : [];
  list.replaceChildren(...newcomer, ...(rows.length ? rows : [make("p", { class: "order muted" }, word("no_instruction"))]));
  paintNews(list);
}

/** The key belongs to the first one. @template {{id: string, version: number}} T @param {T} order @param {boolean} first @param {(order: T) => void} read */
export function readButton(order, first, read) {
  const button = make("button", { class: "btn btn--sm", type: "button", "data-read": versionOf(order), ...(first ? { "aria-keyshortcuts": "Alt+L" } : {}) }, word("order_read"), first && make("kbd", { "data-key": "read" }, known.read));
  button.addEventListener("click", () => read(order));
  return button;
}
