// SPDX-License-Identifier: AGPL-3.0-or-later
// What is kept in this browser about a caller is sealed (AES-GCM, NIST SP 800-38D): its key is the person's, cannot be read out, and goes at sign-out.

const DATABASE = "permanence";
const STORE = "keys";
const KEY_WITHIN_MS = 2000;
const NONCE_BYTES = 12;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @returns {Promise<CryptoKey>} */
function newKey() {
  return crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** The person's key: the one kept here, else a new one. Of two pages that make one at once, the first one's holds. @param {string} person */
async function keyOf(person) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await done(opening);
  try {
    const made = await newKey();
    const store = database.transaction(STORE, "readwrite").objectStore(STORE);
    const kept = await done(store.get(person));
    if (kept instanceof CryptoKey) return kept;
    await done(store.put(made, person));
    return made;
  } finally {
    database.close();
  }
}

/** The key, or one that lives as long as the page where the browser keeps none: then only the site can give back what was typed. @param {string} person */
async function keyOrOther(person) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("the browser's key store does not answer")), KEY_WITHIN_MS));
  try {
    return /** @type {CryptoKey} */ (await Promise.race([keyOf(person), late]));
  } catch (error) {
    console.warn("what is typed cannot be kept over a reload by this browser", error);
    return newKey();
  }
}

export class Vault {
  /** @param {string} person whose words are sealed: nobody else's key opens them. */
  constructor(person) {
    /** @type {Promise<CryptoKey>|null} null on an address where the browser gives no cryptography: nothing is kept there. */
    this.key = crypto.subtle ? keyOrOther(person) : null;
  }

  /** The sealed text of a value, bound to its place; null when nothing can be sealed here. @param {string} place @param {unknown} value @returns {Promise<string|null>} */
  async seal(place, value) {
    if (!this.key) return null;
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const how = { name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(place) };
    const sealed = new Uint8Array(await crypto.subtle.encrypt(how, await this.key, new TextEncoder().encode(JSON.stringify(value))));
    let letters = "";
    for (const byte of [...nonce, ...sealed]) letters += String.fromCharCode(byte);
    return btoa(letters);
  }

  /** The value again; null when this person's key does not open it, or it stood elsewhere. @param {string} place @param {string} text @returns {Promise<any>} */
  async open(place, text) {
    if (!this.key) return null;
    try {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const how = { name: "AES-GCM", iv: bytes.subarray(0, NONCE_BYTES), additionalData: new TextEncoder().encode(place) };
      return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(how, await this.key, bytes.subarray(NONCE_BYTES))));
    } catch {
      return null;
    }
  }
}
