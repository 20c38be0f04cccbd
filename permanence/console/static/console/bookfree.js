// SPDX-License-Identifier: AGPL-3.0-or-later
// The next free times of what the request asks for, or of the visit in hand: asked for, waited for and shown; older ones never replace newer ones.
import { fragment } from "./api.js";
import { byId, say, select, show } from "./dom.js";

const checked = (/** @type {string} */ id) => [...byId(id).querySelectorAll("input:checked")].map((one) => /** @type {HTMLInputElement} */ (one).value);

export class FreeTimes {
  /** @param {import("./book.js").Book} book */
  constructor(book) {
    this.book = book;
    /** How often free times were asked for. */
    this.proposing = 0;
    /** Which of these stands on the left: an older one is not shown. */
    this.proposed = 0;
    /** For what free times were asked last: those for something else are not shown. */
    this.question = "";
    /** The free times of what stands on the left since she changed it last. @type {Promise<void>} */
    this.offered = Promise.resolve();
  }

  /** How long a visit of this patient is in an agenda, as its next free times say. @param {string} agenda @returns {number|undefined} */
  minutesIn(agenda) {
    const slot = /** @type {HTMLElement|null} */ (byId("book-slots").querySelector(`.slot[data-agenda="${CSS.escape(agenda)}"]`));
    return slot ? Number(slot.dataset.minutes) : undefined;
  }

  /** How long a visit of this patient is where that is not the reason's usual length; 0 where it is, or is not told yet, and while the times are those of a visit in hand. */
  get minutesNew() {
    return this.book.hand.key ? 0 : Number(byId("book-slots").querySelector(".book__length")?.getAttribute("data-minutes") ?? 0);
  }

  /** The reasons with their lengths; the chosen one with that of this patient. */
  sayLengths() {
    for (const option of select("book-reason").options) {
      const reason = this.book.reasons.find(({ id }) => id === option.value);
      if (reason) say(option, `${reason.name}, ${(option.selected && this.minutesNew) || reason.minutes}\u00a0min`);
    }
  }

  /** What stands on the left, as the site wants it. @returns {Record<string, string>} */
  get wish() {
    return {
      client: this.book.client,
      reason: select("book-reason").value,
      patient: this.book.patient.patient?.id ?? "",
      call: this.book.call,
      halves: checked("book-halves").join(","),
      out: checked("book-out").join(","),
      ...this.book.practitioner.asked,
      ...this.book.wishes.asked,
    };
  }

  /** Next free times for what stands on the left, those that are on their way no more. */
  offer() {
    this.offered = this.propose();
    return this.offered;
  }

  /** Until the free times stand there that are asked for. Where others book all the time they are renewed all the time: those are waited for once. */
  async newest() {
    let { offered, question } = this;
    await offered;
    for (let renewed = 0; offered !== this.offered && (renewed < 1 || question !== this.question); renewed += 1) {
      ({ offered, question } = this);
      await offered;
    }
  }

  /** Next free times for what stands on the left; for a visit in hand those of its own reason. */
  async propose() {
    const { key, client } = this.book.hand;
    this.proposing += 1;
    const [{ proposing }, { turn }] = [this, this.book];
    show(byId("book-slots-title"), this.book.client !== "" || key !== "");
    this.question = "";
    if (!this.book.client && !key) return byId("book-slots").replaceChildren();
    // Whom she wishes for, and when, she says of one client.
    const isAsked = !key || client === this.book.client;
    this.book.practitioner.tell(isAsked);
    const wish = isAsked ? this.wish : { client, call: this.book.call };
    const asked = new URLSearchParams(key ? { ...wish, appointment: key } : { ...wish, yes: this.book.asking.yes });
    const question = asked.toString();
    this.question = question;
    try {
      const found = await fragment(`/console/fragments/agenda/slots?${question}`);
      if (turn !== this.book.turn || question !== this.question || proposing < this.proposed) return undefined;
      this.proposed = proposing;
      byId("book-slots").replaceChildren(found);
      // What stands at the reasons is of the request.
      if (!key) this.sayLengths();
      this.book.holding.paintHeld();
    } catch (error) {
      this.book.trouble(error);
    }
    return undefined;
  }
}
