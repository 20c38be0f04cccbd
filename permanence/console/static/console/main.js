// SPDX-License-Identifier: AGPL-3.0-or-later
// The console: one state fed by the exchange, three views painted from it, and the acts of the secretary sent back.
import { config, newId, onOtherPerson, onSite, ticket } from "./api.js";
import { button, byId, say, show } from "./dom.js";
import { forgetOffer, paintDesk, paintOffer, paintOfferTime } from "./card.js";
import { closeDial, wireDial } from "./dial.js";
import { paintDirectory } from "./directory.js";
import { Acts } from "./acts.js";
import { agendaFor, openBeside, paintAgendas } from "./agendas.js";
import { BookView } from "./bookview.js";
import { CallActs } from "./callacts.js";
import { lookAgain, lookFor, mayBe } from "./callers.js";
import { Drafts } from "./drafts.js";
import { FlagLog } from "./flaglog.js";
import { alerting, pending } from "./redflags.js";
import { standing } from "./answers.js";
import { sayRefused } from "./elsewhere.js";
import { MessageForm } from "./form.js";
import { paintBar, paintBarTime, paintCaller } from "./bar.js";
import "./again.js";
import "./opened.js";
import { bind, paintKeys, startKeys } from "./keys.js";
import { listen, refresh, source } from "./live.js";
import { headsetMicrophone, wireHeadset } from "./headset.js";
import { Line } from "./line.js";
import { Post } from "./post.js";
import { paintPresence, paintPresenceTime, wireBreak } from "./presence.js";
import { paintQueue } from "./queue.js";
import { hasNews, nextNews } from "./news.js";
import { paintOrders } from "./orders.js";
import { otherIsGone, postIsAway, postIsElsewhere, postIsHere } from "./otherpage.js";
import { giveWay, hungUp } from "./questions.js";
import { quiet, playLost, ring } from "./notify.js";
import { Reading } from "./reading.js";
import { forward, INITIAL, lost, reduce, view } from "./state.js";
import { goTo, wireTabs } from "./sidetabs.js";
import { countTasks } from "./tasks.js";
import { offerUndo } from "./undo.js";
import { clock, hasWord, word } from "./words.js";
import { toast, paintBanners, showError, unsayError } from "./banners.js";

/** @type {import("./state.js").State} */
let state = INITIAL;
/** @type {string|null} */
let reopened = null;
let audioUp = false;
let siteDown = false;
let signedOut = false;
/** Who is signed in in this browser, when it is somebody else than the person of this page. */
let other = "";
let delay = 0;
/** @type {Set<string>} calls whose message the site has confirmed; survives a reload */
const savedCalls = new Set(JSON.parse(sessionStorage.getItem("permanence.saved") || "[]"));
let historyOf = "";

const now = () => Date.now() + state.clockOffset;
const earpiece = /** @type {HTMLAudioElement} */ (byId("earpiece"));

const line = new Line({
  url: config.lineUrl,
  ticket: async () => {
    try {
      const text = await ticket();
      signedOut = false;
      return text;
    } catch (error) {
      signedOut = /** @type {any} */ (error).status === 401;
      throw error;
    }
  },
  output: earpiece,
  onMessage: heard,
  onLost: () => {
    state = lost(state, Date.now());
    paint();
  },
  onRefused: (code, why) => {
    if (code === 4409) line.stop();
    postIsAway();
    state = { ...lost(state, Date.now()), connection: "refused", refusal: { code, why } };
    if (isElsewhere()) postIsElsewhere(paint);
    paint();
  },
  onDelay: (ms) => {
    delay = ms;
    paintHealth();
  },
  onUnsafe: (waits) => show(byId("banner-disk"), waits),
  onAudio: (up) => {
    const was = audioUp;
    audioUp = up === "up";
    if (was && !audioUp && state.call) {
      state = { ...state, lostAt: state.lostAt ?? Date.now() };
      playLost();
    }
    if (audioUp && state.connection === "open") state = { ...state, lostAt: null };
    paint();
  },
});
const post = new Post(line, () => paint(), earpiece);
const reading = new Reading(() => paint());

