// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// What a page may ask of virtctl, and how it becomes allowed to.

const stored = 'virtctl-key';

// Refusal is an answer that is an error, in the words of who refused. Code 0 means that there was no answer.
export class Refusal extends Error {
  constructor({ code, reason = '', message }) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

function key() {
  return localStorage.getItem(stored) ?? '';
}

// begin uses the token of the link that led here, unless this browser is known already, and tells what is served.
export async function begin() {
  const token = location.hash.slice(1);
  if (token) {
    history.replaceState(null, '', location.pathname + location.search);
  }
  // The same page with another link is for the browser a step within the page.
  addEventListener('hashchange', () => location.reload());
  if (key()) {
    try {
      return await about();
    } catch (refusal) {
      if (!token || refusal.code !== 401) {
        throw refusal;
      }
    }
  }
  if (!token) {
    throw new Refusal({ code: 401, message: 'This browser did not open a link of this virtctl. Use the link that it printed.' });
  }
  const answer = await (await ask('POST', '/api/session', { token })).json();
  localStorage.setItem(stored, answer.key);
  return about();
}

export async function about() {
  return (await ask('GET', '/api/about')).json();
}

// ask returns the answer, or throws a Refusal.
export async function ask(method, path, body) {
  const headers = { 'X-Virtctl-Key': key() };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: 'no-store' });
  } catch {
    throw new Refusal({ code: 0, message: 'virtctl does not answer; has it ended?' });
  }
  if (answer.ok) {
    return answer;
  }
  let failure;
  try {
    failure = await answer.json();
  } catch {
    failure = { message: `virtctl answers ${answer.status} ${answer.statusText}` };
  }
  throw new Refusal({ code: answer.status, ...failure });
}

// socket opens a websocket to virtctl.
export function socket(path) {
  const opened = new WebSocket(`ws://${location.host}${path}`, ['v1.virtctl', `key.virtctl.${key()}`]);
  opened.binaryType = 'arraybuffer';
  return opened;
}

// invitation returns a link for another browser.
export async function invitation() {
  const { token } = await (await ask('POST', '/api/invitation')).json();
  return `${location.origin}${location.pathname}${location.search}#${token}`;
}
