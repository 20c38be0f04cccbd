// SPDX-License-Identifier: AGPL-3.0-or-later
// The permanent line: one audio session to the house's media, negotiated over the call-control socket. Callers are plugged into it on the server.
import { LineSocket } from "./socket.js";

const RESTART_AFTER_MS = 1500;
const REBUILD_AFTER_MS = 8000;

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
    /** @type {Promise<void>|null} */
    this.negotiating = null;
    this.restartTimer = 0;
    this.rebuildTimer = 0;
    window.addEventListener("online", () => this.restart());
    // Wi-Fi to cable, tethering: the browser says so only through this, where it has it.
    const network = /** @type {any} */ (navigator).connection;
    network?.addEventListener?.("change", () => this.restart());
  }

  /** @param {Record<string, any>} message */
  heard(message) {
    if (message.t === "sdp") return void this.answered(message.sdp);
    this.line.onMessage(message);
    if (message.t === "welcome" && this.stream) this.open(this.stream);
  }

  /** Opens the line with this microphone (or generated voice), or renegotiates it. @param {MediaStream} stream */
  async open(stream) {
    this.stream = stream;
    if (this.peer && this.peer.connectionState !== "failed" && this.peer.connectionState !== "closed") {
      await this.swap(stream);
      return this.restart();
    }
    this.build(stream);
    await this.offer(false);
  }

  /** @param {MediaStream} stream */
  build(stream) {
    this.peer?.close();
    const peer = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" });
    this.peer = peer;
    const way = peer.addTransceiver(stream.getAudioTracks()[0], { direction: "sendrecv", streams: [stream] });
    const known = RTCRtpReceiver.getCapabilities("audio")?.codecs ?? [];
    const wanted = known.filter((codec) => /^audio\/(PCMA|telephone-event)$/i.test(codec.mimeType));
    if (wanted.length && way.setCodecPreferences) way.setCodecPreferences(wanted);
    peer.ontrack = (event) => {
      this.line.output.srcObject = new MediaStream([event.track]);
      this.line.output.play().catch(() => this.line.onAudio("down"));
    };
    peer.onconnectionstatechange = () => this.watch(peer);
    peer.oniceconnectionstatechange = () => this.watch(peer);
  }

  /** @param {RTCPeerConnection} peer */
  watch(peer) {
    if (peer !== this.peer) return;
    const good = peer.connectionState === "connected" && peer.iceConnectionState !== "disconnected";
    this.line.onAudio(good ? "up" : "down");
    clearTimeout(this.restartTimer);
    if (good) {
      clearTimeout(this.rebuildTimer);
      this.rebuildTimer = 0;
      return;
    }
    if (peer.iceConnectionState === "disconnected" || peer.iceConnectionState === "failed") {
      this.restartTimer = setTimeout(() => this.restart(), peer.iceConnectionState === "failed" ? 0 : RESTART_AFTER_MS);
      this.rebuildTimer ||= setTimeout(() => this.rebuild(), REBUILD_AFTER_MS);
    }
    if (peer.connectionState === "failed") this.rebuild();
  }

  /** New candidates for the same session: the network changed under it. */
  async restart() {
    if (!this.peer || !this.welcomed) return;
    await this.offer(true);
  }

  /** A new session: the old one cannot be saved. The call is re-attached by the exchange. */
  async rebuild() {
    clearTimeout(this.rebuildTimer);
    this.rebuildTimer = 0;
    if (!this.stream || !this.welcomed) return;
    this.build(this.stream);
    await this.offer(false);
  }

  /** @param {boolean} iceRestart */
  async offer(iceRestart) {
    const peer = this.peer;
    if (!peer || !this.welcomed || peer.signalingState !== "stable") return;
    await peer.setLocalDescription(await peer.createOffer({ iceRestart }));
    const reply = await this.ask("sdp", { sdp: peer.localDescription?.sdp });
    if (!reply.ok && peer === this.peer && peer.signalingState === "have-local-offer") {
      await peer.setLocalDescription({ type: "rollback" });
      this.line.onAudio("down");
      if (reply.code !== "line_lost") this.line.onMessage({ t: "error", code: reply.code ?? "sdp", why: reply.why ?? "" });
      if (reply.code === "line_lost" || reply.code === "no_reply") this.build(/** @type {MediaStream} */ (this.stream));
    }
  }

  /** The exchange could not answer the offer: a fresh session is tried once more when the network moves or she asks. */
  async refused() {
    if (this.peer?.signalingState === "have-local-offer") await this.peer.setLocalDescription({ type: "rollback" });
    this.line.onAudio("down");
  }

  /** @param {string} sdp */
  async answered(sdp) {
    const peer = this.peer;
    if (!peer || peer.signalingState !== "have-local-offer") return;
    try {
      await peer.setRemoteDescription({ type: "answer", sdp });
    } catch (error) {
      console.error("the answer of the exchange was refused by the browser", error);
      this.line.onMessage({ t: "error", code: "sdp", why: String(error) });
    }
  }

  /** Another microphone on the same line: nothing is renegotiated. @param {MediaStream} stream */
  async swap(stream) {
    this.stream = stream;
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
