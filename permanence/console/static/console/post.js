// SPDX-License-Identifier: AGPL-3.0-or-later
// The post at the right of the idle view: microphone and network before "ready", the sound settings of this seat, drafts left behind.
import { button, byId, make, say, show, tile } from "./dom.js";
import { choices, choose, devices, meter, openMicrophone, openVoice, reason, toChosenOutput } from "./mic.js";
import { config } from "./api.js";
import { callerName } from "./card.js";
import { askPermission, playRing, ringOutput } from "./notify.js";
import { moment, word } from "./words.js";

const TREATMENTS = /** @type {const} */ (["echoCancellation", "noiseSuppression", "autoGainControl"]);
const QUIET_LEVEL = 0.08;
const UP_WITHIN_MS = 15000;

export class Post {
  /** @param {import("./line.js").Line} line @param {() => void} changed @param {HTMLAudioElement} earpiece */
  constructor(line, changed, earpiece) {
    this.line = line;
    this.changed = changed;
    this.earpiece = earpiece;
    this.opening = false;
    this.fault = window.isSecureContext ? "" : "mic_insecure";
    this.generated = false;
    this.audioUp = false;
    this.heardVoice = false;
    /** @type {(() => void)|null} */
    this.stopMeter = null;
    button("test-mic").addEventListener("click", () => this.test());
    button("test-ring").addEventListener("click", () => playRing());
    this.wireSettings();
    navigator.mediaDevices?.addEventListener("devicechange", () => this.devicesChanged());
    this.paint();
  }

  get state() {
    return { checked: Boolean(this.line.stream), opening: this.opening, fault: this.fault, demonstration: config.demonstration };
  }

  /** Opens microphone and line; whether she may go ready. @param {boolean} generated */
  async open(generated) {
    askPermission();
    if (this.line.peer && this.audioUp && this.line.houseUp && this.generated === generated) return true;
    this.opening = true;
    this.changed();
    try {
      const stream = await (generated ? openVoice() : openMicrophone());
      this.fault = "";
      this.generated = generated;
      await this.take(stream);
      return await this.waitForLine();
    } catch (error) {
      this.fault = reason(error);
      console.warn("no microphone", error);
      return false;
    } finally {
      this.opening = false;
      this.paint();
      this.changed();
    }
  }

  /** The line must be up, for the browser and for the house, before the exchange gives her a call. @returns {Promise<boolean>} */
  async waitForLine() {
    const until = Date.now() + UP_WITHIN_MS;
    const up = () => this.audioUp && this.line.houseUp;
    while (!up() && Date.now() < until) await new Promise((later) => setTimeout(later, 50));
    if (!up()) this.fault = "line_failed";
    return up();
  }

  /** After a reload in the middle of a shift: the line is opened again without being asked. @param {import("./state.js").State} state */
  async resume(state) {
    if (this.line.stream || ["off", "break"].includes(state.welcome?.presence ?? "off")) return;
    await this.open(sessionStorage.getItem("permanence.voice") === "1" && config.demonstration);
  }

  /** @param {MediaStream} stream */
  async take(stream) {
    sessionStorage.setItem("permanence.voice", this.generated ? "1" : "0");
    const before = this.line.stream;
    const [track] = stream.getAudioTracks();
    track.onended = () => this.devicesChanged();
    await toChosenOutput(this.earpiece);
    await this.line.open(stream);
    if (before && before !== stream) before.getTracks().forEach((one) => one.stop());
    await this.listen(stream);
    await this.fillDevices();
  }

  /** @param {MediaStream} stream */
  async listen(stream) {
    this.stopMeter?.();
    this.heardVoice = false;
    this.stopMeter = await meter(stream, (level) => {
      const bar = byId("level");
      bar.style.setProperty("--done", `${Math.round(level * 100)}%`);
      bar.setAttribute("aria-valuenow", String(Math.round(level * 100)));
      if (level > QUIET_LEVEL && !this.heardVoice) {
        this.heardVoice = true;
        this.paint();
      }
    });
  }

  /** The meter is for the post: a call does not need it. */
  calm() {
    this.stopMeter?.();
    this.stopMeter = null;
  }

  async test() {
    if (this.line.stream && !this.fault) {
      await this.listen(this.line.stream);
      return;
    }
    await this.open(false);
  }

