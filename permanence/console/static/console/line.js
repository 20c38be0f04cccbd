// SPDX-License-Identifier: AGPL-3.0-or-later
// The permanent line: one audio session to the house's media, negotiated over the call-control socket. Callers are plugged into it on the server.
import { LineSocket } from "./socket.js";

const RESTART_AFTER_MS = 1500;
const REBUILD_AFTER_MS = 8000;
const ANSWER_WITHIN_MS = 6000;

/**
 * @typedef {import("./socket.js").SocketOptions & {onAudio: (state: "up"|"down") => void, output: HTMLAudioElement}} LineOptions
 */

export class Line extends LineSocket {
  /** @param {LineOptions} options */
  constructor(options) {
    super({ ...options, onMessage: (message) => this.heard(message) });
    this.line = options;
    /** @type {RTCPeerConnection|null} */
    this.peer = null;
    /** @type {MediaStream|null} */
    this.stream = null;
    // One offer at a time: an answer does not say to which offer it belongs.
    this.asking = false;
    // Whether the house's media hears this line: it is a moment behind the browser's own view, and "ready" is refused before.
    this.houseUp = false;
    /** @type {""|"restart"|"rebuild"} */
    this.wanted = "";
    this.answerTimer = 0;
    this.restartTimer = 0;
    this.rebuildTimer = 0;
    window.addEventListener("online", () => this.negotiate("restart"));
    // Wi-Fi to cable, tethering: the browser says so only through this, where it has it.
    const network = /** @type {any} */ (navigator).connection;
    network?.addEventListener?.("change", () => this.negotiate("restart"));
  }

  /** @param {Record<string, any>} message */
  heard(message) {
    if (message.t === "sdp") return void this.answered(message.sdp);
    if (message.t === "welcome") this.settle(false);
    if (message.t === "line") this.houseUp = message.state === "up";
    this.line.onMessage(message);
    if (message.t === "error" && message.code === "bad_offer") this.refused();
    if (message.t === "line" && message.state === "down" && this.stream) this.negotiate(message.renew || !this.peer ? "rebuild" : "restart");
    return undefined;
  }

  /** Opens the line with this microphone (or generated voice); on a line that is open only the track changes.
   * @param {MediaStream} stream */
  async open(stream) {
    this.stream = stream;
    if (this.peer?.connectionState === "connected") return this.swap(stream);
    return this.negotiate("rebuild");
  }

  /** @param {MediaStream} stream */
  build(stream) {
    this.houseUp = false;
    this.peer?.close();
    const peer = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" });
    this.peer = peer;
    const way = peer.addTransceiver(stream.getAudioTracks()[0], { direction: "sendrecv", streams: [stream] });
    const known = RTCRtpReceiver.getCapabilities("audio")?.codecs ?? [];
    const wanted = known.filter((codec) => /^audio\/(PCMA|telephone-event)$/i.test(codec.mimeType));
    if (wanted.length && way.setCodecPreferences) way.setCodecPreferences(wanted);
    peer.ontrack = (event) => {
      this.line.output.srcObject = new MediaStream([event.track]);
      this.line.output.play().catch((error) => console.warn("the earpiece does not play", error));
    };
    peer.onconnectionstatechange = () => this.watch(peer);
    peer.oniceconnectionstatechange = () => this.watch(peer);
  }

  /** @param {RTCPeerConnection} peer */
  watch(peer) {
    if (peer !== this.peer) return;
    const ice = peer.iceConnectionState;
    const good = peer.connectionState === "connected" && ice !== "disconnected";
    this.line.onAudio(good ? "up" : "down");
    clearTimeout(this.restartTimer);
    if (good) {
      clearTimeout(this.rebuildTimer);
      this.rebuildTimer = 0;
      return;
    }
    if (peer.connectionState === "failed") this.negotiate("rebuild");
    else if (ice === "disconnected" || ice === "failed") {
      this.restartTimer = setTimeout(() => this.negotiate("restart"), ice === "failed" ? 0 : RESTART_AFTER_MS);
      this.rebuildTimer ||= setTimeout(() => this.negotiate("rebuild"), REBUILD_AFTER_MS);
    }
  }

  /** Offers the line to the exchange: new candidates for the same session ("restart": the network changed under it), or a new session
   * ("rebuild": the old one cannot be saved; the exchange plugs the call in again). Waits its turn.
   * @param {"restart"|"rebuild"} how */
  async negotiate(how) {
    if (!this.stream || !this.welcomed) return;
    if (this.asking) {
      this.wanted = how === "rebuild" ? how : this.wanted || how;
      return;
    }
    this.asking = true;
    this.answerTimer = setTimeout(() => this.refused(), ANSWER_WITHIN_MS);
    if (how === "rebuild" || !this.peer || this.peer.connectionState === "closed") {
      clearTimeout(this.rebuildTimer);
      this.rebuildTimer = 0;
      this.build(this.stream);
    }
    const peer = /** @type {RTCPeerConnection} */ (this.peer);
    await peer.setLocalDescription(await peer.createOffer({ iceRestart: how === "restart" }));
    const reply = await this.ask("sdp", { sdp: peer.localDescription?.sdp, page_host: location.hostname });
    if (!reply.ok && peer === this.peer) await this.refused();
  }

  /** The offer is settled, well or not; what was asked for meanwhile comes now. @param {boolean} [more] */
  settle(more = true) {
    clearTimeout(this.answerTimer);
    this.asking = false;
    const wanted = this.wanted;
    this.wanted = "";
    if (more && wanted) this.negotiate(wanted);
  }

  /** The exchange did not answer the offer: what was before holds. */
  async refused() {
    if (this.peer?.signalingState === "have-local-offer") await this.peer.setLocalDescription({ type: "rollback" });
    if (this.peer?.connectionState !== "connected") this.line.onAudio("down");
    this.settle();
  }

  /** @param {string} sdp */
  async answered(sdp) {
    const peer = this.peer;
    if (peer?.signalingState === "have-local-offer") {
      try {
        await peer.setRemoteDescription({ type: "answer", sdp });
      } catch (error) {
        console.error("the browser refused the answer of the exchange", error);
        this.line.onMessage({ t: "error", code: "bad_answer", why: String(error) });
      }
    }
    this.settle();
  }

  /** Another microphone on the same line: nothing is renegotiated. @param {MediaStream} stream */
  async swap(stream) {
    const sender = this.peer?.getSenders().find((one) => one.track === null || one.track.kind === "audio");
    await sender?.replaceTrack(stream.getAudioTracks()[0]);
  }

  /** The line is closed and the microphone let go. */
  close() {
    this.peer?.close();
    this.peer = null;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.line.onAudio("down");
  }
}
