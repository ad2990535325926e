// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

import { Card } from './card.js';
import { clipboard } from './clipboard.js';
import { List } from './list.js';
import { ask, begin, invitation } from './session.js';
import { Thumbnails } from './thumbnails.js';

const element = (id) => document.getElementById(id);
const cards = new Map();
const thumbnails = new Thumbnails();

function state(message, wrong) {
  element('status').textContent = message;
  element('status').classList.toggle('wrong', wrong);
  element('status').hidden = !message;
}

const list = new List({
  onRow(key, row) {
    let card = cards.get(key);
    if (!card) {
      card = new Card(key);
      cards.set(key, card);
      place(card);
      thumbnails.add(card);
    }
    const before = card.pictured();
    card.update(row);
    card.element.hidden = !matches(card);
    if (!before && card.pictured()) {
      thumbnails.refresh(card);
    }
  },
  onGone(key) {
    const card = cards.get(key);
    if (card) {
      cards.delete(key);
      thumbnails.remove(card);
      card.picture(null, '');
      card.element.remove();
    }
  },
  onState: state,
  onListed(count) {
    element('empty').hidden = count > 0;
  },
});

// place puts a card where it belongs among the others, which are in order.
function place(card) {
  const all = element('machines').children;
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle].dataset.key < card.key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  element('machines').insertBefore(card.element, all[low] ?? null);
}

function matches(card) {
  const { namespace, name, status, node = '', address = '', system = '' } = card.row;
  const text = [namespace, name, status, node, address, system].join(' ').toLowerCase();
  return element('filter').value.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

element('filter').addEventListener('input', () => {
  for (const card of cards.values()) {
    card.element.hidden = !matches(card);
  }
});

function follow() {
  const namespace = element('namespace').value.trim();
  const query = new URLSearchParams({ namespace });
  history.replaceState(null, '', `${location.pathname}?${query}`);
  element('empty').hidden = true;
  list.follow(namespace);
}

element('namespace').addEventListener('change', follow);
element('all').addEventListener('click', () => {
  element('namespace').value = '';
  follow();
});
element('invite').addEventListener('click', async () => {
  try {
    await clipboard().writeText(await invitation());
    state('The link is in the clipboard. It opens one browser, on this machine.', false);
  } catch (reason) {
    state(`Link for another browser: ${reason.message}`, true);
  }
});

async function namespaces() {
  try {
    const names = await (await ask('GET', '/api/namespaces')).json();
    element('namespaces').replaceChildren(...names.map((name) => new Option(name, name)));
  } catch {
    // Who may not list them types the name.
  }
}

try {
  const wanted = new URLSearchParams(location.search).get('namespace');
  const { namespace, cluster } = await begin();
  element('cluster').textContent = cluster;
  element('namespace').value = wanted ?? namespace;
  follow();
  namespaces();
} catch (reason) {
  state(reason.message, true);
}
