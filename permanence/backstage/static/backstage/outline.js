// SPDX-License-Identifier: AGPL-3.0-or-later
// The script as a form: its questions and routes in order, each to be written, moved, removed, and bound to earlier answers. The JSON text stays the truth; this writes it.

/** @typedef {import("../../../console/static/console/script.js").Script} Script @typedef {import("../../../console/static/console/script.js").Question} Question
 * @typedef {import("../../../console/static/console/script.js").Route} Route @typedef {import("../../../console/static/console/script.js").Clause} Clause
 * @typedef {{script: Script, words: Record<string, string>, recipients: {id: string, name: string}[], keep: () => void, redraw: () => void}} Place */

const KINDS = ["text", "choice", "number", "yes_no", "date", "phone", "recipient"];
const ACTS = ["message", "appointment", "transfer", "ticket", "information"];
const URGENCIES = ["information", "today", "urgent"];

/** @param {string} tag @param {Record<string, string>} attributes @param {...(Node|string)} children */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** @param {string} words @param {() => void} act @param {string} [label] */
function press(words, act, label) {
  const one = make("button", { class: "btn btn--sm", type: "button", ...(label ? { "aria-label": label } : {}) }, words);
  one.addEventListener("click", act);
  return one;
}

/** A text of a part; it is written as it is typed. @param {Place} at @param {any} part @param {string} name */
function textField(at, part, name) {
  const input = /** @type {HTMLTextAreaElement} */ (make("textarea", { rows: "1", maxlength: "600" }));
  input.value = part[name] ?? "";
  input.addEventListener("input", () => {
    if (input.value) part[name] = input.value;
    else delete part[name];
    at.keep();
  });
  return make("label", { class: "outline__field" }, make("span", {}, at.words[name]), input);
}

/** @param {Place} at @param {any} part @param {string} name @param {[string, string][]} options @param {boolean} [redraws] */
function selectField(at, part, name, options, redraws = false) {
  const select = /** @type {HTMLSelectElement} */ (make("select", {}, ...options.map(([value, words]) => make("option", { value }, words))));
  select.value = part[name] ?? "";
  select.addEventListener("change", () => {
    if (select.value) part[name] = select.value;
    else delete part[name];
    at.keep();
    if (redraws) at.redraw();
  });
  return make("label", { class: "outline__field" }, make("span", {}, at.words[name]), select);
}

/** @param {Place} at @param {any} part @param {string} name */
function tick(at, part, name) {
  const input = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox" }));
  input.checked = part[name] === true;
  input.addEventListener("change", () => {
    if (input.checked) part[name] = true;
    else delete part[name];
    at.keep();
  });
  return make("label", { class: "check" }, input, ` ${at.words[name]}`);
}

/** An id that nothing bears yet. @param {string} stem @param {string[]} taken */
function fresh(stem, taken) {
  let n = taken.length + 1;
  while (taken.includes(`${stem}_${n}`)) n += 1;
  return `${stem}_${n}`;
}

