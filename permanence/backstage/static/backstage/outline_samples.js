// SPDX-License-Identifier: AGPL-3.0-or-later
// A sample call as a form: its answers in the order in which the script asks, what is heard, and where it must end; it runs as it is typed.
import { answersOf, make, moves, selectField, textField } from "./outline_parts.js";

/** @typedef {import("./outline_parts.js").Place} Place @typedef {import("./outline_parts.js").Sample} Sample
 * @typedef {import("./outline_parts.js").Question} Question @typedef {import("./outline_parts.js").Progress} Progress */

/** The call as the script now runs it: what need not be answered is passed over. @param {Place} at @param {Sample} sample @returns {Progress} */
function run(at, sample) {
  const passed = Object.fromEntries(at.script.questions.filter((one) => !one.required).map(({ id }) => [id, ""]));
  return at.run(at.script, { ...passed, ...sample.answers }, sample.heard ?? "");
}

/** Whether these are the same, in whatever order. @param {string[]} some @param {string[]} others */
function alike(some, others) {
  return some.length === others.length && some.every((one) => others.includes(one));
}

/** Whether it ends as it must. @param {Sample} sample @param {Progress} found */
function right(sample, found) {
  const { route, red_flags: flags = [], missing = [] } = sample.expect;
  return !found.next && route === found.route && alike(flags, found.red_flags) && alike(missing, found.missing);
}

/** One answer of the call. @param {Place} at @param {Sample} sample @param {Question} question @param {() => void} changed */
function answerField(at, sample, question, changed) {
  const options = question.kind === "recipient" ? at.recipients.map(({ id, name }) => [id, name]) : answersOf(at, question);
  const field = /** @type {HTMLInputElement|HTMLSelectElement} */ (options.length ? make("select", {}, ...[["", at.words.passed_over], ...options].map(([value, words]) => make("option", { value }, words))) : make("input", { type: "text", maxlength: "600" }));
  field.value = sample.answers[question.id] ?? "";
  field.addEventListener(options.length ? "change" : "input", () => {
    if (field.value || question.required) sample.answers[question.id] = field.value;
    else delete sample.answers[question.id];
    changed();
  });
  return make("label", { class: "outline__field", "data-asked": question.id }, make("span", {}, question.ask), field);
}

/** The answers, a field a question that is asked; those that stay are not touched, so that the cursor stays. @param {Place} at @param {Sample} sample @param {HTMLElement} box @param {Progress} found @param {() => void} changed */
function fill(at, sample, box, found, changed) {
  for (const one of [...box.children]) if (!found.asked.includes(/** @type {HTMLElement} */ (one).dataset.asked ?? "")) one.remove();
  found.asked.forEach((id, n) => {
    const question = at.script.questions.find((one) => one.id === id);
    const there = /** @type {HTMLElement|undefined} */ (box.children[n]);
    if (question && there?.dataset.asked !== id) box.insertBefore(answerField(at, sample, question, changed), there ?? null);
  });
}

/** The red flags it must raise. @param {Place} at @param {Sample} sample */
function flags(at, sample) {
  const ticks = (at.script.red_flags ?? []).map(({ id, label }) => {
    const input = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox" }));
    input.checked = sample.expect.red_flags?.includes(id) ?? false;
    input.addEventListener("change", () => {
      const wanted = new Set(sample.expect.red_flags ?? []);
      if (input.checked) wanted.add(id);
      else wanted.delete(id);
      sample.expect.red_flags = (at.script.red_flags ?? []).map((one) => one.id).filter((one) => wanted.has(one));
      at.keep();
    });
    return make("label", { class: "check" }, input, ` ${label}`);
  });
  return ticks.length ? [make("fieldset", { class: "outline__ticks" }, make("legend", {}, at.words.expect_flags), ...ticks)] : [];
}

/** Where it ends now, in words. @param {Place} at @param {Progress} found */
function ending(at, found) {
  const called = (/** @type {{id: string, label: string}[]} */ list, /** @type {string[]} */ ids) => ids.map((id) => list.find((one) => one.id === id)?.label ?? id).join(", ");
  const { script, words } = at;
  if (found.next) return `${words.waits_for} ${called(script.questions, [found.next])}`;
  const parts = [called(script.routes, found.route ? [found.route] : []) || words.nowhere_now];
  if (found.red_flags.length) parts.push(`${words.raises} ${called(script.red_flags ?? [], found.red_flags)}`);
  if (found.missing.length) parts.push(`${words.unanswered} ${called(script.questions, found.missing)}`);
  return parts.join(" · ");
}

/** @param {Place} at @param {Sample[]} list @param {Sample} sample @param {number} n */
export function sampleRow(at, list, sample, n) {
  const answers = make("div", { class: "outline__answers" });
  const mark = make("span", { class: "badge" });
  const now = make("p", { role: "status" });
  const show = () => {
    const found = run(at, sample);
    fill(at, sample, answers, found, changed);
    const is = right(sample, found);
    mark.textContent = is ? at.words.as_said : at.words.otherwise;
    mark.className = is ? "badge" : "badge badge--danger";
    now.textContent = `${at.words.ends_now} ${ending(at, found)}`;
  };
  const changed = () => {
    const found = run(at, sample);
    delete sample.expect.asked; // it listed what was asked with the answers of before
    if (found.missing.length) sample.expect.missing = found.missing;
    else delete sample.expect.missing;
    at.keep();
  };
  at.watch.add(show);
  show();
  const route = selectField(at, sample.expect, "route", at.script.routes.map(({ id, label }) => [id, label]));
  const body = [textField(at, sample, "name"), answers, textField(at, sample, "heard"), route, ...flags(at, sample), now];
  const details = make("details", { class: "outline__part", "data-part": `sample:${n}` }, make("summary", {}, make("strong", {}, sample.name), " ", mark), make("div", { class: "outline__body" }, ...body));
  return make("li", {}, details, moves(at, list, n, sample.name));
}
