// SPDX-License-Identifier: AGPL-3.0-or-later
// What a change left behind, and the steps that put it in order: which sample call ends otherwise, as it stands and as the script now does it.
import { make, press } from "./outline_parts.js";

/** @typedef {{place: number, name: string, before: string[], after: string[], text: string}} SampleOffer
 * @typedef {{changes: string[], samples: SampleOffer[], text: string}} Offer */

/** The lines that differ, or all where none does. @param {string[]} lines @param {string[]} others */
function differing(lines, others) {
  const found = lines.filter((one) => !others.includes(one));
  return found.length ? found : lines;
}

/** @param {SampleOffer} sample @param {Record<string, string>} words @param {Node[]} steps */
function sampleOffer(sample, words, steps) {
  const told = (/** @type {string} */ title, /** @type {string[]} */ lines) => [make("dt", {}, title), make("dd", {}, ...differing(lines, lines === sample.before ? sample.after : sample.before).map((one) => make("div", {}, one)))];
  return make("li", {}, make("strong", {}, sample.name), make("dl", { class: "offer__sides" }, ...told(words.it_says, sample.before), ...told(words.script_does, sample.after)), make("div", { class: "cluster" }, ...steps));
}

/** Draws what is offered. `take` writes the whole text; `change` one sample call, null to remove it.
 * @param {HTMLElement} box @param {Offer|undefined} offer @param {Record<string, string>} words @param {(text: string) => void} take @param {(place: number, sample: object|null) => void} change */
export function showOffer(box, offer, words, take, change) {
  box.inert = false;
  box.hidden = !offer?.text;
  if (!offer?.text) return box.replaceChildren();
  const alone = !offer.changes.length; // what the samples end at may be made by the changes: then they go together
  const samples = offer.samples.map((one) => sampleOffer(one, words, alone ? [press(words.correct, () => change(one.place, JSON.parse(one.text)), `${words.correct}: ${one.name}`), press(words.remove, () => change(one.place, null), `${words.remove}: ${one.name}`)] : []));
  const all = press(alone ? words.correct_all : words.put_in_order, () => take(offer.text));
  all.classList.add("btn--primary");
  return box.replaceChildren(make("h3", {}, alone ? words.offer_samples : words.offer_changes), all, make("ul", { class: "scripts__faults" }, ...offer.changes.map((one) => make("li", {}, one))), make("ul", { class: "offer__samples" }, ...samples));
}
