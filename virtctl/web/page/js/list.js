// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

import { socket } from './session.js';

// The pause before another attempt, in ms.
const pause = 2000;

// List follows the virtual machines of a namespace, '' for all. It calls onRow(row) and onGone(key), onReset() before
// another namespace is shown, onState(message, wrong) and onListed() when all is there.
export class List {
  #socket = null;
  #timer = 0;
  #known = new Set();
  #seen = new Set();

  constructor(calls) {
    this.calls = calls;
  }

  follow(namespace) {
    for (const name of this.#known) {
      this.calls.onGone(name);
    }
    this.#known.clear();
    this.#connect(namespace);
  }

  #connect(namespace) {
    clearTimeout(this.#timer);
    const old = this.#socket;
    this.#socket = null;
    old?.close();
    this.calls.onState('Loading', false);
    const current = socket(`/api/watch?namespace=${encodeURIComponent(namespace)}`);
    this.#socket = current;
    let listed = false;
    this.#seen = new Set();
    current.addEventListener('message', ({ data }) => {
      if (current !== this.#socket) {
        return;
      }
      const { rows = [], gone = [], error, listed: complete } = JSON.parse(data);
      for (const row of rows) {
        const key = `${row.namespace}/${row.name}`;
        this.#known.add(key);
        this.#seen.add(key);
        this.calls.onRow(key, row);
      }
      for (const key of gone) {
        this.#forget(key);
      }
      if (complete && !listed) {
        listed = true;
        // What went while there was no connection is not told.
        for (const key of [...this.#known].filter((k) => !this.#seen.has(k))) {
          this.#forget(key);
        }
      }
      this.calls.onState(error ? error.message : listed ? '' : 'Loading', Boolean(error));
      if (listed) {
        this.calls.onListed(this.#known.size);
      }
    });
    current.addEventListener('close', ({ code }) => {
      if (current !== this.#socket) {
        return;
      }
      if (code === 1001) {
        this.calls.onState('virtctl has ended. Start it again, and use the link that it prints.', true);
        return;
      }
      this.calls.onState('virtctl does not answer; trying again.', true);
      this.#timer = setTimeout(() => this.#connect(namespace), pause);
    });
  }

  #forget(key) {
    this.#known.delete(key);
    this.#seen.delete(key);
    this.calls.onGone(key);
  }
}
