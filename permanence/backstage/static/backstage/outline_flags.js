// SPDX-License-Identifier: AGPL-3.0-or-later
// A red flag as a form: what raises it, the words to say, whom it alerts.
import { linesField, make, moves, textField, whens } from "./outline_parts.js";

/** @typedef {import("./outline_parts.js").Place} Place @typedef {import("./outline_parts.js").RedFlag} RedFlag */

/** Whom it tells at once. @param {Place} at @param {RedFlag} flag */
function alerted(at, flag) {
  const options = [["", at.words.nobody], ...at.recipients.map(({ id, name }) => [id, name])];
  const select = /** @type {HTMLSelectElement} */ (make("select", {}, ...options.map(([value, words]) => make("option", { value }, words))));
  select.value = flag.alert?.recipient ?? "";
  select.addEventListener("change", () => {
    if (select.value) flag.alert = { recipient: select.value };
    else delete flag.alert;
    at.keep();
  });
  return make("label", { class: "outline__field" }, make("span", {}, at.words.alert), select);
}

/** @param {Place} at @param {RedFlag[]} list @param {RedFlag} flag @param {number} n */
export function flagRow(at, list, flag, n) {
  const body = [textField(at, flag, "label", "flag_label"), linesField(at, flag, "words"), whens(at, flag, at.script.questions, "add_raised"), textField(at, flag, "say", "flag_say"), linesField(at, flag, "asks"), alerted(at, flag)];
  const details = make("details", { class: "outline__part", "data-part": `flag:${n}` }, make("summary", {}, make("strong", {}, flag.label), " ", make("span", { class: "muted outline__ask" }, flag.say)), make("div", { class: "outline__body" }, ...body));
  return make("li", {}, details, moves(at, list, n, flag.label));
}