const drafts = new Drafts(config.person, {
  changed: () => paint(),
  confirmed: (draft) => {
    savedCalls.add(draft.call);
    sessionStorage.setItem("permanence.saved", JSON.stringify([...savedCalls].slice(-20)));
    if (form.draft?.call === draft.call) form.saved = true;
    const to = draft.card.form.recipients.find((one) => one.id === draft.fields.recipient)?.name ?? draft.card.name;
    toast(word("message_kept", { name: to }));
    refresh("messages");
    paint();
  },
  refused: (draft, error) => {
    const known = hasWord(`refused_${error.code}`) ? word(`refused_${error.code}`) : word("refused_other", { why: error.why || String(error.status) });
    showError(known);
    if (form.draft?.call !== draft.call && !state.call && !state.ended) reopened = draft.call;
    paint();
  },
});
const elsewhereActs = new Acts(config.person, {
  changed: () => paint(),
  confirmed: () => {
    refresh("elsewhere");
    refresh("history");
  },
  refused: (act, error) => {
    sayRefused(error);
    if (!act.undone) drafts.giveBack(error.code === "act_id_taken" ? { ...act, key: newId() } : act);
    if (!act.undone && form.draft?.call === act.call) form.elsewhere.load(drafts.kept.get(act.call)?.fields.elsewhere);
    paint();
  },
});

const flagLog = new FlagLog(config.person);

/** @param {import("./acts.js").Given} given @param {string} before the outcome that the call had until then */
function recordElsewhere(given, before) {
  if (!form.draft) return;
  const { call, card } = form.draft;
  const number = card.caller.masked ? "" : card.caller.number ?? form.fields().number;
  const act = { ...given, call, card, caller_number: number, person: config.person, undone: false, tried: false };
  callActs.did(call, act, given.act, before);
  elsewhereActs.record(act);
  if (form.saved) forgetDraft(call);
  offerUndo(word(`elsewhere_done_${given.act}`, { client: card.name }), "elsewhere", () => {
    elsewhereActs.undo(act);
    const outcome = callActs.undid(call, act, form.outcome);
    if (form.draft?.call === call && form.outcome !== outcome) form.outcome = outcome;
  });
  paint();
}

/** @param {string} call */
function forgetDraft(call) {
  drafts.forget(call);
  drafts.drop(call);
}

const callActs = new CallActs();
const form = new MessageForm({
  now,
  record: recordElsewhere,
  note: (note) => flagLog.tell(note),
  typed: (fields) => {
    if (form.draft && form.saved && fields.elsewhere && !drafts.kept.has(form.draft.call)) drafts.put(form.draft);
    if (form.draft) drafts.type(form.draft.call, fields);
    paintWho();
    paintDraftState();
    paintKeys();
  },
  save: (fields) => {
    if (form.draft) drafts.submit(form.draft.call, fields);
    paint();
  },
  chosen: () => paintInstructions(),
  book: bookHere,
});

/** Opens the agenda that the client keeps here; whether he has one. @returns {boolean} */
function bookHere() {
  const has = bookView.has(desk()?.card ?? null);
  if (has) bookView.open();
  return has;
}

/** The call has the outcome of what was done last in its client's agenda and stands, unless its message is on its way. What was done for another client is none of this one's. */
const bookView = new BookView({
  desk: () => desk(),
  patient: () => form.patient.patient,
  done: (what, done) => {
    const { call, client, patient } = done;
    const back = what ? "" : callActs.undid(call, done, form.outcome);
    if (form.draft?.call !== call || form.saved || form.draft.state === "sending") return;
    const own = form.draft.card?.client;
    if (own && own !== client) return;
    const outcome = what ? callActs.did(call, done, what, form.outcome) : back;
    if (form.outcome !== outcome) form.outcome = outcome;
    if (patient && own) form.bookedFor(patient);
  },
  chosen: () => paintWho(),
  painted: () => paint(),
});

