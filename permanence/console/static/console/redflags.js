// SPDX-License-Identifier: AGPL-3.0-or-later
// Red flags that were heard: above the form, in solid red, with the words to say. They take no focus and stay until she said them, could not, or judged a false alarm and why.
import { heardInWords } from "./answers.js";
import { byId, icon, make } from "./dom.js";
import { dayWords, known, word } from "./words.js";

/** @typedef {import("./answers.js").Standing} Standing @typedef {import("./state.js").Card} Card @typedef {import("./answers.js").Given} Given
 * @typedef {import("./drafts.js").Draft} Draft @typedef {import("./drafts.js").Fields} Fields @typedef {import("./script.js").RedFlag} RedFlag
 * @typedef {import("./flaglog.js").Note} Note @typedef {import("./flaglog.js").What} What */

/** Why it was none, in the order of their numbers. */
const CAUSES = ["asked", "meant", "past", "slip"];

/** The red flags nobody has dealt with, in the order of the script. @param {Standing|null} at */
export function pending(at) {
  if (!at) return [];
  const dealt = [...at.given.said, ...(at.given.unsaid ?? [])];
  return (at.script.red_flags ?? []).filter((flag) => at.progress.red_flags.includes(flag.id) && !dealt.includes(flag.id));
}

/** The first red flag that alerts somebody and is no false alarm. @param {Standing|null} at */
export function alerting(at) {
  return at?.script.red_flags?.find((flag) => flag.alert && at.progress.red_flags.includes(flag.id)) ?? null;
}

