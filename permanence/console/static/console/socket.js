// SPDX-License-Identifier: AGPL-3.0-or-later
// The call-control websocket to the exchange (docs/contracts.md, "The line"): hello, requests with answers, pings, tickets, reconnection.

const BACK_OFF_MS = [200, 500, 1000, 2000, 3000, 5000];
const PING_EVERY_MS = 5000;
const PONG_WITHIN_MS = 12000;
const REPLY_WITHIN_MS = 5000;
/** How long an act of a person waits for a socket that is away. */
const BACK_WITHIN_MS = 2000;
const RENEW_EVERY_MS = 4 * 60 * 1000;
const RENEW_AGAIN_MS = 15 * 1000;

/**
 * @typedef {{ok: boolean, code?: string, why?: string}} Reply
 * @typedef {{
 *   url: string,
 *   ticket: () => Promise<string>,
 *   onMessage: (message: Record<string, any>) => void,
 *   onLost: () => void,
 *   onRefused: (code: number|string, why: string) => void,
 *   onDelay: (ms: number) => void,
 *   onUnsafe: (waits: boolean) => void,
 * }} SocketOptions
 */

export class LineSocket {
  /** @param {SocketOptions} options */
  constructor(options) {
    this.options = options;
    /** @type {WebSocket|null} */
    this.socket = null;
    this.attempt = 0;
    this.number = 0;
    this.welcomed = false;
    this.stopped = false;
    /** @type {Map<number, {resolve: (reply: Reply) => void, timer: number}>} */
    this.waiting = new Map();
    /** @type {Set<number>} requests that are carried out and wait for the exchange's disk */
    this.unsafe = new Set();
    /** @type {Map<number, number>} */
    this.pings = new Map();
    /** @type {Set<() => void>} whoever waits for the socket to be back */
    this.awaited = new Set();
    this.heardAt = 0;
    this.currentTicket = "";
    this.retryTimer = 0;
    /** @type {Record<string, any>|undefined} */
    this.lastWords = undefined;
    setInterval(() => this.ping(), PING_EVERY_MS);
    setTimeout(() => this.renew(), RENEW_EVERY_MS);
    window.addEventListener("online", () => this.reconnectNow());
  }

  /** Opens the socket and keeps it open until `stop`. */
  async connect() {
    this.stopped = false;
    clearTimeout(this.retryTimer);
    try {
      this.currentTicket = await this.options.ticket();
    } catch {
      // The site is down: the ticket we hold may still be good, and the exchange says so when it is not.
      if (!this.currentTicket) return this.retry();
    }
    const socket = new WebSocket(this.options.url);
    this.socket = socket;
    socket.onopen = () => {
      this.heardAt = Date.now();
      socket.send(JSON.stringify({ t: "hello", protocol: 1, ticket: this.currentTicket, page_host: location.hostname }));
    };
    socket.onmessage = (event) => this.receive(socket, event);
    socket.onclose = (event) => this.closed(socket, event);
  }

  /** @param {WebSocket} socket @param {MessageEvent} event */
  receive(socket, event) {
    if (socket !== this.socket) return;
    this.heardAt = Date.now();
    const message = JSON.parse(event.data);
    if (message.t === "pong") return this.ponged(message.n);
    if (message.t === "reply") return this.replied(message);
    if (message.t === "not_safe") return this.notSafe(message.id);
    if (message.t === "welcome") {
      this.welcomed = true;
      this.attempt = 0;
      for (const back of this.awaited) back();
    }
    if (message.t === "bye" && [4401, 4403, 4409].includes(Number(message.code))) this.lastWords = message;
    this.options.onMessage(message);
  }

  /** @param {WebSocket} socket @param {CloseEvent} event */
  closed(socket, event) {
    if (socket !== this.socket) return;
    this.socket = null;
    this.welcomed = false;
    for (const { resolve, timer } of this.waiting.values()) {
      clearTimeout(timer);
      // It was sent: whether it was heard, the state after the return tells.
      resolve({ ok: false, code: "no_reply", why: "" });
    }
    this.waiting.clear();
    this.safe([...this.unsafe]);
    this.pings.clear();
    if (this.stopped) return;
    const code = event.code >= 4000 ? event.code : Number(this.lastWords?.code ?? 0);
    const why = event.reason || this.lastWords?.why || "";
    this.lastWords = undefined;
    this.options.onLost();
    if (code === 4403 || code === 4409) return this.options.onRefused(code, why);
    if (code === 4401 && this.attempt > 2) this.options.onRefused(code, why);
    this.retry();
  }

