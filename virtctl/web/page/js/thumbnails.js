// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

import { ask } from './session.js';

// A picture is taken again after this time, in ms, and so many are being taken at once at most.
const interval = 10000;
const atOnce = 4;

// Thumbnails take pictures of the screens of cards that are in sight.
export class Thumbnails {
  #cards = new Map();
  #visible = new Set();
  #due = new Map();
  #taking = new Set();

  constructor() {
    this.observer = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const card = this.#cards.get(target);
        if (card && isIntersecting) {
          this.#visible.add(card);
        } else if (card) {
          this.#visible.delete(card);
        }
      }
      this.#go();
    });
    setInterval(() => this.#go(), 1000);
    document.addEventListener('visibilitychange', () => this.#go());
  }

  add(card) {
    this.#cards.set(card.element, card);
    this.observer.observe(card.element);
  }

  remove(card) {
    this.observer.unobserve(card.element);
    this.#cards.delete(card.element);
    this.#visible.delete(card);
    this.#due.delete(card);
  }

  // refresh takes a picture as soon as may be.
  refresh(card) {
    this.#due.delete(card);
    this.#go();
  }

  #go() {
    if (document.hidden) {
      return;
    }
    const now = Date.now();
    for (const card of this.#visible) {
      if (this.#taking.size >= atOnce) {
        return;
      }
      if (card.pictured() && !this.#taking.has(card) && (this.#due.get(card) ?? 0) <= now) {
        this.#take(card);
      }
    }
  }

  async #take(card) {
    this.#taking.add(card);
    this.#due.set(card, Date.now() + interval);
    const { namespace, name } = card.row;
    try {
      const answer = await ask('GET', `/api/screenshot/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`);
      const blob = await answer.blob();
      if (card.pictured()) {
        card.picture(blob);
      }
    } catch (reason) {
      if (card.pictured()) {
        card.picture(null, reason.message);
      }
    }
    this.#taking.delete(card);
    this.#go();
  }
}
