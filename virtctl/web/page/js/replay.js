// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// How much of the last output is remembered, in bytes, to find the place where a new connection goes on, and the least
// that tells one place from another.
const memory = 1024;
const minMatch = 64;

// Replay leaves out of what a server repeats to whoever connects what was shown before.
export class Replay {
  #last = new Uint8Array();
  #going = false;

  // resume prepares for the output of a new connection, which repeats nothing when the server goes on where it was.
  resume(goesOn) {
    this.#going = goesOn;
  }

  // take returns what of output is new, and whether it is from before the connection.
  take(output) {
    const old = !this.#going;
    this.#going = true;
    const fresh = old ? this.#fresh(output) : output;
    this.#remember(fresh);
    return { fresh, old };
  }

  #fresh(output) {
    if (this.#last.length < minMatch) {
      return output;
    }
    // The first place that fits: rather repeat some lines than lose any.
    const at = find(output, this.#last);
    return at < 0 ? output : output.subarray(at + this.#last.length);
  }

  #remember(output) {
    const joined = new Uint8Array(Math.min(memory, this.#last.length + output.length));
    const tail = output.subarray(-memory);
    const kept = joined.length - tail.length;
    joined.set(kept > 0 ? this.#last.subarray(-kept) : [], 0);
    joined.set(tail, kept);
    this.#last = joined;
  }
}

function find(text, part) {
  for (let at = text.indexOf(part[0]); at >= 0 && at + part.length <= text.length; at = text.indexOf(part[0], at + 1)) {
    let n = 1;
    while (n < part.length && text[at + n] === part[n]) {
      n++;
    }
    if (n === part.length) {
      return at;
    }
  }
  return -1;
}