  async devicesChanged() {
    await this.fillDevices();
    const track = this.line.stream?.getAudioTracks()[0];
    if (this.line.stream && !this.generated && (!track || track.readyState === "ended")) {
      try {
        await this.take(await openMicrophone());
        this.fault = "";
      } catch (error) {
        this.fault = reason(error);
      }
      this.paint();
      this.changed();
    }
  }

  /** The line is closed: her service is over. */
  close() {
    this.calm();
    this.line.close();
    byId("level").style.setProperty("--done", "0%");
    this.paint();
  }

  /** @param {number|null} delay @param {boolean} audioUp */
  health(delay, audioUp) {
    this.audioUp = audioUp;
    say(byId("check-net"), delay === null ? word("net_lost") : delay ? word(delay > 300 ? "net_slow" : "net_good", { ms: delay }) : word("net_open"));
    say(byId("check-line"), audioUp ? word("line_up") : this.line.stream ? word("line_opening") : word("line_closed"));
  }

  paint() {
    const fault = byId("mic-fault");
    show(fault, this.fault !== "");
    if (this.fault) {
      say(byId("mic-fault-what"), word(`${this.fault}_what`));
      say(byId("mic-fault-do"), word(`${this.fault}_do`));
    }
    const stream = this.line.stream;
    let words = word("mic_not_asked");
    if (this.generated && stream) words = word("mic_generated");
    else if (stream) words = this.heardVoice ? word("mic_hears", { name: stream.getAudioTracks()[0]?.label ?? "" }) : word("mic_silent");
    say(byId("check-mic"), words);
  }

  wireSettings() {
    for (const name of TREATMENTS) {
      const box = /** @type {HTMLInputElement} */ (document.querySelector(`[data-treatment=${name}]`));
      box.checked = choices()[name];
      box.addEventListener("change", () => this.change({ [name]: box.checked }));
    }
    const select = (/** @type {string} */ id) => /** @type {HTMLSelectElement} */ (byId(id));
    select("input-device").addEventListener("change", (event) => this.change({ input: /** @type {HTMLSelectElement} */ (event.target).value }));
    select("output-device").addEventListener("change", (event) => {
      choose({ output: /** @type {HTMLSelectElement} */ (event.target).value });
      toChosenOutput(this.earpiece);
    });
    select("ring-device").addEventListener("change", (event) => ringOutput(/** @type {HTMLSelectElement} */ (event.target).value));
    this.fillDevices();
  }

  /** @param {Partial<import("./mic.js").AudioChoices>} changed */
  async change(changed) {
    choose(changed);
    if (this.line.stream && !this.generated) {
      try {
        await this.take(await openMicrophone());
        this.fault = "";
      } catch (error) {
        this.fault = reason(error);
      }
      this.paint();
      this.changed();
    }
  }

  async fillDevices() {
    const { inputs, outputs } = await devices();
    const fill = (/** @type {string} */ id, /** @type {MediaDeviceInfo[]} */ list, /** @type {string} */ chosen) => {
      const options = [make("option", { value: "" }, word("device_system")), ...list.filter((one) => one.deviceId && one.deviceId !== "default").map((one, n) => make("option", { value: one.deviceId }, one.label || word("device_number", { n: n + 1 })))];
      byId(id).replaceChildren(...options);
      /** @type {HTMLSelectElement} */ (byId(id)).value = list.some((one) => one.deviceId === chosen) ? chosen : "";
    };
    fill("input-device", inputs, choices().input);
    fill("output-device", outputs, choices().output);
    fill("ring-device", outputs, ringOutput());
  }

  /** What was left behind; painted again only when it is something else.
   * @param {import("./drafts.js").Draft[]} left @param {(call: string) => void} open @param {(call: string) => void} drop */
  paintDrafts(left, open, drop) {
    const box = byId("drafts");
    show(box, left.length > 0);
    const text = left.map((draft) => draft.call).join();
    if (box.dataset.text === text) return;
    box.dataset.text = text;
    box.replaceChildren(
      ...left.map(({ call, card, fields, at }) =>
        make(
          "div",
          { class: "notice" },
          tile(card.initials, card.colour),
          make(
            "div",
            { class: "stack stack--tight" },
            make("p", {}, word("draft_left", { client: card.name, caller: fields.name || callerName(card), moment: moment(at, Date.now(), config.timeZone) })),
            make("p", { class: "cluster" }, make("button", { class: "btn btn--sm", type: "button", onclick: () => open(call) }, word("draft_open")), make("button", { class: "btn btn--sm btn--quiet", type: "button", onclick: () => drop(call) }, word("draft_drop"))),
          ),
        ),
      ),
    );
  }
}
