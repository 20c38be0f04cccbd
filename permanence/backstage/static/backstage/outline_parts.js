// SPDX-License-Identifier: AGPL-3.0-or-later
// Fields and buttons of which the form of a script is made: each writes into a part of the script as it is typed.

/** @typedef {import("../../../console/static/console/script.js").Script} Script @typedef {import("../../../console/static/console/script.js").Question} Question
 * @typedef {import("../../../console/static/console/script.js").Route} Route @typedef {import("../../../console/static/console/script.js").Clause} Clause
 * @typedef {import("../../../console/static/console/script.js").RedFlag} RedFlag @typedef {import("../../../console/static/console/script.js").Progress} Progress
 * @typedef {{name: string, answers: Record<string, string>, heard?: string, expect: {route: string, red_flags?: string[], asked?: string[], missing?: string[]}}} Sample
 * @typedef {Script & {samples?: Sample[]}} Whole
 * @typedef {{script: Whole, words: Record<string, string>, recipients: {id: string, name: string}[], run: (script: Script, answers: Record<string, string>, heard: string) => Progress, watch: Set<() => void>, keep: () => void, redraw: () => void}} Place
 */

/** What holds where a script says nothing. @type {Record<string, string>} */
const PRESET = { urgency: "today", outcome: "message" };

/** @param {string} tag @param {Record<string, string>} attributes @param {...(Node|string)} children */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** @param {string} words @param {() => void} act @param {string} [label] */
export function press(words, act, label) {
  const one = make("button", { class: "btn btn--sm", type: "button", ...(label ? { "aria-label": label } : {}) }, words);
  one.addEventListener("click", act);
  return one;
}

/** A text of a part; it is written as it is typed. @param {Place} at @param {any} part @param {string} name @param {string} [called] the word for it, where that is not its name */
export function textField(at, part, name, called = name) {
  const input = /** @type {HTMLTextAreaElement} */ (make("textarea", { rows: "1", maxlength: "600" }));
  input.value = part[name] ?? "";
  input.addEventListener("input", () => {
    part[name] = input.value;
    at.keep();
  });
  return make("label", { class: "outline__field" }, make("span", {}, at.words[called]), input);
}

/** A list of texts, one a line. @param {Place} at @param {any} part @param {string} name */
export function linesField(at, part, name) {
  const input = /** @type {HTMLTextAreaElement} */ (make("textarea", { rows: "2" }));
  input.value = (part[name] ?? []).join("\n");
  input.addEventListener("input", () => {
    const lines = input.value.split("\n").map((one) => one.trim()).filter(Boolean);
    if (lines.length) part[name] = lines;
    else delete part[name];
    at.keep();
  });
  return make("label", { class: "outline__field" }, make("span", {}, at.words[name]), input);
}

/** @param {Place} at @param {any} part @param {string} name @param {[string, string][]} options @param {boolean} [redraws] */
export function selectField(at, part, name, options, redraws = false) {
  const select = /** @type {HTMLSelectElement} */ (make("select", {}, ...options.map(([value, words]) => make("option", { value }, words))));
  select.value = part[name] ?? PRESET[name] ?? "";
  select.addEventListener("change", () => {
    if (select.value) part[name] = select.value;
    else delete part[name];
    at.keep();
    if (redraws) at.redraw();
  });
  return make("label", { class: "outline__field" }, make("span", {}, at.words[name]), select);
}

/** @param {Place} at @param {any} part @param {string} name @param {boolean} [preset] what holds where nothing is written */
export function tick(at, part, name, preset = false) {
  const input = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox" }));
  input.checked = part[name] ?? preset;
  input.addEventListener("change", () => {
    if (input.checked === preset) delete part[name];
    else part[name] = input.checked;
    at.keep();
  });
  return make("label", { class: "check" }, input, ` ${at.words[name]}`);
}

/** An id that nothing bears yet. @param {string} stem @param {string[]} taken */
export function fresh(stem, taken) {
  let n = taken.length + 1;
  while (taken.includes(`${stem}_${n}`)) n += 1;
  return `${stem}_${n}`;
}

