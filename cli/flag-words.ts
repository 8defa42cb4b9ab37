/**
 * The flags of a command line as kubectl takes them, turned into what yargs takes: short ones may stand together and hold
 * their value (`-it`, `-ojson`, `-n=web`), a value may begin with a dash (`-f -`, `--tail -1`), and some flags mean a
 * value when they have none (`--dry-run`).
 */

import type { Options } from 'yargs';
import { UserError } from '../base/user-error.ts';

/** An option of yargs; `implied` is what the flag alone means: a value is written behind `=` only. */
export interface CommandOption extends Options {
  readonly implied?: string;
}

export type CommandOptions = Readonly<Record<string, CommandOption>>;

/** Everything after `--` is left alone. */
export function expandFlags(argv: readonly string[], options: CommandOptions): string[] {
  const byWord = flagsByWord(options);
  const words: string[] = [];
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word === '--') return [...words, ...argv.slice(index)];
    refuseNoBoolean(word, byWord);
    const expanded = /^-[A-Za-z]./.test(word) ? expandShort(word, byWord) : [word];
    const last = byWord.get(expanded.at(-1) ?? '');
    const next = argv[index + 1];
    words.push(...expanded.slice(0, -1));
    if (last === undefined) words.push(...expanded.slice(-1));
    else if (last.option.implied !== undefined) words.push(`--${last.name}=${last.option.implied}`);
    else if (isBoolean(last.option)) words.push(`--${last.name}=true`);
    else if (next === undefined || next === '--') words.push(...expanded.slice(-1));
    else {
      words.push(`--${last.name}=${next}`);
      index += 1;
    }
  }
  return words;
}

/** yargs takes every value but `true` for a no: what was meant as a dry run would be done. */
function refuseNoBoolean(word: string, byWord: ReadonlyMap<string, Flag>): void {
  const [, name = '', value = ''] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
  const flag = byWord.get(name);
  if (flag === undefined || !isBoolean(flag.option) || ['true', 'false'].includes(value)) return;
  throw new UserError(`error: invalid argument "${value}" for "${name}" flag: it is true or false`);
}

interface Flag {
  readonly name: string;
  readonly option: CommandOption;
}

const isBoolean = ({ type }: CommandOption): boolean => type === 'boolean';

/** By `--name` and `-n`. */
function flagsByWord(options: CommandOptions): Map<string, Flag> {
  const flags = new Map<string, Flag>();
  for (const [name, option] of Object.entries(options)) {
    for (const word of [name, option.alias ?? []].flat())
      flags.set(word.length === 1 ? `-${word}` : `--${word}`, { name, option });
  }
  return flags;
}

/** `-it` → `-i`, `-t`; `-ojson` and `-o=json` → `--output=json`. A word with a letter that is unknown stays as it is. */
function expandShort(word: string, byWord: ReadonlyMap<string, Flag>): string[] {
  const words: string[] = [];
  for (let at = 1; at < word.length; at += 1) {
    const flag = byWord.get(`-${word[at]}`);
    if (flag === undefined) return [word];
    const rest = word.slice(at + 1);
    if (rest.startsWith('=') || (rest !== '' && !isBoolean(flag.option)))
      return [...words, `--${flag.name}=${rest.replace(/^=/, '')}`];
    words.push(isBoolean(flag.option) ? `--${flag.name}=true` : `-${word[at]}`);
  }
  return words;
}

/** The word that names the command: the first that is neither a flag nor the value of one. */
export function verbIn(argv: readonly string[], globals: CommandOptions): string | undefined {
  const byWord = flagsByWord(globals);
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word === '--') return undefined;
    const flag = byWord.get(word);
    if (flag !== undefined && !isBoolean(flag.option)) index += 1;
    else if (!word.startsWith('-')) return word;
  }
  return undefined;
}
