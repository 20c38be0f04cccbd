// SPDX-License-Identifier: AGPL-3.0-or-later
// The client's directory and sites, as the offer brought them: whom there is, which number may be given, how one gets there.
import { byId, icon, make, show } from "./dom.js";
import { word } from "./words.js";

/** @typedef {import("./state.js").Card} Card @typedef {import("./state.js").Contact} Contact @typedef {import("./state.js").Site} Site */

/** From how many contacts on one is looked for by typing. */
const MANY = 7;
/** What a caller asks, in the order in which it is read out. */
const FACTS = /** @type {const} */ ([
  ["address", "site_address"],
  ["access", "site_access"],
  ["floor", "site_floor"],
  ["lift", "site_lift"],
  ["parking", "site_parking"],
  ["hours", "site_hours"],
]);
/** To whom a number may be given: the icon and the words; what is not known here is given to nobody. */
const GIVEN = { callers: ["check", "number_for_callers"], professionals: ["users", "number_for_professionals"], nobody: ["x", "number_for_nobody"] };
const LIFTS = { yes: "lift_yes", no: "lift_no" };

let shown = "";
/** @type {Contact[]} */
let contacts = [];
const find = /** @type {HTMLInputElement} */ (byId("directory-find"));

/** Small letters without accents, digits without the spaces between them. @param {string} text */
function plain(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/(?<=\d)[\s.\-/]+(?=\d)/g, "");
}

/** @param {Contact} one */
export function contactRow(one) {
  const numbers = one.numbers.map((number, place) => make("span", { class: "nowrap directory__number" }, one.shown[place] ?? number));
  const [mark, given] = GIVEN[/** @type {keyof typeof GIVEN} */ (one.number_for)] ?? GIVEN.nobody;
  return make(
    "li",
    {},
    make("p", {}, make("strong", {}, one.name), one.function && make("span", { class: "muted" }, ` ${one.function}`)),
    numbers.length > 0 && make("p", { class: "cluster" }, ...numbers, make("span", { class: "badge" }, icon(mark), ` ${word(given)}`)),
    one.may_say && make("p", { class: "directory__say" }, one.may_say),
  );
}

/** Those that fit what was typed. */
function paintContacts() {
  const wanted = plain(find.value.trim()).split(/\s+/);
  const fitting = contacts.filter((one) => {
    const text = plain([one.name, one.function, ...one.numbers, ...one.shown].join(" "));
    return wanted.every((part) => text.includes(part));
  });
  const none = word(contacts.length ? "directory_not_found" : "directory_none");
  byId("directory").replaceChildren(...(fitting.length ? fitting.map(contactRow) : [make("li", { class: "muted" }, none)]));
}

/** @param {Site} site */
function siteBlock(site) {
  const lift = LIFTS[/** @type {keyof typeof LIFTS} */ (site.lift)];
  const said = { ...site, lift: lift ? word(lift) : "" };
  const facts = FACTS.filter(([field]) => said[field]).flatMap(([field, label]) => [make("dt", {}, word(label)), make("dd", {}, said[field])]);
  return make("section", { class: "site" }, make("h3", {}, site.name), facts.length > 0 && make("dl", { class: "site__facts" }, ...facts));
}

/** Paints both; once a card. @param {string} key @param {Card} card */
export function paintDirectory(key, card) {
  if (shown === key) return;
  shown = key;
  contacts = card.contacts ?? [];
  find.value = "";
  show(byId("directory-find-box"), contacts.length >= MANY);
  paintContacts();
  const sites = card.sites ?? [];
  byId("sites").replaceChildren(...(sites.length ? sites.map(siteBlock) : [make("p", { class: "site muted" }, word("sites_none"))]));
}

find.addEventListener("input", paintContacts);
