/**
 * Text that moves no cursor, rings no bell and sets no title: control characters in it, which names, messages and values of
 * the server may hold, are written out (`^[`, `\r`, `\x9b`). Line ends and tabs stay. Pure.
 */

import type { Output } from '../base/terminal.ts';

export function printableText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is written out here
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (character) => {
    const code = character.charCodeAt(0);
    if (character === '\r') return '\\r';
    return code < 0x20 ? `^${String.fromCharCode(code + 0x40)}` : `\\x${code.toString(16)}`;
  });
}

/** Texts reach it as `printableText`; bytes, which are what a container wrote, as they are. */
export function printableOutput(output: Output): Output {
  return {
    write: (text) => output.write(typeof text === 'string' ? printableText(text) : text),
    get isTTY() {
      return output.isTTY === true;
    },
    get columns() {
      return output.columns ?? 0;
    },
  };
}
