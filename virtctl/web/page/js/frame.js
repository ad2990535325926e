// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

import { clipboard } from './clipboard.js';
import { ask, begin, invitation } from './session.js';
import { Stream } from './stream.js';

// What the pages of one guest have in common.

export const element = (id) => document.getElementById(id);

// report shows a line about what was just done, or went wrong.
export function report(message, wrong = false) {
  const line = element('report');
  line.textContent = message;
  line.classList.toggle('wrong', wrong);
  line.hidden = !message;
}

// attempt does what a button is for and tells what went wrong.
export async function attempt(what, action) {
  try {
    report('');
    await action();
  } catch (reason) {
    report(`${what}: ${reason.message}`, true);
  }
}

// onClick has a button do something, and gives the keyboard back to the guest.
export function onClick(id, what, action, after = () => {}) {
  element(id).addEventListener('click', async () => {
    await attempt(what, action);
    after();
  });
}

// open sets up the page of the guest that the path names, and returns its stream, not yet connected.
export async function open(kind, title) {
  const [, , namespace, name] = location.pathname.split('/').map(decodeURIComponent);
  element('guest').textContent = name;
  element('namespace').textContent = namespace;
  document.title = `${name} - ${title}`;
  const below = `${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  element('other').href = `/${kind === 'vnc' ? 'console' : 'vnc'}/${below}`;

  const stream = new Stream(`/api/stream/${kind}/${below}`);
  stream.addEventListener('state', ({ detail }) => show(detail.state, detail.message));
  let served;
  try {
    served = await begin();
    element('namespace').title = served.cluster;
  } catch (reason) {
    show('refused', reason.message);
    // There is no more to this page.
    await new Promise(() => {});
  }
  for (const panel of document.querySelectorAll('[popover]')) {
    panel.addEventListener('beforetoggle', () => {
      panel.style.top = `${document.querySelector('header').getBoundingClientRect().bottom + 6}px`;
    });
  }
  fullScreen();
  onClick('invite', 'Link for another browser', async () => {
    const link = await invitation();
    await clipboard().writeText(link);
    report('The link is in the clipboard. It opens one browser, on this machine.');
  });
  return { stream, name, below, readOnly: served.view === kind && served.readOnly };
}

function show(state, message) {
  const status = element('status');
  status.dataset.state = state;
  status.textContent = message;
}

function fullScreen() {
  const root = document.documentElement;
  if (!root.requestFullscreen) {
    element('full').hidden = true;
    return;
  }
  onClick('full', 'Full screen', async () => {
    if (document.fullscreenElement) {
      await document.exitFullscreen();
      return;
    }
    await root.requestFullscreen();
    // Where there is such a thing, the guest gets Alt-Tab, Escape and the like as well; holding Escape leaves.
    await navigator.keyboard?.lock?.();
  });
  document.addEventListener('fullscreenchange', () => {
    element('full').setAttribute('aria-pressed', String(Boolean(document.fullscreenElement)));
  });
}

// isWayOut tells whether a key press is the one that leads from the guest to the buttons.
export function isWayOut(event) {
  return event.type === 'keydown' && event.code === 'KeyM' && event.ctrlKey && event.altKey && event.shiftKey;
}

// save offers content as a file.
export function save(content, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The download has its own hold of the content by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// saveLog saves the log of the serial console that the cluster keeps.
export async function saveLog(below, name) {
  save(await (await ask('GET', `/api/log/${below}`)).blob(), `${name}.log`);
}
