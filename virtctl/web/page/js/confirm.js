// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

// confirmed asks before something that a guest may not like. It resolves with {force}, or null when it was cancelled.
export function confirmed(question, { label, ask, force }) {
  const dialog = document.getElementById('confirm');
  const part = (name) => dialog.querySelector(`[data-part="${name}"]`);
  part('question').textContent = question;
  part('text').textContent = ask;
  part('yes').textContent = label;
  part('force').checked = false;
  part('force-label').hidden = !force;
  dialog.showModal();
  return new Promise((resolve) => {
    // Not by the event of closing, which comes so late that it may be taken for the next question's.
    const over = new AbortController();
    const done = (answer) => {
      over.abort();
      resolve(answer);
    };
    dialog.querySelector('form').addEventListener('submit', ({ submitter }) => {
      done(submitter.value === 'yes' ? { force: part('force').checked } : null);
    }, { signal: over.signal });
    dialog.addEventListener('cancel', () => done(null), { signal: over.signal });
  });
}
