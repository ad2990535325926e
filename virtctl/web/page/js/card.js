// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

import { ask } from './session.js';
import { confirmed } from './confirm.js';
import { showEvents } from './events.js';

// The verbs of a card: what it says, of which resource, when it makes sense, and what to ask before.
const verbs = [
  { verb: 'start', label: 'Start', resource: 'virtualmachines', when: (r) => r.machine && (!r.instance || over(r)) },
  {
    verb: 'stop', label: 'Stop', resource: 'virtualmachines', when: (r) => r.machine && r.instance && !over(r),
    ask: 'The guest is asked to shut down, and powered off when its grace period is over.', force: true,
  },
  {
    verb: 'restart', label: 'Restart', resource: 'virtualmachines', when: (r) => r.machine && r.instance && !over(r),
    ask: 'The guest is shut down, and started anew with every change of its specification.', force: true,
  },
  { verb: 'pause', label: 'Pause', resource: 'virtualmachineinstances', when: (r) => r.phase === 'Running' && !r.paused },
  { verb: 'unpause', label: 'Unpause', resource: 'virtualmachineinstances', when: (r) => r.phase === 'Running' && r.paused },
];

const over = (row) => row.phase === 'Succeeded' || row.phase === 'Failed';

// Card shows one virtual machine.
export class Card {
  constructor(key) {
    this.key = key;
    this.element = document.getElementById('card').content.firstElementChild.cloneNode(true);
    this.element.dataset.key = key;
    this.row = {};
    this.busy = false;
    this.buttons = verbs.map((spec) => this.#button(spec));
    this.#part('events').addEventListener('click', () => showEvents(this.row));
  }

  update(row) {
    this.row = row;
    const below = `${encodeURIComponent(row.namespace)}/${encodeURIComponent(row.name)}`;
    this.#part('name').textContent = row.name;
    this.#part('namespace').textContent = row.namespace;
    this.element.setAttribute('aria-label', `${row.name} in ${row.namespace}`);
    const status = this.#part('status');
    status.textContent = row.status || 'Unknown';
    status.dataset.kind = kindOf(row);
    this.#part('facts').textContent = [row.node, row.address, row.system].filter(Boolean).join(' · ');
    const problem = this.#part('problem');
    problem.textContent = row.instance || row.runStrategy !== 'Halted' ? row.problem ?? '' : '';
    problem.hidden = !problem.textContent;
    const running = row.phase === 'Running';
    this.#link('vnc', `/vnc/${below}`, running && row.screen);
    this.#link('console', `/console/${below}`, running && row.serial);
    this.#arm();
    if (!this.pictured()) {
      this.picture(null, running ? 'No picture yet' : 'Not running');
    }
  }

  // pictured tells whether there is a screen to take pictures of.
  pictured() {
    return this.row.phase === 'Running' && this.row.screen;
  }

  // picture shows a picture of the screen, or why there is none.
  picture(blob, why) {
    const img = this.#part('picture');
    if (img.src) {
      URL.revokeObjectURL(img.src);
    }
    img.hidden = !blob;
    this.#part('why').hidden = Boolean(blob);
    if (blob) {
      img.src = URL.createObjectURL(blob);
      img.alt = `Screen of ${this.row.name}`;
    } else {
      img.removeAttribute('src');
      this.#part('why').textContent = why;
    }
  }

  #part(name) {
    return this.element.querySelector(`[data-part="${name}"]`);
  }

  #link(part, href, there) {
    const link = this.#part(part);
    link.hidden = !there;
    link.href = href;
  }

  #button(spec) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = spec.label;
    button.dataset.verb = spec.verb;
    button.addEventListener('click', () => this.#act(spec));
    this.#part('verbs').append(button);
    return { button, spec };
  }

  async #act(spec) {
    let force = false;
    if (spec.ask) {
      const answer = await confirmed(`${spec.label} ${this.row.name} in ${this.row.namespace}?`, spec);
      if (!answer) {
        return;
      }
      force = answer.force;
    }
    this.#wrong('');
    this.busy = true;
    this.#arm();
    try {
      const { namespace, name } = this.row;
      await ask('PUT', `/api/${spec.resource}/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/${spec.verb}`, { force });
    } catch (reason) {
      this.#wrong(`${spec.verb} ${this.row.name}: ${reason.message}`);
    }
    this.busy = false;
    this.#arm();
  }

  #arm() {
    for (const { button, spec } of this.buttons) {
      button.hidden = !spec.when(this.row);
      button.disabled = this.busy;
    }
  }

  #wrong(message) {
    this.#part('wrong').textContent = message;
    this.#part('wrong').hidden = !message;
  }
}

function kindOf(row) {
  if (row.paused) {
    return 'paused';
  }
  if (row.phase === 'Failed' || /Err|Crash|Unschedulable|Unknown/.test(row.status)) {
    return 'wrong';
  }
  return row.phase === 'Running' ? 'running' : row.instance && !over(row) ? 'moving' : 'stopped';
}