/** Up, down, remove. @param {Place} at @param {any[]} list @param {number} n @param {string} named */
function moves(at, list, n, named) {
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
function answersOf(at, question) {
  if (question?.kind === "yes_no") return [["yes", at.words.yes], ["no", at.words.no]];
  return (question?.choices ?? []).map(({ code, label }) => [code, label]);
}

/** A clause on a question, to be changed. @param {Place} at @param {Question} question @returns {Clause} */
function anyOf(at, question) {
  const [first] = answersOf(at, question);
  return question.kind === "number" ? { question: question.id, below: 1 } : { question: question.id, one_of: first ? [first[0]] : [] };
}

/** When a part counts: clauses on the questions before it. @param {Place} at @param {Question|Route} part @param {Question[]} before */
function whens(at, part, before) {
  const deciding = before.filter((one) => ["choice", "yes_no", "number"].includes(one.kind));
  const rows = (part.when ?? []).map((clause, n) => clauseRow(at, part, clause, n, deciding));
  const add = press(at.words.add_when, () => {
    part.when = [...(part.when ?? []), anyOf(at, deciding[deciding.length - 1])];
    at.keep();
    at.redraw();
  });
  return make("div", { class: "outline__when" }, ...rows, ...(deciding.length ? [add] : []));
}

/** @param {Place} at @param {Question|Route} part @param {Clause} clause @param {number} n @param {Question[]} deciding */
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

/** @param {Place} at @param {Question} question @param {Question[]} after */
function choices(at, question, after) {
  const list = question.choices ?? [];
  const onward = /** @type {[string, string][]} */ ([["", at.words.next_question], ...after.map(({ id, label }) => [id, label]), ["end", at.words.end]]);
  const rows = list.map((choice, n) => make("li", { class: "cluster" }, textField(at, choice, "label"), selectField(at, choice, "then", onward), moves(at, list, n, choice.label)));
  const add = press(at.words.add_choice, () => {
    question.choices = [...list, { code: fresh("answer", list.map(({ code }) => code)), label: at.words.new_choice }];
    at.keep();
    at.redraw();
  });
  return make("div", {}, make("ul", { class: "outline__choices" }, ...rows), add);
}

/** @param {Place} at @param {Question} question @param {number} n */
function questionRow(at, question, n) {
  const all = at.script.questions;
  const kind = selectField(at, question, "kind", KINDS.map((one) => [one, at.words[`kind_${one}`]]), true);
  kind.addEventListener("change", () => {
    if (question.kind !== "choice") delete question.choices;
    at.keep();
  });
  const fills = question.kind === "text" ? [selectField(at, question, "fills", [["", at.words.fills_text], ["name", at.words.fills_name]])] : question.kind === "phone" ? [selectField(at, question, "fills", [["", at.words.fills_text], ["number", at.words.fills_number]])] : [];
  const details = make(
    "details",
    { class: "outline__part", "data-part": question.id },
    make("summary", {}, make("strong", {}, `${n + 1}. ${question.label}`), make("span", { class: "muted" }, ` ${question.ask}`)),
    make("div", { class: "outline__body" }, textField(at, question, "ask"), textField(at, question, "label"), textField(at, question, "hint"), make("div", { class: "cluster" }, kind, ...fills, tick(at, question, "required"), tick(at, question, "read_back")), ...(question.kind === "choice" ? [choices(at, question, all.slice(n + 1))] : []), whens(at, question, all.slice(0, n))),
  );
  return make("li", {}, details, moves(at, all, n, question.label));
}

/** @param {Place} at @param {Route} route @param {number} n */
function routeRow(at, route, n) {
  const { script, words } = at;
  const asked = script.questions.filter((one) => one.kind === "recipient");
  const body = [
    textField(at, route, "label"),
    make(
      "div",
      { class: "cluster" },
      selectField(at, route, "act", ACTS.map((one) => [one, words[`act_${one}`]]), true),
      ...(route.recipient_from ? [] : [selectField(at, route, "recipient", [["", words.nobody], ...at.recipients.map(({ id, name }) => /** @type {[string, string]} */ ([id, name]))])]),
      ...(asked.length && !route.recipient ? [selectField(at, route, "recipient_from", [["", words.nobody], ...asked.map(({ id, label }) => /** @type {[string, string]} */ ([id, label]))], true)] : []),
      selectField(at, route, "urgency", URGENCIES.map((one) => [one, words[`urgency_${one}`]])),
    ),
    ...(route.act === "transfer" ? [textField(at, route, "number")] : []),
    textField(at, route, "say"),
    whens(at, route, script.questions),
  ];
  const details = make("details", { class: "outline__part", "data-part": route.id }, make("summary", {}, make("strong", {}, route.label)), make("div", { class: "outline__body" }, ...body));
  return make("li", {}, details, moves(at, script.routes, n, route.label));
}

/** Draws the form of a script into `box`; what was open stays open. @param {HTMLElement} box @param {Place} at */
export function outline(box, at) {
  const open = new Set([...box.querySelectorAll("details[open]")].map((one) => /** @type {HTMLElement} */ (one).dataset.part));
  const { script, words } = at;
  const add = (/** @type {any[]} */ list, /** @type {any} */ part) => {
    list.push(part);
    at.keep();
    at.redraw();
    const made = /** @type {HTMLDetailsElement|null} */ (box.querySelector(`[data-part="${part.id}"]`));
    if (!made) return;
    made.open = true;
    made.querySelector("textarea")?.focus();
  };
  const ids = [...script.questions, ...script.routes].map(({ id }) => id);
  box.replaceChildren(
    make("h3", {}, words.questions),
    make("ol", { class: "outline" }, ...script.questions.map((one, n) => questionRow(at, one, n))),
    press(words.add_question, () => add(script.questions, { id: fresh("question", ids), kind: "text", ask: words.new_question, label: words.new_label })),
    make("h3", {}, words.routes),
    make("ol", { class: "outline" }, ...script.routes.map((one, n) => routeRow(at, one, n))),
    press(words.add_route, () => add(script.routes, { id: fresh("route", ids), act: "message", label: words.new_label, recipient: at.recipients[0]?.id ?? "" })),
  );
  for (const part of box.querySelectorAll("details")) if (open.has(part.dataset.part)) part.open = true;
}
