// SPDX-License-Identifier: AGPL-3.0-or-later
// The page of a client's script: while it is written, the reasons against publishing it, and the script itself, running as in a call.
import { outline, readOnly } from "./outline.js";
import { make } from "./outline_parts.js";
import { showOffer } from "./script_offer.js";

/** @typedef {import("../../../console/static/console/script.js").Script} Script @typedef {import("../../../console/static/console/script.js").Question} Question */

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const data = (/** @type {string} */ id) => JSON.parse(byId(id).textContent || "null");
const runner = byId("script-module").dataset.runner ?? "";
/** @type {typeof import("../../../console/static/console/script.js")} */
const { progress, readScript } = await import(runner);
/** @type {Record<string, string>} */
const words = data("script-words");
/** @type {{id: string, name: string}[]} */
const recipients = data("script-recipients");
const CHECK_AFTER_MS = 400;
/** A pasted text comes line by line: it is drawn once. */
const DRAW_AFTER_MS = 100;

/** The answers of the trial call; they stay while the script is changed. */
let answers = /** @type {Record<string, string>} */ ({});

/** @param {Question} question @returns {[string, string][]} */
function options(question) {
  if (question.kind === "choice") return (question.choices ?? []).map(({ code, label }) => [code, label]);
  if (question.kind === "recipient") return recipients.map(({ id, name }) => [id, name]);
  return question.kind === "yes_no" ? [["yes", words.yes], ["no", words.no]] : [];
}

/** @param {string} id @param {string} value */
function answer(id, value) {
  answers = { ...answers, [id]: value };
  preview();
  /** @type {HTMLElement|null} */ (byId("script-preview").querySelector("input, button"))?.focus();
}

/** What the secretary sees after the answers so far. */
function preview() {
  const box = byId("script-preview");
  const script = readScript(text().value);
  if (!script) return box.replaceChildren(make("p", { class: "muted" }, words.unread));
  const heard = Object.values(answers).join(" ; ");
  const now = progress(script, answers, { heard, recipients: recipients.map(({ id }) => id) });
  const parts = script.questions
    .filter((one) => now.asked.includes(one.id) && one.id in answers)
    .map((one) => make("p", { class: "muted" }, `${one.label}: ${options(one).find(([value]) => value === answers[one.id])?.[1] ?? (answers[one.id] || "–")}`));
  for (const flag of (script.red_flags ?? []).filter(({ id }) => now.red_flags.includes(id))) {
    parts.push(make("div", { class: "notice notice--alarm" }, make("span", {}), make("div", {}, make("strong", {}, flag.label), make("p", { class: "say", lang: script.language }, `«\u00a0${flag.say}\u00a0»`))));
  }
  const next = script.questions.find((one) => one.id === now.next);
  parts.push(...(next ? ask(script, next) : end(script, now.route)));
  const again = make("button", { class: "btn btn--sm btn--quiet", type: "button" }, words.again);
  again.addEventListener("click", () => {
    answers = {};
    preview();
  });
  return box.replaceChildren(...parts, again);
}

/** @param {Script} script @param {Question} question */
function ask(script, question) {
  const parts = [make("p", { class: "say say--medium", lang: script.language, id: "preview-ask" }, `«\u00a0${question.ask}\u00a0»`)];
  if (question.hint) parts.push(make("p", { class: "muted" }, question.hint));
  const choices = options(question).map(([value, label]) => {
    const one = make("button", { class: "btn", type: "button" }, label);
    one.addEventListener("click", () => answer(question.id, value));
    return one;
  });
  if (choices.length) return [...parts, make("div", { class: "scripts__choices", role: "group", "aria-labelledby": "preview-ask" }, ...choices)];
  const input = /** @type {HTMLInputElement} */ (make("input", { type: question.kind === "date" ? "date" : "text", "aria-labelledby": "preview-ask", maxlength: "600" }));
  const form = make("form", { class: "cluster" }, input, make("button", { class: "btn" }, words.next));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(question.id, input.value);
  });
  return [...parts, form];
}

