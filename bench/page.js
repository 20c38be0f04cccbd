// SPDX-License-Identifier: AGPL-3.0-or-later
// What a bench notes inside the console's page: the moment a card is painted, a key is pressed, a voice is heard.
// Moments are milliseconds since 1970.
(() => {
  const now = () => performance.timeOrigin + performance.now();
  const bench = { offered: "", call: "", painted: [], pressed: 0, heard: 0, loud: 0, armed: false, early: false, track: null, socket: null };
  window.bench = bench;

  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      if (String(given[0]).endsWith("/line")) bench.socket = this;
      this.addEventListener("message", (event) => {
        if (typeof event.data !== "string" || !event.data.startsWith('{"t":"offer",')) return;
        const offer = JSON.parse(event.data);
        Object.assign(bench, { offered: offer.card.caller.number, call: offer.call });
      });
    }
  };

  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...given) {
      super(...given);
      this.addEventListener("track", (event) => { bench.track = event.track; });
    }
  };

  let shown = false;
  new MutationObserver(() => {
    const card = document.getElementById("view-ringing");
    const visible = card !== null && card.getClientRects().length > 0;
    if (visible && !shown) {
      const number = bench.offered;
      requestAnimationFrame(() => {
        // The frame is made right after this callback; a task posted here runs after it.
        const after = new MessageChannel();
        after.port1.onmessage = () => bench.painted.push([number, now()]);
        after.port2.postMessage(0);
      });
    }
    shown = visible;
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["hidden", "class"] });

  document.addEventListener("keydown", (event) => {
    if (event.key === "F2" && shown) Object.assign(bench, { pressed: now(), heard: 0, armed: true });
  }, true);

  bench.listen = () => {
    const context = new AudioContext();
    const source = context.createMediaStreamSource(new MediaStream([bench.track]));
    const tap = context.createScriptProcessor(256, 1, 1);
    tap.onaudioprocess = (event) => {
      const samples = event.inputBuffer.getChannelData(0);
      let energy = 0;
      for (const sample of samples) energy += sample * sample;
      if (energy / samples.length < 4e-4) return; // a voice has more than twice that, concealment after one has less
      bench.loud = now();
      if (bench.armed) Object.assign(bench, { heard: now(), armed: false });
      else if (shown && !bench.heard) bench.early = true; // something else than the caller's voice: the sample is worth nothing
    };
    source.connect(tap);
    tap.connect(context.destination);
    bench.context = context;
  };
  bench.quiet = () => now() - bench.loud > 1000;
})();
