// SPDX-License-Identifier: AGPL-3.0-or-later
// The script beside the form: one question at a time, the answers above it, and at the end where the call goes. Fed by the card alone; nothing here blocks a call.
import { nothing, scriptOf, shown, standing } from "./answers.js";
import { byId, icon, make, say, show } from "./dom.js";
import { readBirth, todayIn } from "./births.js";
import { clean, isAnswer } from "./script.js";
import { readDay } from "./when.js";
import { reasonOf } from "./scriptreason.js";
import { routeHelp } from "./routes.js";
import { word } from "./words.js";

/** @typedef {import("./answers.js").Given} Given @typedef {import("./answers.js").Standing} Standing @typedef {import("./script.js").Question} Question
 * @typedef {import("./state.js").Card} Card @typedef {import("./drafts.js").Fields} Fields */

const ANSWER_LIMIT = 600;
/** What the templates and the editor call the question after a birth date. */
const BIRTH = /^birth/;

export class ScriptPanel {
  /** @param {{appointment: (known: {recipient: string, patient: string}) => void, fields: () => Fields, now: () => number, changed: () => void, fill: (what: string, value: string) => void, readBack: () => void}} hooks */
  constructor(hooks) {
    this.hooks = hooks;
    /** @type {Card|null} */
    this.card = null;
    this.locked = false;
    /** @type {Given} */
    this.given = nothing();
    /** The question taken up again, and the one whose answer is being read back. */
    this.again = "";
    this.reading = "";
    this.painted = "";
    byId("script-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  /** @param {Card} card @param {Given|undefined} given @param {boolean} locked */
  open(card, given, locked) {
    this.card = card;
    this.given = given ? structuredClone(given) : nothing();
    this.locked = locked;
    this.again = this.reading = this.painted = "";
    this.paint();
  }

  /** @returns {Standing|null} */
  standing() {
    return this.card && scriptOf(this.card) ? standing(this.card, { ...this.hooks.fields(), script: this.given }) : null;
  }

  /** The question on the screen. @param {Standing} at */
  current(at) {
    const id = this.again || (this.reading ? "" : at.progress.next);
    return at.script.questions.find((one) => one.id === id) ?? null;
  }

  /** Paints what changed: the field she is typing in is left alone. */
  paint() {
    const at = this.standing();
    if (!at || !this.card) return;
    const question = this.locked ? null : this.current(at);
    this.rows(at, question);
    show(byId("script-done"), this.locked);
    const key = JSON.stringify([at.script.title, question?.id, this.reading, this.locked]);
    if (key !== this.painted) {
      this.painted = key;
      this.question(at, question);
    }
    this.end(at, question);
  }

  /** @param {Standing} at @param {Question|null} current */
  rows(at, current) {
    const card = /** @type {Card} */ (this.card);
    const done = at.script.questions.filter((one) => at.progress.asked.includes(one.id) && one.id in at.given.answers && one.id !== current?.id);
    const text = JSON.stringify([done.map((one) => [one.id, at.given.answers[one.id]]), at.progress.missing, at.progress.to_read_back, this.locked]);
    const list = byId("script-asked");
    if (list.dataset.text === text) return;
    list.dataset.text = text;
    list.replaceChildren(
      ...done.map((one) => {
        const answer = at.given.answers[one.id];
        const lacks = at.progress.missing.includes(one.id);
        const value = answer ? shown(card, at.script, one, answer) : word("script_passed");
        const content = [make("span", { class: "script__label" }, one.label), make("span", { class: lacks ? "script__value script__value--missing" : "script__value" }, lacks && icon("alert"), value, at.given.read.includes(one.id) && icon("check"))];
        if (this.locked) return make("li", { class: "script__row" }, ...content);
        const row = make("button", { class: "script__row", type: "button", "aria-label": word("script_change", { label: one.label, answer: value }) }, ...content);
        row.addEventListener("click", () => this.takeUp(one.id));
        return make("li", {}, row);
      }),
    );
  }

  /** @param {Standing} at @param {Question|null} question */
  question(at, question) {
    const read = at.script.questions.find((one) => one.id === this.reading);
    show(byId("script-form"), Boolean(question || read));
    const ask = byId("script-ask");
    ask.lang = at.script.language;
    if (read) return this.readBack(at, read);
    say(ask, question ? `«\u00a0${question.ask}\u00a0»` : "");
    say(byId("script-hint"), question?.hint ?? "");
    show(byId("script-hint"), Boolean(question?.hint));
    show(byId("script-error"), false);
    if (question) byId("script-answer").replaceChildren(...this.answerField(at, question));
    return undefined;
  }

  /** The answer, to be said again to the caller. @param {Standing} at @param {Question} question */
  readBack(at, question) {
    const card = /** @type {Card} */ (this.card);
    say(byId("script-ask"), `«\u00a0${shown(card, at.script, question, at.given.answers[question.id])}\u00a0»`);
    say(byId("script-hint"), word("script_read_back"));
    show(byId("script-hint"), true);
    const right = make("button", { class: "btn btn--primary", type: "button" }, word("script_right"), " ", make("kbd", {}, word("key_enter")));
    right.addEventListener("click", () => {
      this.given.read = [...new Set([...this.given.read, question.id])];
      if (question.fills === "number") this.hooks.readBack();
      this.reading = "";
      this.moved();
    });
    const wrong = make("button", { class: "btn", type: "button" }, word("script_wrong"));
    wrong.addEventListener("click", () => this.takeUp(question.id));
    byId("script-answer").replaceChildren(make("div", { class: "cluster" }, right, wrong));
  }

  /** @param {Standing} at @param {Question} question */
  answerField(at, question) {
    const before = at.given.answers[question.id] ?? this.chosenReason(at, question);
    const card = /** @type {Card} */ (this.card);
    const pass = make("button", { class: "btn btn--quiet btn--sm", type: "button" }, word(question.required ? "script_pass" : "script_skip"));
    pass.addEventListener("click", () => this.answer(question, ""));
    const options = this.options(card, question);
    if (options.length) {
      const buttons = options.map(([value, label], n) => {
        const one = make("button", { class: "btn script__choice", type: "button", "aria-pressed": String(value === before) }, n < 9 && make("kbd", {}, String(n + 1)), ` ${label}`);
        one.addEventListener("click", () => this.answer(question, value));
        return one;
      });
      return [make("div", { class: "script__choices", role: "group", "aria-labelledby": "script-ask", "data-numbered": "" }, ...buttons), pass];
    }
    const fields = this.hooks.fields();
    const known = question.fills === "name" ? fields.name : question.fills === "number" ? fields.number : "";
    const mode = question.kind === "number" ? "decimal" : question.kind === "phone" ? "tel" : "text";
    const input = make("input", { class: "input", id: "script-input", type: "text", inputMode: mode, maxLength: ANSWER_LIMIT, value: "", autocomplete: "off", "aria-labelledby": "script-ask", "aria-describedby": "script-hint script-error" });
    /** @type {HTMLInputElement} */ (input).value = before ? shown(card, at.script, question, before) : known;
    if (question.kind === "date") input.setAttribute("placeholder", word(BIRTH.test(question.id) ? "script_birth_example" : "script_day_example"));
    const next = make("button", { class: "btn btn--primary", type: "submit" }, word("script_next"), " ", make("kbd", {}, word("key_enter")));
    return [input, make("div", { class: "cluster" }, next, pass)];
  }

  /** The choice that the reason in the form names already: Enter confirms it. @param {Standing} at @param {Question} question */
  chosenReason(at, question) {
    const { reason } = this.hooks.fields();
    const reasons = this.card?.form.reasons.filter(({ code }) => code === reason) ?? [];
    const named = (/** @type {string} */ code) => reasonOf(at.script, [question.id], { [question.id]: code }, reasons) !== "";
    return question.choices?.find(({ code }) => named(code))?.code ?? "";
  }

  /** Why it is no answer, with an example where that helps. @param {Question} question */
  unreadable(question) {
    if (question.kind !== "date") return word("script_unreadable");
    return word(BIRTH.test(question.id) ? "script_birth_unreadable" : "script_day_unreadable");
  }

  /** What was typed, as the answer is kept: a day as "1961-03-14"; what is no day stays as it is, and is none. @param {Question} question @param {string} typed */
  read(question, typed) {
    if (question.kind !== "date") return typed;
    const zone = this.card?.time_zone ?? "";
    const today = todayIn(this.hooks.now(), zone);
    return (BIRTH.test(question.id) ? readBirth(typed, { today, zone }) : readDay(typed, today)) || typed;
  }

  /** @param {Card} card @param {Question} question @returns {[string, string][]} */
  options(card, question) {
    if (question.kind === "choice") return (question.choices ?? []).map(({ code, label }) => [code, label]);
    if (question.kind === "recipient") return card.form.recipients.map(({ id, name }) => [id, name]);
    return question.kind === "yes_no" ? [["yes", word("script_yes")], ["no", word("script_no")]] : [];
  }

  /** Enter in a field. What cannot be an answer is said at its place and may be mended or passed over. */
  submit() {
    const at = this.standing();
    const question = at && this.current(at);
    const input = /** @type {HTMLInputElement|null} */ (document.getElementById("script-input"));
    if (!question || !input || !this.card) return;
    const value = this.read(question, clean(input.value));
    if (value && !isAnswer(question, value, this.card.form.recipients.map(({ id }) => id))) {
      const error = byId("script-error");
      error.replaceChildren(icon("alert"), make("span", {}, this.unreadable(question)));
      show(error, true);
      input.setAttribute("aria-invalid", "true");
      return;
    }
    this.answer(question, value);
  }

  /** @param {Question} question @param {string} value "" passes it over */
  answer(question, value) {
    const changed = this.given.answers[question.id] !== value;
    this.given.answers = { ...this.given.answers, [question.id]: value };
    if (changed) this.given.read = this.given.read.filter((one) => one !== question.id);
    this.again = "";
    if (question.fills && value) this.hooks.fill(question.fills, value);
    this.reading = question.read_back && value && !this.given.read.includes(question.id) ? question.id : "";
    this.moved();
  }

  /** @param {string} id */
  takeUp(id) {
    this.again = id;
    this.reading = this.painted = "";
    this.moved();
  }

  /** Something was answered here: all follows, and the focus goes to what comes next. */
  moved() {
    this.hooks.changed();
    this.paint();
    this.focus();
  }

  /** Where she goes on. */
  focus() {
    const target = /** @type {HTMLElement|null} */ (byId("script-answer").querySelector("[aria-pressed=true]") ?? byId("script-answer").querySelector("input, button")) ?? byId("side-script");
    (byId("script-form").hidden ? byId("script-end") : target).focus();
    if (target instanceof HTMLInputElement) target.select();
  }

  /** What can be done for the route at once; painted when it is another. @param {Standing} at @param {import("./script.js").Route|null} route */
  help(at, route) {
    const card = /** @type {Card} */ (this.card);
    const named = at.script.questions.find((one) => one.fills === "name");
    const known = { recipient: at.progress.recipient, patient: (named && at.given.answers[named.id]) ?? "" };
    const place = byId("script-help");
    const key = JSON.stringify([route?.id, known]);
    if (place.dataset.key === key) return;
    place.dataset.key = key;
    place.replaceChildren(...(route ? routeHelp(card, route, known, () => this.hooks.appointment(known)) : []));
  }

  /** Where the call goes, once nothing more is asked. @param {Standing} at @param {Question|null} question */
  end(at, question) {
    const ended = !question && !this.reading && !at.progress.next;
    const route = at.script.routes.find((one) => one.id === at.progress.route);
    show(byId("script-end"), ended);
    say(byId("script-route"), route ? route.label : word("script_no_route"));
    const act = !route ? "" : route.act === "transfer" ? word(route.announced === false ? "act_transfer" : "act_transfer_announced", { number: route.number ?? "" }) : word(`act_${route.act}`);
    say(byId("script-act"), act);
    this.help(at, ended && route ? route : null);
    const last = byId("script-say");
    last.lang = at.script.language;
    say(last, route?.say ? `«\u00a0${route.say}\u00a0»` : "");
    const labels = (/** @type {string[]} */ ids) => at.script.questions.filter((one) => ids.includes(one.id)).map((one) => one.label).join(", ");
    const { missing, to_read_back: unread } = at.progress;
    const words = [missing.length && word("script_missing", { labels: labels(missing) }), unread.length && !this.reading && word("script_unread", { labels: labels(unread) })].filter(Boolean).join(" ");
    show(byId("script-lacks"), words !== "");
    say(byId("script-lacks"), words);
  }
}
