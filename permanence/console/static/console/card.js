// SPDX-License-Identifier: AGPL-3.0-or-later
// The client's card, as the offer brought it: the ringing view and the left of the desk. Nothing here asks the site; who may be calling is shown once it is known.
import { paintAbsences } from "./absences.js";
import { config } from "./api.js";
import { mayBe } from "./callers.js";
import { spelled } from "./numbers.js";
import { byId, icon, make, say, show } from "./dom.js";
import { clock, hasWord, languageInWords, languageName, running, sentenceHour, spoken, word } from "./words.js";

/** @typedef {import("./state.js").Card} Card @typedef {import("./state.js").Offer} Offer */

/** @type {string} */
let chosenLanguage = "";
let shownOffer = "";
let shownCard = "";

/** The greeting in the chosen language, else the first. @param {Card} card */
function greeting(card) {
  return card.greetings.find((one) => one.language === chosenLanguage) ?? card.greetings[0];
}

/** The caller's name or, failing that, who it may be, or the words for not knowing. @param {Card} card @param {(import("./patient.js").Patient|null)[]} [taken] who was chosen: whoever of those it may be is no guess any more */
export function callerName(card, taken = []) {
  if (card.caller.masked) return word("number_masked");
  if (card.caller.display) return card.caller.display;
  const [one, ...more] = mayBe(card);
  if (!one) return word("caller_unknown");
  const known = taken.find((who) => who && [one, ...more].some(({ id }) => id === who.id));
  if (known) return known.name;
  return more.length ? word("caller_may_be_of", { count: more.length + 1 }) : word("caller_may_be", { name: one.name });
}

/** Who may be calling, under the name and the number. @param {Card} card */
function paintMayBe(card) {
  const known = mayBe(card);
  const named = known.length === 1 && !card.caller.display;
  const rows = known.map(({ name, about }) => (named ? about : word("caller_may_be_row", { name, about })));
  const place = byId("ring-known");
  show(place, rows.length > 0);
  if (place.dataset.rows === rows.join()) return;
  place.dataset.rows = rows.join();
  place.replaceChildren(...rows.map((text) => make("li", {}, text)));
}

/** The caller's number, as it is spelled once the site has said how; nothing when it is masked. @param {Card} card */
export function callerNumber(card) {
  const number = card.caller.masked ? "" : card.caller.number ?? "";
  return number ? spelled(number, card.client ?? "") : "";
}

/** @param {Card} card */
function placeOf(card) {
  if (card.unknown_line) return word("unknown_line", { line: card.called_line });
  const sector = hasWord(`sector_${card.sector}`) ? word(`sector_${card.sector}`) : "";
  return [sector, card.place].filter(Boolean).join(", ");
}

/** @param {HTMLElement} element @param {Card} card */
function colour(element, card) {
  if (card.colour) element.setAttribute("data-client", String(card.colour));
  else element.removeAttribute("data-client");
}

/** @param {Card} card */
function languages(card) {
  const box = byId("ring-languages");
  show(box, card.greetings.length > 1);
  const codes = [...new Set(card.greetings.map((one) => one.language))];
  box.replaceChildren(
    ...codes.map((code) => {
      const input = /** @type {HTMLInputElement} */ (make("input", { type: "radio", name: "greeting", value: code, checked: greeting(card)?.language === code }));
      input.addEventListener("change", () => {
        chosenLanguage = code;
        phrase(card);
      });
      return make("label", {}, input, make("span", { lang: code }, languageName(code)));
    }),
  );
}

/** @param {Card} card */
function phrase(card) {
  const chosen = greeting(card);
  for (const id of ["ring-say", "desk-say"]) {
    const element = byId(id);
    element.lang = chosen?.language ?? "";
    say(element, chosen ? spoken(chosen.text) : "");
    show(element, Boolean(chosen));
  }
}