export class RedFlags {
  /** @param {{changed: () => void, note: (note: Note) => void}} hooks */
  constructor(hooks) {
    this.hooks = hooks;
    /** @type {Draft|null} */
    this.draft = null;
    /** @type {Standing|null} */
    this.at = null;
    /** The one of which it is asked why it is none, and where she was writing. */
    this.asking = "";
    /** @type {Element|null} */
    this.writing = null;
    this.text = "";
    /** @type {string[]} */
    this.raised = [];
    /** Whether she tried to leave. */
    this.holds = false;
    byId("red-flags").addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.asking) return;
      event.stopPropagation();
      this.asked();
    });
  }

  /** @param {Draft} draft */
  open(draft) {
    this.draft = draft;
    this.asking = "";
    this.holds = false;
    this.text = draft.fields.text;
    this.raised = [];
  }

  /** What words raised stays when they are erased; typing on may still show that they meant nothing ("sang", "sangria"). @param {Fields} fields @param {Given} given */
  hear(fields, given) {
    if (!this.draft) return;
    const { card } = this.draft;
    const typedOn = fields.text.startsWith(this.text);
    const stays = [...(given.heard ?? []), ...(typedOn ? [] : this.raised), ...heardInWords(card, fields, "")];
    given.heard = [...new Set(stays)];
    this.text = fields.text;
    this.raised = heardInWords(card, fields, fields.text);
  }

  /** Each is noted with the call when it is heard. @param {Standing|null} at */
  note(at) {
    for (const id of at?.progress.red_flags ?? []) this.tell(id, "heard");
  }

  /** Once each. @param {string} id @param {What} what @param {string} [cause] */
  tell(id, what, cause = "") {
    const { call, card } = /** @type {Draft} */ (this.draft);
    const { script, given } = /** @type {Standing} */ (this.at);
    const name = `${what}:${id}`;
    if (given.noted?.includes(name)) return;
    given.noted = [...(given.noted ?? []), name];
    const flag = script.red_flags?.find((one) => one.id === id);
    const alerts = what === "heard" ? flag?.alert?.recipient ?? "" : "";
    this.hooks.note({ call, client: card.client ?? "", flag: id, label: flag?.label ?? "", what, cause, alerts });
  }

  /** She said the words, could not, or it was none. @param {string} id @param {"said"|"unsaid"|"dismissed"} what @param {string} [cause] */
  settle(id, what, cause = "") {
    if (!this.at) return;
    this.holds = false;
    const { given } = this.at;
    given[what] = [...new Set([...(given[what] ?? []), id])];
    if (cause) given.causes = { ...given.causes, [id]: cause };
    this.tell(id, "heard");
    this.tell(id, what, cause);
    if (this.asking) this.asked();
    this.hooks.changed();
  }

  /** The key of a red flag: what it does to the first that waits. @param {"said"|"dismissed"} what */
  press(what) {
    const [first] = pending(this.at);
    if (!first) return;
    if (what === "said") this.settle(first.id, "said");
    else this.ask(first.id);
  }

  /** Why it is a false alarm: a number, or Escape. @param {string} id */
  ask(id) {
    if (this.asking !== id) this.writing = document.activeElement;
    this.asking = id;
    this.hooks.changed();
    /** @type {HTMLElement|null} */ (byId("red-flags").querySelector("[data-numbered] button"))?.focus();
  }

  /** It is asked no more: she goes on where she was. */
  asked() {
    this.asking = "";
    this.hooks.changed();
    const back = this.writing instanceof HTMLElement && this.writing.isConnected ? this.writing : byId("text");
    back.focus();
  }

  /** Nothing leaves before this was dealt with: said in place, and to the first of its buttons. */
  hold() {
    this.holds = true;
    this.hooks.changed();
    /** @type {HTMLElement|null} */ (byId("red-flags").querySelector("button"))?.focus();
  }

  /** @param {Card} card @param {Standing|null} at @param {boolean} talking whether the caller is on the line, and the keys act on the first of them */
  paint(card, at, talking) {
    this.at = at;
    const box = byId("red-flags");
    const waiting = pending(at);
    if (!waiting.some(({ id }) => id === this.asking)) this.asking = "";
    const over = (at?.script.red_flags ?? []).flatMap((flag) => {
      if (at?.given.said.includes(flag.id)) return [word("red_flag_was_said", { label: flag.label })];
      return at?.given.unsaid?.includes(flag.id) ? [word("red_flag_was_unsaid", { label: flag.label })] : [];
    });
    const text = JSON.stringify([card.client, this.draft?.call, waiting.map(({ id }) => id), over, this.asking, this.holds, talking, known.forward, known.red_flag_false]);
    if (box.dataset.text === text) return;
    box.dataset.text = text;
    const writing = document.activeElement;
    box.replaceChildren(...waiting.map((flag, n) => this.alarm(card, flag, talking, n === 0)), ...over.map((words) => make("p", { class: "red-flag__said" }, icon("check"), ` ${words}`)));
    // What stands above takes room: the field she is writing in stays in sight.
    if (writing && byId("form").contains(writing)) writing.scrollIntoView({ block: "nearest" });
  }

  /** @param {Card} card @param {RedFlag} flag @param {boolean} talking @param {boolean} first */
  alarm(card, flag, talking, first) {
    const name = card.form.recipients.find((one) => one.id === flag.alert?.recipient)?.name;
    const validated = Date.parse(card.script?.validated_date ?? "");
    const lang = this.at?.script.language;
    return make(
      "div",
      { class: "notice notice--alarm red-flag", role: "alert" },
      icon("alert"),
      make(
        "div",
        { class: "stack stack--tight" },
        make("strong", {}, word("red_flag_heard", { label: flag.label })),
        make("p", { class: "say say--medium", lang }, `«\u00a0${flag.say}\u00a0»`),
        flag.asks?.length ? make("ul", { class: "red-flag__asks", lang }, ...flag.asks.map((ask) => make("li", {}, `«\u00a0${ask}\u00a0»`))) : null,
        first && this.holds && make("strong", {}, word("red_flag_first", { label: flag.label })),
        this.asking === flag.id ? this.causes(flag) : this.answers(flag, talking, first && talking),
        make("p", { class: "red-flag__valid" }, name ? `${word("red_flag_alerts", { name })} ` : "", Number.isNaN(validated) ? "" : word("red_flag_validated", { day: dayWords(validated, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }) })),
      ),
    );
  }

  /** @param {RedFlag} flag @param {boolean} talking @param {boolean} keyed */
  answers(flag, talking, keyed) {
    const press = (/** @type {string} */ words, /** @type {string} */ key, /** @type {() => void} */ act) => {
      const one = make("button", { class: "btn btn--sm", type: "button" }, word(words), keyed && key && " ", keyed && key && make("kbd", {}, known[key] ?? ""));
      one.addEventListener("click", act);
      return one;
    };
    return make(
      "div",
      { class: "cluster" },
      press("red_flag_said", "forward", () => this.settle(flag.id, "said")),
      press("red_flag_false", "red_flag_false", () => this.ask(flag.id)),
      !talking && press("red_flag_unsaid", "", () => this.settle(flag.id, "unsaid")),
    );
  }

  /** @param {RedFlag} flag */
  causes(flag) {
    const buttons = CAUSES.map((cause, n) => {
      const one = make("button", { class: "btn btn--sm", type: "button" }, make("kbd", {}, String(n + 1)), ` ${word(`red_flag_cause_${cause}`)}`);
      one.addEventListener("click", () => this.settle(flag.id, "dismissed", cause));
      return one;
    });
    return make("div", { class: "cluster", role: "group", "aria-label": word("red_flag_why"), "data-numbered": "" }, make("span", {}, word("red_flag_why")), ...buttons);
  }
}