/** @param {Record<string, any>} message */
function heard(message) {
  const before = state;
  state = reduce(state, message, Date.now());
  if (message.t === "welcome") forgetOffer();
  if (message.t === "welcome") postIsHere();
  if (message.t === "welcome") for (const said of ["refusal_seat_elsewhere", "bye_gone_do"]) unsayError(word(said));
  if (message.t === "error") showError(hasWord(`error_${message.code}`) ? word(`error_${message.code}`) : word("error_other", { why: message.why }));
  if (before.offer && !state.offer) {
    quiet();
    say(byId("alert"), "");
    const how = /** @type {string} */ (state.offerEnded);
    if (message.t === "offer_ended" && hasWord(`offer_${how}`)) say(byId("status"), word(`offer_${how}`));
  }
  if (state.offer && state.offer.offer !== before.offer?.offer) giveWay();
  if (state.offer) ring(state.offer.offer, state.offer.card.name);
  if (before.presence.state !== state.presence.state && ["off", "break"].includes(state.presence.state)) reading.fresh();
  if (state.call && before.call?.call !== state.call.call) {
    reopened = null;
    post.calm();
  }
  if (message.t === "welcome") post.resume(state);
  // Nobody hears the digits of a call that is over.
  if (message.t === "ended") closeDial();
  // The outcome is what is missing now: in sight, without taking the focus from the text she is still writing.
  if (message.t === "ended") requestAnimationFrame(() => byId("outcome-field").scrollIntoView({ block: "nearest" }));
  if (before.presence.state !== state.presence.state && state.presence.state !== "wrap_up") drafts.sweep(currentCall());
  paint();
}

function currentCall() {
  return state.call?.call ?? state.ended?.call ?? reopened;
}

/** The card of the desk and the call it belongs to. @returns {{call: string, card: import("./state.js").Card}|null} */
function desk() {
  if (state.call) return { call: state.call.call, card: state.call.card };
  if (state.ended) {
    const card = state.ended.card ?? drafts.kept.get(state.ended.call)?.card;
    return card ? { call: state.ended.call, card } : null;
  }
  const kept = reopened ? drafts.kept.get(reopened) : null;
  if (kept) return { call: kept.call, card: kept.card };
  reopened = null;
  return null;
}

function paint() {
  let shown = view(state, reopened);
  const onDesk = shown === "desk" ? desk() : null;
  if (shown === "desk" && !onDesk) shown = "idle";
  for (const name of ["idle", "ringing", "desk"]) show(byId(`view-${name}`), name === shown);
  document.body.dataset.view = shown;
  bookView.paint(shown, onDesk, Boolean(state.call));
  if (shown === "ringing" && state.offer) paintOffer(state.offer, now());
  if (onDesk) paintTalk(onDesk);
  if (shown !== "desk") form.close();
  if (!["ready", "next"].includes(forward(state, reopened) ?? "")) reading.giveWay();
  reading.paint();
  paintInstructions();
  paintPresence(state, post.state);
  paintBanners({ state, siteDown, signedOut, other, gone: isElsewhere() && otherIsGone(), waiting: drafts.waiting + elsewhereActs.waiting, voice: post.generated });
  paintDrafts();
  paintHealth();
  const card = shown === "ringing" ? (state.offer?.card ?? null) : (onDesk?.card ?? null);
  paintHistory(card);
  lookFor(card, paint);
  headsetMicrophone(!state.call?.muted);
  if (state.call) quiet(word("title_call", { client: state.call.card.name }));
  else if (!state.offer) quiet();
  tick();
  paintKeys();
}

/** The instructions of the card that is shown; what the form has chosen comes forward. */
function paintInstructions() {
  const card = shownCard();
  if (card) paintOrders(byId(state.offer ? "ring-orders" : "desk-orders"), card, now(), { ringing: Boolean(state.offer), chosen: form.draft ? form.fields() : null, reading });
}

/** The card of the call that rings or is on the desk. */
function shownCard() {
  return (state.call ? null : state.offer?.card) ?? desk()?.card ?? null;
}

/** @param {{call: string, card: import("./state.js").Card}} onDesk */
function paintTalk({ call, card }) {
  paintDesk(call, card, now());
  paintDirectory(call, card);
  paintAgendas(call, card);
  paintBar(state, card, { pausing: /** @type {any} */ (state.presence).pending ?? "", saved: savedCalls.has(call) });
  if (form.draft?.call !== call) form.open(savedCalls.has(call) && !drafts.kept.has(call) ? drafts.closed(call, card) : drafts.open(call, card), savedCalls.has(call));
  form.talking = Boolean(state.call);
  form.patient.offer(mayBe(card));
  form.plan({ siteDown, other });
  paintWho();
  paintDraftState();
}