/** Up, down, remove. @param {Place} at @param {any[]} list @param {number} n @param {string} named */
export function moves(at, list, n, named) {
  const say = (/** @type {string} */ words) => `${words}: ${named}`;
  const to = (/** @type {number} */ place) => {
    const [one] = list.splice(n, 1);
    if (place >= 0) list.splice(place, 0, one);
    at.keep();
    at.redraw();
  };
  const up = /** @type {HTMLButtonElement} */ (press("↑", () => to(n - 1), say(at.words.up)));
  const down = /** @type {HTMLButtonElement} */ (press("↓", () => to(n + 1), say(at.words.down)));
  up.disabled = n === 0;
  down.disabled = n === list.length - 1;
  return make("span", { class: "cluster" }, up, down, press(at.words.remove, () => to(-1), say(at.words.remove)));
}

/** The answers a clause may name. @param {Place} at @param {Question|undefined} question @returns {[string, string][]} */
export function answersOf(at, question) {
  if (question?.kind === "yes_no") return [["yes", at.words.yes], ["no", at.words.no]];
  return (question?.choices ?? []).map(({ code, label }) => [code, label]);
}

/** A clause on a question, to be changed. @param {Place} at @param {Question} question @returns {Clause} */
function anyOf(at, question) {
  const [first] = answersOf(at, question);
  return question.kind === "number" ? { question: question.id, below: 1 } : { question: question.id, one_of: first ? [first[0]] : [] };
}

/** When a part counts: clauses on the questions before it. @param {Place} at @param {{when?: Clause[]}} part @param {Question[]} before @param {string} [called] the word for one more */
export function whens(at, part, before, called = "add_when") {
  const deciding = before.filter((one) => ["choice", "yes_no", "number"].includes(one.kind));
  const rows = (part.when ?? []).map((clause, n) => clauseRow(at, part, clause, n, deciding));
  const add = press(at.words[called], () => {
    part.when = [...(part.when ?? []), anyOf(at, deciding[deciding.length - 1])];
    at.keep();
    at.redraw();
  });
  return make("div", { class: "outline__when" }, ...rows, ...(deciding.length ? [add] : []));
}

/** @param {Place} at @param {{when?: Clause[]}} part @param {Clause} clause @param {number} n @param {Question[]} deciding */
function clauseRow(at, part, clause, n, deciding) {
  const question = deciding.find((one) => one.id === clause.question);
  const select = selectField(at, clause, "question", deciding.map(({ id, label }) => [id, label]));
  select.addEventListener("change", () => {
    const chosen = deciding.find((one) => one.id === clause.question);
    if (chosen && part.when) part.when[n] = anyOf(at, chosen);
    at.keep();
    at.redraw();
  });
  const values = question?.kind === "number" ? ["at_least", "below"].map((name) => limit(at, clause, /** @type {"at_least"|"below"} */ (name))) : answersOf(at, question).map(([code, label]) => oneOf(at, clause, code, label));
  const gone = press(at.words.remove, () => {
    part.when = (part.when ?? []).filter((_, m) => m !== n);
    if (!part.when.length) delete part.when;
    at.keep();
    at.redraw();
  }, `${at.words.remove}: ${at.words.question} ${question?.label ?? clause.question}`);
  return make("div", { class: "cluster" }, select, ...values, gone);
}

/** @param {Place} at @param {Clause} clause @param {string} code @param {string} label */
function oneOf(at, clause, code, label) {
  const input = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox" }));
  input.checked = clause.one_of?.includes(code) ?? false;
  input.addEventListener("change", () => {
    const others = (clause.one_of ?? []).filter((one) => one !== code);
    clause.one_of = input.checked ? [...others, code] : others;
    delete clause.at_least;
    delete clause.below;
    at.keep();
  });
  return make("label", { class: "check" }, input, ` ${label}`);
}

/** @param {Place} at @param {Clause} clause @param {"at_least"|"below"} name */
function limit(at, clause, name) {
  const input = /** @type {HTMLInputElement} */ (make("input", { type: "number", step: "any" }));
  input.value = clause[name] == null ? "" : String(clause[name]);
  input.addEventListener("input", () => {
    delete clause.one_of;
    if (input.value) clause[name] = Number(input.value);
    else delete clause[name];
    at.keep();
  });
  return make("label", { class: "outline__field" }, make("span", {}, at.words[name]), input);
}
