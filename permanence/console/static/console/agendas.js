// SPDX-License-Identifier: AGPL-3.0-or-later
// The agendas a client keeps elsewhere: a link on the card says which site it opens, and opens it in a window beside. Nothing is sent there before she presses.
import { byId, icon, make, show } from "./dom.js";
import { known, word } from "./words.js";

/** @typedef {import("./state.js").Card} Card @typedef {import("./state.js").Agenda} Agenda */

/** One window for all: the next agenda takes the place of the last. */
const WINDOW = "permanence-agenda";
let shown = "";

/** Those that may be opened; what is not https never is. @param {Card} card @returns {Agenda[]} */
export function agendasOf(card) {
  return (card.agendas ?? []).filter((one) => one.link.startsWith("https://"));
}

/** The agenda of a recipient: his own, else the one of all, else the only one. @param {Card} card @param {string} recipient @returns {Agenda|null} */
export function agendaFor(card, recipient) {
  const all = agendasOf(card);
  return all.find((one) => one.recipient !== "" && one.recipient === recipient) ?? all.find((one) => !one.recipient) ?? (all.length === 1 ? all[0] : null);
}

/** Opens it beside this window, which it knows nothing of. @param {Agenda} agenda */
export function openBeside(agenda) {
  const half = Math.max(480, Math.floor(screen.availWidth / 2));
  window.open(agenda.link, WINDOW, `popup,noopener,noreferrer,width=${half},height=${screen.availHeight},left=${screen.availWidth - half},top=0`);
}

/** @param {Agenda} agenda @param {Card} card @param {boolean} keyed */
export function agendaLink(agenda, card, keyed) {
  const whose = card.form.recipients.find((one) => one.id === agenda.recipient)?.name ?? "";
  const link = make(
    "a",
    { class: "btn btn--wide agenda", href: agenda.link, target: "_blank", rel: "noopener noreferrer", title: word("agenda_opens", { host: agenda.host }), "aria-keyshortcuts": keyed ? "Alt+A" : null },
    icon("calendar"),
    make("span", {}, make("strong", {}, agenda.product), whose && ` ${whose}`, " ", make("span", { class: "muted" }, agenda.host)),
    keyed && make("kbd", { "data-key": "agenda" }, known.agenda ?? ""),
  );
  link.addEventListener("click", (event) => {
    if (/** @type {MouseEvent} */ (event).ctrlKey || /** @type {MouseEvent} */ (event).metaKey) return;
    event.preventDefault();
    openBeside(agenda);
  });
  return link;
}

/** The links of the card; once a card. @param {string} call @param {Card} card */
export function paintAgendas(call, card) {
  if (shown === call) return;
  shown = call;
  const all = agendasOf(card);
  show(byId("desk-agendas"), all.length > 0);
  byId("desk-agendas").replaceChildren(
    ...all.flatMap((one, n) => [agendaLink(one, card, n === 0), one.remark && make("p", { class: "hint" }, one.remark)]).filter((one) => one instanceof Node),
  );
}