/** Why this call comes to her, one sentence a reason. @param {string} place @param {{code: string, params?: Record<string, string|number>, detail?: string, name?: string}[]} reasons */
function why(place, reasons) {
  const rows = reasons.map(({ code, params, detail, name }) => {
    const values = { detail: detail ?? "", name: name ?? "", ...(params ?? {}) };
    if (code === "speaks") values.detail = languageInWords(String(values.detail));
    if (code === "longest_ready" || code === "waited") values.detail = running(Number(values.detail) * 1000);
    const after = `why_offer_${values.detail}${values.name ? "_by" : ""}`;
    if (code === "offer_ended" && hasWord(after)) return make("li", {}, word(after, values));
    return make("li", {}, hasWord(`why_${code}`) ? word(`why_${code}`, values) : [code, ...Object.values(values)].filter(Boolean).join(" "));
  });
  byId(place).replaceChildren(...rows);
}

/** Paints the ringing view of an offer; once an offer. @param {Offer} offer @param {number} now */
export function paintOffer(offer, now) {
  if (shownOffer === offer.offer) return;
  shownOffer = offer.offer;
  chosenLanguage = "";
  const { card } = offer;
  colour(byId("ring"), card);
  say(byId("ring-name"), card.name);
  say(byId("ring-place"), placeOf(card));
  phrase(card);
  languages(card);
  paintAbsences(byId("ring-absences"), card, now);
  say(byId("ring-caller"), callerName(card));
  say(byId("ring-number"), callerNumber(card));
  why("ring-why", card.why ?? /** @type {any} */ (offer.why));
  paintOfferTime(offer, now);
}

/** What counts in the ringing view; every second. @param {Offer} offer @param {number} now @param {number} [offerSeconds] */
export function paintOfferTime(offer, now, offerSeconds = 12) {
  say(byId("ring-number"), callerNumber(offer.card));
  const caller = callerName(offer.card);
  say(byId("ring-caller"), caller);
  // Said again once it is known who may be calling, as the card shows it.
  if (shownOffer === offer.offer) say(byId("alert"), word("alert_offer", { client: offer.card.name, caller }));
  paintMayBe(offer.card);
  const { unknown_line: unknown, place, time_zone: zone } = offer.card;
  say(byId("ring-local-where"), unknown ? word("house_time") : place ? word("local_time_at", { place }) : word("local_time"));
  say(byId("ring-local"), clock(now, unknown ? config.timeZone : zone));
  say(byId("ring-since"), running(now - offer.arrived_ms));
  const left = Math.max(0, Math.ceil((offer.until_ms - now) / 1000));
  say(byId("ring-left"), word("offer_left", { seconds: left }));
  byId("ring-bar").style.setProperty("--done", `${Math.min(100, (left / offerSeconds) * 100)}%`);
}

/** Paints the left of the desk; once a card. @param {string} key @param {Card} card @param {number} now */
export function paintDesk(key, card, now) {
  if (shownCard === key) return;
  shownCard = key;
  if (!card.greetings.some((one) => one.language === chosenLanguage)) chosenLanguage = "";
  colour(byId("desk-client"), card);
  colour(byId("callbar"), card);
  phrase(card);
  show(byId("desk-why-part"), Boolean(card.why?.length));
  why("desk-why", card.why ?? []);
  paintAbsences(byId("desk-absences"), card, now);
  const open = card.open_until_ms ? word("open_until", { hour: sentenceHour(card.open_until_ms, card.time_zone) }) : "";
  const local = card.unknown_line ? "" : card.place ? word("local_at", { hour: sentenceHour(now, card.time_zone), place: card.place }) : word("local", { hour: sentenceHour(now, card.time_zone) });
  const note = byId("desk-local");
  show(note, Boolean(local || open));
  note.replaceChildren(icon("clock"), ` ${[local, open].filter(Boolean).join(", ")}`);
}

/** The next offer is painted afresh even when it has the same id (the page was re-attached). */
export function forgetOffer() {
  shownOffer = "";
}
