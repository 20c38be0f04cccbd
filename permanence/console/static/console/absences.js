// SPDX-License-Identifier: AGPL-3.0-or-later
// Who is away at the client: told on the card at a glance, and beside the choice of the recipient. It suggests, and never chooses by itself.
import { icon, make, show } from "./dom.js";
import { clock, day, moment, sentenceHour, spoken, word } from "./words.js";

/** @typedef {import("./state.js").Card} Card @typedef {import("./state.js").Absence} Absence */

/** The absences of a card; an exchange older than they are sends none. @param {Card} card @returns {Absence[]} */
function absences(card) {
  return card.absences ?? [];
}

/** @param {Absence} one @param {number} now */
function inForce(one, now) {
  return one.starts_ms <= now && now < one.ends_ms;
}

/** What the card says of them: those in force first and seen, those to come quietly. @param {HTMLElement} box @param {Card} card @param {number} now */
export function paintAbsences(box, card, now) {
  const left = absences(card).filter((one) => now < one.ends_ms);
  box.replaceChildren(...[...left.filter((one) => inForce(one, now)), ...left.filter((one) => !inForce(one, now))].map((one) => notice(one, card, now)));
  show(box, left.length > 0);
}

/** Until when, on the client's clock: the hour alone on the same day; what ends at midnight is told by the day that it ends. @param {number} ms @param {number} from @param {string} zone */
function until(ms, from, zone) {
  if (clock(ms, zone) === "00:00") return word("until_day", { day: word("day_inclusive", { day: day(ms - 1, zone) }) });
  const last = day(ms, zone);
  const hour = sentenceHour(ms, zone);
  return last === day(from, zone) ? word("until_hour", { hour }) : word("until_day", { day: word("day_at", { day: last, hour }) });
}

/** @param {Absence} one @param {Card} card @param {number} now */
function notice(one, card, now) {
  const name = one.name || card.name;
  const here = inForce(one, now);
  const zone = card.time_zone;
  const when = here ? word("away", { name, until: until(one.ends_ms, now, zone) }) : word("away_soon", { name, begins: moment(one.starts_ms, now, zone), until: until(one.ends_ms, one.starts_ms, zone) });
  return make(
    "div",
    { class: here ? "notice notice--warn away" : "notice away" },
    icon(here ? "alert" : "clock"),
    make(
      "div",
      {},
      make("p", {}, make("strong", {}, when)),
      one.words && make("p", { class: "say" }, spoken(one.words)),
      one.urgent_name && make("p", {}, word(one.urgent_away ? "urgent_to_away" : "urgent_to", { name: one.urgent_name })),
      make("p", { class: "order__meta" }, word("announced_by", { name: one.by })),
    ),
  );
}

/** Beside the choice of the recipient: that he is away, and for an urgent message who takes it, to be chosen by her.
 * @param {HTMLElement} box @param {Card} card @param {{recipient: string, urgency: string}} fields @param {number} now @param {(recipient: string) => void} choose */
export function paintReplacement(box, card, fields, now, choose) {
  const away = absences(card).filter((one) => inForce(one, now));
  const found = away.find((one) => one.recipient === fields.recipient) ?? away.find((one) => one.recipient === "");
  const named = Boolean(found?.urgent_to && found.urgent_to !== fields.recipient);
  const told = fields.recipient !== "" && found !== undefined && (found.recipient !== "" || named);
  show(box, told);
  if (!told || !found) return box.replaceChildren();
  const parts = [make("span", {}, word("away", { name: found.name || card.name, until: until(found.ends_ms, now, card.time_zone) }))];
  if (named && fields.urgency === "urgent") {
    parts.push(make("span", {}, `. ${word(found.urgent_away ? "urgent_to_away" : "urgent_to", { name: found.urgent_name })} `));
    if (!found.urgent_away) {
      const instead = make("button", { type: "button", class: "btn btn--sm", id: "instead" }, word("choose_instead", { name: found.urgent_name }));
      instead.addEventListener("click", () => choose(found.urgent_to));
      parts.push(instead);
    }
  }
  box.replaceChildren(icon("alert"), make("span", {}, ...parts));
}
