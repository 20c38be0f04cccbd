// SPDX-License-Identifier: AGPL-3.0-or-later
// The script as a form: title, questions, routes, red flags and sample calls, each to be written, moved, removed, and bound to earlier answers. The JSON text stays the truth; this writes it.
import { flagRow } from "./outline_flags.js";
import { answersOf, fresh, make, moves, press, selectField, textField, tick, whens } from "./outline_parts.js";
import { sampleRow } from "./outline_samples.js";

/** @typedef {import("./outline_parts.js").Place} Place @typedef {import("./outline_parts.js").Whole} Whole @typedef {import("./outline_parts.js").Sample} Sample
 * @typedef {import("./outline_parts.js").Question} Question @typedef {import("./outline_parts.js").Route} Route @typedef {import("./outline_parts.js").RedFlag} RedFlag */

const KINDS = ["text", "choice", "number", "yes_no", "date", "phone", "recipient"];
const ACTS = ["message", "appointment", "transfer", "ticket", "information"];
const URGENCIES = ["information", "today", "urgent"];
const OUTCOMES = ["message", "information", "wrong_number", "no_words"];

/** Where an answer or a question may lead. @param {Place} at @param {Question[]} after @returns {[string, string][]} */
function onward(at, after) {
  return [["", at.words.next_question], ...after.map(({ id, label }) => /** @type {[string, string]} */ ([id, label])), ["end", at.words.end]];
}

/** @param {Place} at @param {Question} question @param {Question[]} after */
function choices(at, question, after) {
  const list = question.choices ?? [];
  const rows = list.map((choice, n) => make("li", { class: "cluster" }, textField(at, choice, "label"), selectField(at, choice, "then", onward(at, after)), moves(at, list, n, choice.label)));
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
    make("summary", {}, make("strong", {}, `${n + 1}. ${question.label}`), " ", make("span", { class: "muted outline__ask" }, question.ask)),
    make("div", { class: "outline__body" }, textField(at, question, "ask"), textField(at, question, "label"), textField(at, question, "hint"), make("div", { class: "cluster" }, kind, ...fills, tick(at, question, "required"), tick(at, question, "read_back"), selectField(at, question, "then", onward(at, all.slice(n + 1)))), ...(question.kind === "choice" ? [choices(at, question, all.slice(n + 1))] : []), whens(at, question, all.slice(0, n))),
  );
  return make("li", {}, details, moves(at, all, n, question.label));
}

/** @param {Place} at @param {Route} route @param {number} n */
function routeRow(at, route, n) {
  const { script, words } = at;
  const asked = script.questions.filter((one) => one.kind === "recipient");
  const act = selectField(at, route, "act", ACTS.map((one) => [one, words[`act_${one}`]]));
  act.addEventListener("change", () => {
    route.outcome = route.act === "information" ? "information" : "message";
    if (route.act !== "transfer") {
      delete route.number;
      delete route.announced;
    }
    at.keep();
    at.redraw();
  });
  const body = [
    textField(at, route, "label", "route_label"),
    make(
      "div",
      { class: "cluster" },
      act,
      ...(route.recipient_from ? [] : [selectField(at, route, "recipient", [["", words.nobody], ...at.recipients.map(({ id, name }) => /** @type {[string, string]} */ ([id, name]))], asked.length > 0)]),
      ...(asked.length && !route.recipient ? [selectField(at, route, "recipient_from", [["", words.nobody], ...asked.map(({ id, label }) => /** @type {[string, string]} */ ([id, label]))], true)] : []),
      selectField(at, route, "urgency", URGENCIES.map((one) => [one, words[`urgency_${one}`]])),
      selectField(at, route, "outcome", OUTCOMES.map((one) => [one, words[`outcome_${one}`]])),
    ),
    ...(route.act === "transfer" ? [make("div", { class: "cluster" }, textField(at, route, "number"), tick(at, route, "announced", true))] : []),
    textField(at, route, "say"),
    whens(at, route, script.questions),
  ];
  const details = make("details", { class: "outline__part", "data-part": route.id }, make("summary", {}, make("strong", {}, route.label)), make("div", { class: "outline__body" }, ...body));
  return make("li", {}, details, moves(at, script.routes, n, route.label));
}

/** A new route counts for one answer only, and stands before the one that takes all the rest. @param {Place} at @param {string} id */
function newRoute(at, id) {
  const { script } = at;
  const route = /** @type {Route} */ ({ id, act: "message", label: at.words.new_label, recipient: at.recipients[0]?.id ?? "" });
  const deciding = script.questions.find((one) => answersOf(at, one).length);
  if (deciding) route.when = [{ question: deciding.id, one_of: [answersOf(at, deciding)[0][0]] }];
  const last = script.routes.at(-1);
  script.routes.splice(last && !last.when?.length ? script.routes.length - 1 : script.routes.length, 0, route);
  return route;
}

/** One list of parts with its title and a button for one more. @param {Place} at @param {HTMLElement} box @param {string} name @param {Node[]} rows @param {() => string} add gives the place of the part it made */
function section(at, box, name, rows, add) {
  const more = press(at.words[`add_${name}`], () => {
    const place = add();
    at.keep();
    at.redraw();
    const made = /** @type {HTMLDetailsElement|null} */ (box.querySelector(`[data-part="${place}"]`));
    if (!made) return;
    made.open = true;
    made.querySelector("textarea")?.focus();
  });
  const hint = at.words[`hint_${name}`];
  return [make("h3", {}, at.words[`${name}s`]), ...(hint ? [make("p", { class: "muted" }, hint)] : []), make("ol", { class: "outline" }, ...rows), more];
}

/** Draws the form of a script into `box`; what was open stays open. @param {HTMLElement} box @param {Place} at */
export function outline(box, at) {
  const open = new Set([...box.querySelectorAll("details[open]")].map((one) => /** @type {HTMLElement} */ (one).dataset.part));
  const { script, words } = at;
  at.watch.clear();
  const flags = script.red_flags ?? [];
  const samples = script.samples ?? [];
  const id = (/** @type {string} */ stem) => fresh(stem, [...script.questions, ...script.routes, ...flags].map((one) => one.id));
  const question = () => script.questions.push({ id: id("question"), kind: "text", ask: words.new_question, label: words.new_label });
  const flag = () => (script.red_flags = [...flags, { id: id("flag"), label: words.new_label, say: "" }]).length;
  const sample = () => (script.samples = [...samples, { name: `${words.new_sample} ${samples.length + 1}`, answers: {}, expect: { route: script.routes[0]?.id ?? "" } }]).length;
  box.replaceChildren(
    textField(at, script, "title"),
    ...section(at, box, "question", script.questions.map((one, n) => questionRow(at, one, n)), () => script.questions[question() - 1].id),
    ...section(at, box, "route", script.routes.map((one, n) => routeRow(at, one, n)), () => newRoute(at, id("route")).id),
    ...section(at, box, "flag", flags.map((one, n) => flagRow(at, flags, one, n)), () => `flag:${flag() - 1}`),
    ...section(at, box, "sample", samples.map((one, n) => sampleRow(at, samples, one, n)), () => `sample:${sample() - 1}`),
  );
  for (const part of box.querySelectorAll("details")) if (open.has(part.dataset.part)) part.open = true;
}

/** Leaves the form to be read only. @param {HTMLElement} box */
export function readOnly(box) {
  for (const one of box.querySelectorAll("button")) one.remove();
  for (const one of box.querySelectorAll("textarea")) one.readOnly = true;
  for (const one of box.querySelectorAll("input")) one.disabled = true;
  for (const one of box.querySelectorAll("select")) one.disabled = true;
}