/** Who is on the line: whoever of those it may be she has chosen, in the agenda or on the card. */
function paintWho() {
  const onDesk = desk();
  if (!onDesk || form.draft?.call !== onDesk.call) return;
  const inBook = bookView.book.call === onDesk.call ? bookView.book.patient.patient : null;
  paintCaller(onDesk.card, bookView.isOpen ? [inBook, form.patient.patient] : [form.patient.patient, inBook]);
}

function paintDraftState() {
  const draft = form.draft;
  let words = "";
  if (draft && !form.saved && draft.touched) {
    if (draft.state === "sending") words = word("draft_sending");
    else if (drafts.siteDown) words = word("draft_here");
    else words = word(drafts.unsaved.has(draft.call) ? "draft_keeping" : "draft_kept");
  }
  say(byId("draft-state"), words);
}

function paintDrafts() {
  const open = (/** @type {string} */ call) => {
    reopened = call;
    paint();
    byId("text").focus();
  };
  const drop = (/** @type {string} */ call) => {
    const draft = drafts.kept.get(call);
    const at = draft ? standing(draft.card, draft.fields) : null;
    // Nobody throws away a red flag: it is dealt with first.
    if (pending(at).length || alerting(at)) {
      open(call);
      form.heldByFlags();
      return;
    }
    forgetDraft(call);
    paint();
  };
  post.paintDrafts(drafts.left(currentCall()), open, drop);
}

function paintHealth() {
  const up = state.connection === "open" && (audioUp || !line.stream);
  const words = state.connection !== "open" ? word("health_lost") : audioUp ? word("health_good", { ms: delay }) : line.stream ? word("health_no_audio") : word("health_no_line", { ms: delay });
  say(byId("line-delay"), state.connection === "open" && delay ? `${delay}\u00a0ms` : "");
  say(byId("line-words"), words);
  byId("line-health").title = words;
  byId("line-icon").querySelector("use")?.setAttribute("href", up && audioUp ? "#i-signal" : "#i-signaloff");
  post.health(state.connection === "open" ? delay : null, audioUp && state.line === "up");
}

/** Earlier contacts: by client and number, never by record; fetched once a caller. @param {import("./state.js").Card|null} card */
function paintHistory(card) {
  const key = card && card.client && card.caller.number && !card.caller.masked ? `client=${encodeURIComponent(card.client)}&number=${encodeURIComponent(card.caller.number)}` : "";
  if (key === historyOf) return;
  historyOf = key;
  refresh("history");
  refresh("contacts");
}
source("messages", ["/messages"], () => "/console/fragments/messages");
source("elsewhere", ["/elsewhere"], () => "/console/fragments/elsewhere");
countTasks();
source("history", ["/calls", "/messages", "/elsewhere"], () => (historyOf ? `/console/history?${historyOf}` : "/console/history"));
source("contacts", [], () => (historyOf ? `/console/history?${historyOf}&short=1` : null));

function tick() {
  const at = now();
  say(byId("clock"), clock(at, config.timeZone));
  paintQueue(state, at);
  paintPresenceTime(state, at);
  if (state.offer) paintOfferTime(state.offer, at, state.welcome?.config.offer_s);
  if (state.call || state.ended) paintBarTime(state, at, audioUp);
  else if (reopened) paintBarTime(state, at, true);
}

/** Why nothing reaches the exchange: the telephone is away, or fine and her post in another page. */
function sayAway() {
  showError(word(!isElsewhere() ? "refusal_line_lost" : otherIsGone() ? "bye_gone_do" : "refusal_seat_elsewhere"));
}

/** Opens the line; her other pages know before the exchange that the post is asked for here. */
function toLine() {
  return postIsHere().then(() => line.connect());
}

/** Whether her post is in another page. */
function isElsewhere() {
  return state.connection === "refused" && Number(state.refusal?.code) === 4409;
}

/** Sends a request; a refusal is said in words. @param {string} type @param {Record<string, unknown>} [fields] */
async function act(type, fields) {
  const reply = await line.askWhenBack(type, fields);
  if (!reply.ok && reply.code === "line_lost") sayAway();
  else if (!reply.ok) showError(hasWord(`refusal_${reply.code}`) ? word(`refusal_${reply.code}`) : word("refusal_other", { why: reply.why ?? "" }));
  return reply.ok;
}

