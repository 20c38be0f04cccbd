// SPDX-License-Identifier: AGPL-3.0-or-later
// What the page can do for the route a script has come to: the form of an appointment and its agenda, whose number a transfer goes to and what may be said. It puts nobody through.
import { agendaFor, agendaLink } from "./agendas.js";
import { contactRow } from "./directory.js";
import { make } from "./dom.js";
import { known as keys, word } from "./words.js";

/** @typedef {import("./state.js").Card} Card @typedef {import("./script.js").Route} Route */

/** @param {Card} card @param {Route} route @param {{recipient: string, patient: string}} known @param {() => void} appointment @returns {HTMLElement[]} */
export function routeHelp(card, route, known, appointment) {
  if (route.act === "appointment") {
    const agenda = agendaFor(card, known.recipient);
    const record = make("button", { class: "btn btn--wide", type: "button" }, word("route_record"), " ", make("kbd", { "data-key": "appointment" }, keys.appointment ?? ""));
    record.addEventListener("click", appointment);
    return [...(agenda ? [agendaLink(agenda, card, false)] : []), record];
  }
  if (route.act !== "transfer" || !route.number) return [];
  const found = (card.contacts ?? []).filter((one) => one.numbers.includes(route.number ?? ""));
  return found.length ? [make("ul", { class: "directory" }, ...found.map(contactRow))] : [make("p", { class: "hint" }, word("route_number_not_listed"))];
}