  retry() {
    const wait = BACK_OFF_MS[Math.min(this.attempt, BACK_OFF_MS.length - 1)];
    this.attempt += 1;
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => this.connect(), wait + Math.random() * wait * 0.3);
  }

  /** Does not wait for the back-off: the network is back, or a person asked. */
  reconnectNow() {
    if (this.stopped || this.welcomed) return;
    this.attempt = 0;
    this.drop();
    this.connect();
  }

  /** Ends the socket for good (another page has the seat, or the person signs out). */
  stop() {
    this.stopped = true;
    clearTimeout(this.retryTimer);
    this.socket?.close(1000);
  }

  drop() {
    const socket = this.socket;
    if (!socket) return;
    socket.close();
    this.closed(socket, new CloseEvent("close", { code: 1006 }));
    clearTimeout(this.retryTimer);
  }

  ping() {
    if (!this.welcomed || !this.socket) return;
    // Unanswered is what was asked: a hidden page's timers come a minute late, and silence before the next question means nothing.
    const [asked] = this.pings.values();
    if (asked !== undefined && performance.now() - asked > PONG_WITHIN_MS && Date.now() - this.heardAt > PONG_WITHIN_MS) {
      this.drop();
      this.retry();
      return;
    }
    this.number += 1;
    this.pings.set(this.number, performance.now());
    this.socket.send(JSON.stringify({ t: "ping", n: this.number }));
  }

  /** @param {number} n */
  ponged(n) {
    const sent = this.pings.get(n);
    for (const older of [...this.pings.keys()]) if (older <= n) this.pings.delete(older);
    if (sent !== undefined) this.options.onDelay(Math.round(performance.now() - sent));
  }

  /** A request, and the exchange's answer. Never rejects: what went wrong is in the answer.
   * @param {string} type @param {Record<string, unknown>} [fields] @returns {Promise<Reply>} */
  ask(type, fields = {}) {
    if (!this.welcomed || !this.socket) return Promise.resolve({ ok: false, code: "line_lost", why: "" });
    this.number += 1;
    const id = this.number;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        resolve({ ok: false, code: "no_reply", why: "" });
      }, REPLY_WITHIN_MS);
      this.waiting.set(id, { resolve, timer });
      this.socket?.send(JSON.stringify({ t: type, id, ...fields }));
    });
  }

  /** As `ask`, for what a person does: while the socket is away it waits a little for it, then says that nothing was done.
   * @param {string} type @param {Record<string, unknown>} [fields] @returns {Promise<Reply>} */
  async askWhenBack(type, fields = {}) {
    if (!this.welcomed && !this.stopped) {
      await new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
        const back = () => {
          clearTimeout(timer);
          this.awaited.delete(back);
          resolve();
        };
        const timer = setTimeout(back, BACK_WITHIN_MS);
        this.awaited.add(back);
      });
    }
    return this.ask(type, fields);
  }

  /** @param {{id: number, ok: boolean, code?: string, why?: string}} message */
  replied(message) {
    const found = this.waiting.get(message.id);
    if (!found) return;
    clearTimeout(found.timer);
    this.waiting.delete(message.id);
    this.safe([message.id]);
    found.resolve(message);
  }

  /** Carried out, not yet on the disk: the answer is awaited as long as it takes, and she is told. @param {number} id */
  notSafe(id) {
    const found = this.waiting.get(id);
    if (!found) return;
    clearTimeout(found.timer);
    this.unsafe.add(id);
    this.options.onUnsafe(true);
  }

  /** @param {number[]} ids */
  safe(ids) {
    if (!this.unsafe.size) return;
    for (const id of ids) this.unsafe.delete(id);
    this.options.onUnsafe(this.unsafe.size > 0);
  }

  async renew() {
    let again = RENEW_EVERY_MS;
    try {
      this.currentTicket = await this.options.ticket();
      if (this.welcomed) await this.ask("ticket", { ticket: this.currentTicket });
    } catch {
      again = RENEW_AGAIN_MS;
    }
    setTimeout(() => this.renew(), again);
  }
}
