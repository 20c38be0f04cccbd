// SPDX-License-Identifier: AGPL-3.0-or-later
// Red flags that were heard: above the form, in solid red, with the words to say. They take no focus and stay until she said them or judged a false alarm.
import { byId, icon, make } from "./dom.js";
import { known, language, word } from "./words.js";

/** @typedef {import("./answers.js").Standing} Standing @typedef {import("./state.js").Card} Card */

/** The red flags nobody has dealt with, in the order of the script. @param {Standing|null} at */
export function pending(at) {
  return at ? (at.script.red_flags ?? []).filter((flag) => at.progress.red_flags.includes(flag.id) && !at.given.said.includes(flag.id)) : [];
}

/** @param {Card} card @param {Standing|null} at @param {{said: (id: string) => void, dismiss: (id: string) => void, keys: boolean}} acts `keys`: whether the keys act on the first of them */
export function paintRedFlags(card, at, acts) {
  const box = byId("red-flags");
  const waiting = pending(at);
  const said = (at?.script.red_flags ?? []).filter((flag) => at?.given.said.includes(flag.id));
  const text = JSON.stringify([card.client, waiting.map(({ id }) => id), said.map(({ id }) => id), acts.keys, known.forward, known.red_flag_false]);
  if (box.dataset.text === text) return;
  box.dataset.text = text;
  const writing = document.activeElement;
  box.replaceChildren(...waiting.map((flag, n) => alarm(card, at, flag, acts, n === 0)), ...said.map((flag) => make("p", { class: "red-flag__said" }, icon("check"), ` ${word("red_flag_was_said", { label: flag.label })}`)));
  // What stands above takes room: the field she is writing in stays in sight.
  if (writing && byId("form").contains(writing)) writing.scrollIntoView({ block: "nearest" });
}

/** @param {Card} card @param {Standing|null} at @param {import("./script.js").RedFlag} flag @param {{said: (id: string) => void, dismiss: (id: string) => void, keys: boolean}} acts @param {boolean} first */
function alarm(card, at, flag, acts, first) {
  const keyed = first && acts.keys;
  const press = (/** @type {string} */ words, /** @type {string} */ key, /** @type {() => void} */ act) => {
    const one = make("button", { class: "btn btn--sm", type: "button" }, word(words), keyed && " ", keyed && make("kbd", {}, known[key] ?? ""));
    one.addEventListener("click", act);
    return one;
  };
  const name = card.form.recipients.find((one) => one.id === flag.alert?.recipient)?.name;
  const validated = Date.parse(card.script?.validated_date ?? "");
  return make(
    "div",
    { class: "notice notice--alarm red-flag", role: "alert" },
    icon("alert"),
    make(
      "div",
      { class: "stack stack--tight" },
      make("strong", {}, word("red_flag_heard", { label: flag.label })),
      make("p", { class: "say say--medium", lang: at?.script.language }, `«\u00a0${flag.say}\u00a0»`),
      flag.asks?.length ? make("ul", { class: "red-flag__asks", lang: at?.script.language }, ...flag.asks.map((ask) => make("li", {}, `«\u00a0${ask}\u00a0»`))) : null,
      make("div", { class: "cluster" }, press("red_flag_said", "forward", () => acts.said(flag.id)), press("red_flag_false", "red_flag_false", () => acts.dismiss(flag.id))),
      make("p", { class: "red-flag__valid" }, name ? `${word("red_flag_alerts", { name })} ` : "", Number.isNaN(validated) ? "" : word("red_flag_validated", { day: new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(validated) })),
    ),
  );
}