/** @param {Script} script @param {string} id */
function end(script, id) {
  const route = script.routes.find((one) => one.id === id);
  const name = recipients.find((one) => one.id === route?.recipient)?.name ?? "";
  const parts = [make("p", {}, make("strong", {}, route ? route.label : words.nowhere)), make("p", { class: "muted" }, [name, route?.number ?? ""].filter(Boolean).join(", "))];
  if (route?.say) parts.push(make("p", { class: "say", lang: script.language }, `«\u00a0${route.say}\u00a0»`));
  return parts;
}

function text() {
  return /** @type {HTMLTextAreaElement} */ (byId("script-text"));
}

let waiting = 0;
let asked = 0;

/** Asks the site what stands in the way; only the last answer counts. */
async function check() {
  asked += 1;
  const mine = asked;
  const body = new FormData();
  body.set("text", text().value);
  const csrf = /** @type {HTMLInputElement} */ (byId("script-form").querySelector("[name=csrfmiddlewaretoken]")).value;
  /** @type {string[]} */
  let faults;
  /** @type {import("./script_offer.js").Offer|undefined} */
  let offer;
  try {
    const reply = await fetch(byId("script-page").dataset.check ?? "", { method: "POST", body, headers: { "X-CSRFToken": csrf } });
    if (!reply.ok) throw new Error(String(reply.status));
    ({ faults, offer } = await reply.json());
  } catch {
    faults = [words.away];
  }
  if (mine !== asked) return;
  byId("script-faults").replaceChildren(...(faults.length ? faults : [words.sound]).map((sentence) => make("li", {}, sentence)));
  showOffer(byId("script-offer"), offer, words, write, correct);
}

/** Takes a whole text as if it had been written. @param {string} whole */
function write(whole) {
  text().value = whole;
  changed();
  draw();
  byId("faults-title").focus();
}

/** Corrects one sample call, or removes it. @param {number} place @param {object|null} sample */
function correct(place, sample) {
  const script = /** @type {import("./outline_parts.js").Whole|null} */ (readScript(text().value));
  if (!script?.samples) return;
  script.samples.splice(place, 1, .../** @type {import("./outline_parts.js").Sample[]} */ (sample ? [sample] : []));
  write(`${JSON.stringify(script, null, 2)}\n`);
}

/** The text has changed, by hand or by the form. */
function changed() {
  preview();
  byId("script-offer").inert = true; // it was made for the text of before
  clearTimeout(waiting);
  waiting = setTimeout(check, CHECK_AFTER_MS);
}

/** Whether who looks at the page may only read. */
const looks = "looks" in byId("script-page").dataset;

/** The form of the script, as long as the text is one. */
function draw() {
  const box = byId("script-outline");
  const script = /** @type {import("./outline_parts.js").Whole|null} */ (readScript(text().value));
  box.toggleAttribute("hidden", !script);
  if (!script) return;
  /** @type {Set<() => void>} */
  const watch = new Set();
  const keep = () => {
    text().value = `${JSON.stringify(script, null, 2)}\n`;
    for (const show of watch) show();
    changed();
  };
  const ids = recipients.map(({ id }) => id);
  const run = (/** @type {Script} */ one, /** @type {Record<string, string>} */ given, /** @type {string} */ heard) => progress(one, given, { heard, recipients: ids });
  const redraw = () => outline(box, { script, words, recipients, run, watch, keep, redraw });
  redraw();
  if (looks) readOnly(box);
}

if (document.getElementById("script-text")) {
  let settled = 0;
  text().addEventListener("input", () => {
    clearTimeout(settled);
    settled = setTimeout(() => {
      changed();
      draw();
    }, DRAW_AFTER_MS);
  });
  preview();
  draw();
  const source = /** @type {HTMLDetailsElement} */ (byId("script-source"));
  source.open = byId("script-outline").hidden;
  source.hidden = looks && !source.open;
  if (!looks) check();
}
