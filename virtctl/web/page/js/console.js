// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

import { Terminal } from '/assets/npm/xterm/xterm.mjs';
import { FitAddon } from '/assets/npm/addon-fit/addon-fit.mjs';
import { clipboard } from './clipboard.js';
import { attempt, element, isWayOut, onClick, open, report, save, saveLog } from './frame.js';
import { Replay } from './replay.js';

// After how much output, in bytes, virtctl is told how far the page is.
const acknowledgeEvery = 64 * 1024;
// How much output may wait for the terminal, in bytes. In a tab that is not seen browsers hardly let it work, and the
// cluster skips output for those who do not take it.
const maxBacklog = () => (document.hidden ? 16 : 1) * 1024 * 1024;
const minFont = 8;
const maxFont = 32;

const { stream, name, below, readOnly: watchOnly } = await open('console', 'serial console');

const terminal = new Terminal({
  fontSize: Number(localStorage.getItem('virtctl-font')) || 15,
  fontFamily: 'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace',
  scrollback: 20000,
  cursorBlink: true,
  // What a guest prints opens nothing here.
  linkHandler: { activate() {} },
  theme: { background: '#101418', foreground: '#e6e6e6' },
});
const fit = new FitAddon();
terminal.loadAddon(fit);
terminal.open(element('terminal'));

const encoder = new TextEncoder();
const replay = new Replay();
let socket = null;
let readOnly = false;
// Output from before the connection that is being shown: its questions were answered long ago.
let repeating = 0;

stream.addEventListener('open', ({ detail: { socket: opened, position } }) => {
  let received = 0;
  let shown = 0;
  let told = 0;
  const [run, offset] = position.split(':');
  const begin = Number(offset);
  let skipped = 0;
  socket = opened;
  replay.resume(position !== '' && position === stream.position);
  const moved = () => {
    if (run && socket === opened) {
      stream.position = `${run}:${begin + received + skipped}`;
    }
  };
  moved();
  const acknowledge = () => {
    const taken = Math.min(received, shown + maxBacklog());
    if (taken - told >= acknowledgeEvery && opened.readyState === WebSocket.OPEN) {
      told = taken;
      opened.send(JSON.stringify({ shown: taken }));
    }
  };
  opened.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') {
      const missed = JSON.parse(data).skipped ?? 0;
      skipped += missed;
      moved();
      terminal.write(`\r\n[${missed} bytes of output skipped]\r\n`);
      return;
    }
    const { fresh, old } = replay.take(new Uint8Array(data));
    received += data.byteLength;
    moved();
    const upTo = received;
    repeating += old ? 1 : 0;
    terminal.write(fresh, () => {
      repeating -= old ? 1 : 0;
      shown = upTo;
      acknowledge();
    });
    acknowledge();
  });
  opened.addEventListener('close', () => {
    if (socket === opened) {
      socket = null;
    }
  });
  terminal.focus();
});

function send(bytes) {
  if (readOnly || repeating > 0) {
    return;
  }
  if (!socket) {
    report('There is no connection to the guest: what is typed goes nowhere.', true);
    return;
  }
  socket.send(bytes);
}

terminal.onData((typed) => {
  // Nobody types into a tab that is not seen; that is the terminal, answering a question that visible ones answer too.
  if (!document.hidden) {
    send(encoder.encode(typed));
  }
});
terminal.onBinary((typed) => send(Uint8Array.from(typed, (c) => c.charCodeAt(0))));

const copy = () => clipboard().writeText(terminal.getSelection() || visibleText());
const paste = async () => terminal.paste(await clipboard().readText());
const toGuest = () => terminal.focus();

function visibleText() {
  const buffer = terminal.buffer.active;
  return textOf(buffer.viewportY, buffer.viewportY + terminal.rows);
}

function textOf(from, to) {
  const buffer = terminal.buffer.active;
  const lines = [];
  for (let n = from; n < Math.min(to, buffer.length); n++) {
    const line = buffer.getLine(n);
    const text = line.translateToString(true);
    if (line.isWrapped && lines.length > 0) {
      lines[lines.length - 1] += text;
    } else {
      lines.push(text);
    }
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

terminal.attachCustomKeyEventHandler((event) => {
  if (isWayOut(event)) {
    element('reconnect').focus();
    return false;
  }
  if (event.type === 'keydown' && event.ctrlKey && event.shiftKey && event.code === 'KeyC') {
    event.preventDefault();
    attempt('Copy', copy);
    return false;
  }
  // The browser's own paste follows.
  return !(event.ctrlKey && event.shiftKey && event.code === 'KeyV');
});

onClick('reconnect', 'Reconnect', () => stream.connect(), toGuest);
function watch(on) {
  readOnly = on;
  terminal.options.disableStdin = on;
  element('readonly').setAttribute('aria-pressed', String(on));
}
onClick('readonly', 'Watch only', () => watch(!readOnly), toGuest);
if (watchOnly) {
  watch(true);
  element('readonly').disabled = true;
  element('readonly').title = 'virtctl was started with --read-only';
}
onClick('copy', 'Copy', async () => {
  await copy();
  report(terminal.hasSelection() ? 'Copied the selection.' : 'Copied what is shown.');
}, toGuest);
onClick('paste', 'Paste', paste, toGuest);
onClick('clear', 'Clear', () => terminal.clear(), toGuest);
onClick('log', 'Download log', () => saveLog(below, name), toGuest);
onClick('log-page', 'Save this page', () => {
  save(new Blob([textOf(0, terminal.buffer.active.length)], { type: 'text/plain' }), `${name}.txt`);
}, toGuest);
onClick('size', 'Tell the size', () => {
  // A serial line has no other way to say it.
  send(encoder.encode(`stty rows ${terminal.rows} cols ${terminal.cols}\r`));
}, toGuest);
onClick('reader', 'Screen reader', () => {
  const on = !terminal.options.screenReaderMode;
  terminal.options.screenReaderMode = on;
  element('reader').setAttribute('aria-pressed', String(on));
}, toGuest);

// Keys that browsers keep to themselves.
for (const [label, bytes] of [['Ctrl-W', [23]], ['Ctrl-T', [20]], ['Ctrl-N', [14]], ['Ctrl-]', [29]], ['Esc', [27]], ['Tab', [9]], ['F11', [27, 91, 50, 51, 126]]]) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = label;
  button.addEventListener('click', () => {
    element('keys').hidePopover();
    send(Uint8Array.from(bytes));
    toGuest();
  });
  element('keys').append(button);
}

function zoom(step) {
  const size = Math.max(minFont, Math.min(maxFont, terminal.options.fontSize + step));
  terminal.options.fontSize = size;
  localStorage.setItem('virtctl-font', String(size));
  fit.fit();
}
onClick('smaller', 'Smaller', () => zoom(-1), toGuest);
onClick('larger', 'Larger', () => zoom(1), toGuest);
new ResizeObserver(() => fit.fit()).observe(element('terminal'));

terminal.focus();
stream.connect();
