// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

import { about, socket } from './session.js';

// Pauses between attempts, in ms; the last one goes on.
const pauses = [500, 1000, 2000, 3000, 5000];
// A connection that held for so long, in ms, begins the pauses anew.
const settled = 3000;
// Answers to which the same question will not do better.
const final = [401, 403, 501];
const neverThere = /^No (serial consoles|graphics devices)/;

// Stream keeps a page connected with a guest. It tells of its state, 'state' with {state, message}, and of every
// connection, 'open' with {socket, position}; all that the socket brings after that is the guest's. A position, which
// some serial consoles know, may be set to go on there.
//
// States: connecting, open, waiting (goes on by itself), refused (does not), gone (virtctl itself is).
export class Stream extends EventTarget {
  #path;
  #socket = null;
  #timer = 0;
  #attempt = 0;
  state = 'connecting';
  position = '';

  constructor(path) {
    super();
    this.#path = path;
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.#timer) {
        this.connect();
      }
    });
  }

  // connect drops the connection that there is, if any, and makes another.
  connect() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const old = this.#socket;
    this.#socket = null;
    old?.close();
    this.#tell('connecting', 'Connecting');

    const current = socket(this.#path + (this.position ? `?position=${encodeURIComponent(this.position)}` : ''));
    this.#socket = current;
    let refusal = null;
    let opened = 0;
    current.addEventListener('message', (event) => {
      if (current !== this.#socket) {
        return;
      }
      const opening = JSON.parse(event.data);
      if (opening.open) {
        opened = Date.now();
        this.#tell('open', 'Connected');
        this.dispatchEvent(new CustomEvent('open', { detail: { socket: current, position: opening.position ?? '' } }));
      } else {
        refusal = opening.error;
      }
    }, { once: true });
    current.addEventListener('close', (event) => {
      if (current !== this.#socket) {
        return;
      }
      this.#socket = null;
      if (opened && Date.now() - opened > settled) {
        this.#attempt = 0;
      }
      this.#ended(event, refusal, opened > 0);
    });
  }

  async #ended(event, refusal, opened) {
    if (event.code === 1001) {
      this.#tell('gone', 'virtctl has ended. Start it again, and use the link that it prints.');
    } else if (refusal) {
      if (final.includes(refusal.code) || neverThere.test(refusal.message)) {
        this.#tell('refused', refusal.message);
        return;
      }
      this.#retry('waiting', `Waiting: ${refusal.message}`);
    } else if (event.code === 1008) {
      // Thrown out, for somebody who asked for the guest alone.
      this.#tell('refused', `Disconnected: ${event.reason}`);
    } else if (opened) {
      const why = event.reason || (event.code === 1000 ? 'the guest has ended it' : 'the connection broke');
      this.#retry('waiting', `Disconnected: ${why}`);
    } else {
      // A handshake that fails does not tell why.
      try {
        await about();
        this.#retry('waiting', 'Disconnected');
      } catch (reason) {
        if (reason.code === 401) {
          this.#tell('refused', reason.message);
        } else {
          this.#retry('gone', reason.message);
        }
      }
    }
  }

  #retry(state, message) {
    this.#tell(state, message);
    const pause = pauses[Math.min(this.#attempt, pauses.length - 1)];
    this.#attempt++;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.connect(), pause);
  }

  #tell(state, message) {
    // While attempts go on, why they do is worth more than that they do.
    if (state === 'connecting' && this.state === 'waiting') {
      return;
    }
    this.state = state;
    this.dispatchEvent(new CustomEvent('state', { detail: { state, message } }));
  }
}