const acts = {
  async forward() {
    const what = forward(state, reopened);
    if (reading.dialog.open && (what === "ready" || what === "next")) reading.goOn();
    else if (what === "answer" && state.offer) await act("answer", { call: state.offer.call });
    else if (what === "ready") await ready(false);
    else if (what === "next" && state.ended) await next(state.ended.call);
    else if (what === "close") {
      reopened = null;
      paint();
    }
  },
  end() {
    if (state.call) act("end", { call: state.call.call }).then((ok) => ok && hungUp());
    else if (state.offer) act("decline", { call: state.offer.call });
  },
  hold() {
    if (state.call) act(state.call.held || state.call.state === "held" ? "resume" : "hold", { call: state.call.call });
  },
  mute() {
    if (state.call) act("mute", { on: !state.call.muted });
  },
};

/** @param {boolean} generated */
async function ready(generated) {
  if (!reading.mayGo(() => ready(generated))) return;
  if (await post.open(generated)) await act("ready");
  paint();
}

/** After the call: the outcome, then ready. Words that were not saved hold her back once, in place. @param {string} call */
async function next(call) {
  bookView.close();
  if (form.heldByFlags()) return undefined;
  const { outcome } = form;
  if (!outcome) return form.askOutcome();
  if (form.unsaved && form.draft?.state !== "sending") {
    showError(word("not_saved_yet"));
    byId("save").focus();
    return undefined;
  }
  if (form.elsewhere.unsaved) {
    showError(word("elsewhere_not_recorded"));
    return form.elsewhere.open();
  }
  if (outcome === "message" && !savedCalls.has(call) && drafts.kept.get(call)?.state !== "sending") {
    byId("text").focus();
    return form.errors({ "text-error": word("outcome_without_message") });
  }
  if (!(/** @type {any} */ (state.presence).pending) && !reading.mayGo(() => next(call))) return undefined;
  if (!(await act("wrapup_done", { call, outcome }))) return undefined;
  // The outcome was all there was to keep: nothing is left behind to be finished.
  if (drafts.kept.get(call)?.state === "typing") {
    drafts.forget(call);
    drafts.drop(call);
    paint();
  }
  return undefined;
}

/** @param {string} reason */
function pause(reason) {
  if (reason === "off") act("off").then((ok) => ok && !state.call && !state.ended && post.close());
  else act("break", { reason });
}

