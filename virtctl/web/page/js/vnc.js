// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

import RFB from '/assets/npm/novnc/core/rfb.js';
import { clipboard } from './clipboard.js';
import { element, isWayOut, onClick, open, report, save } from './frame.js';
import { combinations, letGo, press, typeText } from './keys.js';

let rfb = null;

const { stream, name } = await open('vnc', 'screen');

const connected = () => {
  if (!rfb) {
    throw new Error('there is no connection to the guest');
  }
  return rfb;
};
const toGuest = () => rfb?.focus();

stream.addEventListener('open', ({ detail: { socket } }) => {
  // The old one, if any, has lost its connection by now; it takes its picture away when it hears of it.
  const current = new RFB(element('screen'), socket, { shared: true });
  rfb = current;
  current.viewOnly = element('readonly').getAttribute('aria-pressed') === 'true';
  scale();
  current.addEventListener('connect', () => {
    element('screen').dataset.connected = 'true';
    toGuest();
  });
  current.addEventListener('disconnect', () => {
    if (rfb === current) {
      rfb = null;
      delete element('screen').dataset.connected;
    }
  });
  current.addEventListener('clipboard', ({ detail }) => {
    // It stays here until somebody wants it: a guest may not write the clipboard of this machine by itself.
    element('clipboard-text').value = detail.text;
    report('The guest has copied something: see Clipboard.');
  });
  current.addEventListener('credentialsrequired', () => report('The screen asks for a password, which is not supported.', true));
  current.addEventListener('securityfailure', ({ detail }) => report(`The screen refused: ${detail.reason ?? detail.status}`, true));
});

function scale() {
  if (!rfb) {
    return;
  }
  const mode = element('scale').value;
  rfb.scaleViewport = mode === 'fit';
  rfb.resizeSession = mode === 'guest';
  rfb.clipViewport = false;
}

element('scale').value = localStorage.getItem('virtctl-scale') ?? 'fit';
element('scale').addEventListener('change', () => {
  localStorage.setItem('virtctl-scale', element('scale').value);
  scale();
  toGuest();
});

onClick('reconnect', 'Reconnect', () => {
  rfb?.disconnect();
  stream.connect();
});
onClick('readonly', 'Watch only', () => {
  const button = element('readonly');
  const on = button.getAttribute('aria-pressed') !== 'true';
  button.setAttribute('aria-pressed', String(on));
  if (rfb) {
    rfb.viewOnly = on;
  }
}, toGuest);
onClick('picture', 'Save picture', () => new Promise((resolve) => {
  connected().toBlob((blob) => {
    save(blob, `${name}.png`);
    resolve();
  });
}), toGuest);

for (const [label, keys] of combinations) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = label;
  button.addEventListener('click', () => {
    element('keys').hidePopover();
    if (rfb && !rfb.viewOnly) {
      press(rfb, keys);
    } else {
      report(rfb ? 'Nothing is sent while watching only.' : 'There is no connection to the guest.', true);
    }
    toGuest();
  });
  element('keys').append(button);
}

onClick('clipboard-send', 'Send to the guest', () => {
  connected().clipboardPasteFrom(element('clipboard-text').value);
  report('Sent. A guest takes it when it runs a clipboard agent (spice-vdagent); others can be typed to.');
});
onClick('clipboard-type', 'Type', async () => {
  element('clipboard').hidePopover();
  toGuest();
  await typeText(connected(), element('clipboard-text').value);
});
onClick('clipboard-copy', 'Copy', () => clipboard().writeText(element('clipboard-text').value));
onClick('clipboard-paste', 'Paste', async () => {
  element('clipboard-text').value = await clipboard().readText();
});

addEventListener('keydown', (event) => {
  if (isWayOut(event)) {
    event.preventDefault();
    event.stopPropagation();
    if (rfb) {
      letGo(rfb);
    }
    element('reconnect').focus();
  }
}, { capture: true });

stream.connect();
