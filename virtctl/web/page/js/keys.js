// SPDX-FileCopyrightText: The virtplane authors
// SPDX-License-Identifier: Apache-2.0

import KeyTable from '/assets/npm/novnc/core/input/keysym.js';
import keysyms from '/assets/npm/novnc/core/input/keysymdef.js';

// Keys that browsers and desktops keep to themselves, as [keysym, code].
const key = {
  ctrl: [KeyTable.XK_Control_L, 'ControlLeft'],
  alt: [KeyTable.XK_Alt_L, 'AltLeft'],
  shift: [KeyTable.XK_Shift_L, 'ShiftLeft'],
  meta: [KeyTable.XK_Super_L, 'MetaLeft'],
  del: [KeyTable.XK_Delete, 'Delete'],
  backspace: [KeyTable.XK_BackSpace, 'Backspace'],
  tab: [KeyTable.XK_Tab, 'Tab'],
  esc: [KeyTable.XK_Escape, 'Escape'],
  f4: [KeyTable.XK_F4, 'F4'],
  print: [KeyTable.XK_Print, 'PrintScreen'],
  sysrq: [KeyTable.XK_Sys_Req, 'PrintScreen'],
};

// combinations are offered in this order.
export const combinations = [
  ['Ctrl-Alt-Del', [key.ctrl, key.alt, key.del]],
  ['Ctrl-Alt-Backspace', [key.ctrl, key.alt, key.backspace]],
  ['Alt-Tab', [key.alt, key.tab]],
  ['Alt-F4', [key.alt, key.f4]],
  ['Super', [key.meta]],
  ['Ctrl-Esc', [key.ctrl, key.esc]],
  ['Ctrl-Shift-Esc', [key.ctrl, key.shift, key.esc]],
  ['Esc', [key.esc]],
  ['Tab', [key.tab]],
  ['Print Screen', [key.print]],
  ['Alt-SysRq', [key.alt, key.sysrq]],
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => [`Ctrl-Alt-F${n}`, [key.ctrl, key.alt, [KeyTable[`XK_F${n}`], `F${n}`]]]),
];

// press sends a combination.
export function press(rfb, keys) {
  for (const [keysym, code] of keys) {
    rfb.sendKey(keysym, code, true);
  }
  for (const [keysym, code] of keys.toReversed()) {
    rfb.sendKey(keysym, code, false);
  }
}

// letGo sends that no modifier is held any more, when the guest will not see them being let go.
export function letGo(rfb) {
  for (const [keysym, code] of [key.ctrl, key.alt, key.shift, key.meta]) {
    rfb.sendKey(keysym, code, false);
  }
}

// Characters that an American keyboard has with Shift. The server knows keys, not characters.
const shifted = /[A-Z~!@#$%^&*()_+{}|:"<>?]/;

// typeText presses the keys of text, slowly enough for a guest that looks at its keyboard now and then.
export async function typeText(rfb, text) {
  for (const character of text.replaceAll('\r\n', '\n')) {
    const keysym = character === '\n' ? KeyTable.XK_Return
      : character === '\t' ? KeyTable.XK_Tab : keysyms.lookup(character.codePointAt(0));
    const shift = shifted.test(character);
    if (shift) {
      rfb.sendKey(...key.shift, true);
    }
    rfb.sendKey(keysym, null);
    if (shift) {
      rfb.sendKey(...key.shift, false);
    }
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
}
