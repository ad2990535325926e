// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

import { ask } from './session.js';

// showEvents shows what happened to a virtual machine.
export async function showEvents({ namespace, name }) {
  const dialog = document.getElementById('events');
  const body = dialog.querySelector('tbody');
  const note = dialog.querySelector('[data-part="note"]');
  dialog.querySelector('h2').textContent = `Events of ${name} in ${namespace}`;
  body.replaceChildren();
  note.textContent = 'Loading';
  note.hidden = false;
  dialog.showModal();
  try {
    const events = await (await ask('GET', `/api/events/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`)).json();
    body.replaceChildren(...events.map(line));
    note.textContent = events.length === 0 ? 'There are none. Clusters keep events for an hour or so.' : '';
  } catch (reason) {
    note.textContent = reason.message;
  }
  note.hidden = !note.textContent;
}

function line(event) {
  const row = document.createElement('tr');
  row.dataset.type = event.type;
  const time = document.createElement('time');
  time.dateTime = event.time;
  time.textContent = new Date(event.time).toLocaleString();
  const times = event.count > 1 ? ` (${event.count} times)` : '';
  for (const content of [time, event.reason, `${event.message}${times}`]) {
    const cell = document.createElement('td');
    cell.append(content);
    row.append(cell);
  }
  return row;
}