function wire() {
  const chooseBreak = wireBreak(pause);
  const openBreak = () => {
    say(byId("dialog-break-when"), state.call || state.ended ? word("break_after_call") : "");
    chooseBreak();
  };
  const press = (/** @type {string} */ id, /** @type {() => void} */ what) => button(id).addEventListener("click", what);
  press("answer", acts.forward);
  press("decline", acts.end);
  press("end", acts.end);
  press("hold", acts.hold);
  press("mute", acts.mute);
  press("next", acts.forward);
  press("go-ready", acts.forward);
  press("go-voice", () => ready(true));
  press("pause", openBreak);
  press("reload-page", () => location.reload());
  press("take-seat", () => {
    state = { ...state, connection: "connecting", refusal: null };
    toLine();
    paint();
  });
  wireDial((digits) => state.call && act("dtmf", { call: state.call.call, digits }));
  const canForward = (/** @type {string} */ what) => () => forward(state, reopened) === what;
  const onDesk = () => document.body.dataset.view === "desk" && !bookView.isOpen;
  bind({ id: "forward", words: "key_ready", act: acts.forward, when: canForward("ready"), foot: true });
  bind({ id: "forward", words: "key_answer", act: acts.forward, when: canForward("answer"), foot: true });
  bind({ id: "forward", words: "key_next", act: acts.forward, when: canForward("next"), foot: true });
  bind({ id: "forward", words: "key_close_draft", act: acts.forward, when: canForward("close"), foot: true });
  bind({ id: "forward", words: "key_red_flag_said", act: () => form.flags.press("said"), when: () => form.flagWaits, foot: true });
  bind({ id: "red_flag_false", words: "key_red_flag_false", act: () => form.flags.press("dismissed"), when: () => form.flagWaits, foot: true });
  bind({ id: "end", words: "key_decline", act: acts.end, when: () => Boolean(state.offer), foot: true });
  bind({ id: "end", words: "key_end", act: acts.end, when: () => Boolean(state.call), foot: true });
  bind({ id: "hold", words: "key_hold", act: acts.hold, when: () => Boolean(state.call), foot: true });
  bind({ id: "mute", words: "key_mute", act: acts.mute, when: () => Boolean(state.call), foot: true });
  // Without the exchange nobody knows what there is to answer or to end: said, never passed over in silence.
  for (const [id, words] of [["forward", "key_answer"], ["end", "key_end"], ["hold", "key_hold"], ["mute", "key_mute"]]) bind({ id, words, act: sayAway, when: () => state.connection !== "open" });
  bind({ id: "save", words: "key_save", act: () => (form.elsewhere.isOpen ? form.elsewhere.save() : form.save()), when: onDesk, foot: true });
  bind({ id: "break", words: "key_break", act: openBreak, when: () => !button("pause").hidden, foot: true });
  bind({ id: "read", words: "key_read", act: () => reading.readFirst(shownCard()), when: () => reading.asks(shownCard()), foot: true });
  bind({ id: "news", words: "key_news", act: nextNews, when: hasNews });
  bind({ id: "script", words: "key_script", act: () => toScript(), when: () => onDesk() && !button("tab-script").hidden });
  bind({ id: "appointment", words: "key_appointment", act: () => form.elsewhere.open(), when: () => onDesk() && form.elsewhere.isOffered, foot: true });
  bind({ id: "caller", words: "key_caller", act: () => fieldNow().takeNext(), when: () => (onDesk() || bookView.isOpen) && fieldNow().next !== null, foot: true });
  bind({ id: "agenda", words: "key_agenda", act: openAgenda, when: () => document.body.dataset.view !== "ringing", foot: true });
  bind({ id: "history", words: "key_history", act: () => goTo("history"), when: onDesk });
  bind({ id: "directory", words: "key_directory", act: () => goTo("directory"), when: onDesk });
  bind({ id: "sites", words: "key_sites", act: () => goTo("sites"), when: onDesk });
  bind({ id: "today", words: "key_today", act: () => goTo("today"), when: onDesk });
  startKeys();
  wireHeadset(acts);
  wireTabs();
}

/** Where she chooses the patient now: in the agenda, while that is what she sees. */
function fieldNow() {
  return bookView.isOpen ? bookView.book.patient : form.patient;
}

/** The agenda of whom the form has chosen. */
function agendaNow() {
  return form.draft ? agendaFor(form.draft.card, form.elsewhere.given?.recipient || form.fields().recipient) : null;
}

/** The client's agenda here, else the one he keeps elsewhere; again, or without a client: the agendas of all. */
function openAgenda() {
  const card = desk()?.card ?? null;
  const agenda = agendaNow();
  if (!bookView.isOpen && card && !bookView.has(card) && agenda) openBeside(agenda);
  else bookView.toggle();
}

/** To the question that waits. */
function toScript() {
  goTo("script");
  form.script.focus();
}

onSite((down) => {
  if (down === siteDown) return;
  siteDown = down;
  if (!down) {
    lookAgain();
    drafts.send();
    elsewhereActs.send();
    flagLog.send();
  }
  paint();
});
onOtherPerson((name) => {
  if (name === other) return;
  other = name;
  if (!name) {
    drafts.send();
    elsewhereActs.send();
    flagLog.send();
  }
  paint();
});
wire();
paint();
// A call may come back with the first word of the exchange: what was typed into it is read before.
await drafts.load();
await elsewhereActs.load();
await flagLog.load();
paint();
toLine();
refresh("messages");
refresh("elsewhere");
refresh("history");
reading.load();
bookView.load();
listen();
drafts.fetch().catch(() => undefined);
setInterval(tick, 1000);
window.addEventListener("permanence:leaving", (event) => {
  const safe = Promise.all([drafts.leave(), elsewhereActs.leave(), flagLog.leave()]).then((kept) => kept.every(Boolean));
  /** @type {import("../../../foundation/static/design/sign-out.js").Leaving} */ (event).detail.push(safe);
  safe.then((kept) => kept || showError(word("sign_out_waits")));
});
