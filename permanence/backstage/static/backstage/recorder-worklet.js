// SPDX-License-Identifier: AGPL-3.0-or-later
// Runs in the audio thread: hands on what the microphone hears, as it comes.

const scope = /** @type {any} */ (globalThis);

class Tap extends scope.AudioWorkletProcessor {
  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const heard = inputs[0]?.[0];
    if (heard) this.port.postMessage(heard.slice());
    return true;
  }
}

scope.registerProcessor("tap", Tap);
