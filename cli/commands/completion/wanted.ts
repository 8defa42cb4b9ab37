/** What may stand where the cursor is in a command line of kubecfg. Pure. */

import type { KnownCommand } from '../../command-context.ts';
import { type CommandOptions, verbIn } from '../../flag-words.ts';

export type Wanted =
  | { readonly type: 'words'; readonly words: readonly string[] }
  | { readonly type: 'resources' }
  | {
      readonly type: 'names';
      readonly resource: string;
      /** What stands before each name: `pod/`. */
      readonly prefix: string;
      readonly namespace: string | undefined;
    }
  | { readonly type: 'nothing' };

export interface Vocabulary {
  readonly commands: readonly KnownCommand[];
  readonly globals: CommandOptions;
}

const ofResources =
  /\[resources\.\.\]|<resources\.\.>|\[names\.\.\] of|^(label|annotate|wait|scale|expose|autoscale|why)\b/;
const ofPods = new Set(['logs', 'exec', 'attach', 'debug', 'port-forward']);
const ofNodes = new Set(['drain', 'cordon', 'uncordon']);

/** The last word is the one that is being written; it may be empty. */
export function wantedAt(words: readonly string[], { commands, globals }: Vocabulary): Wanted {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  if (before.includes('--')) return { type: 'nothing' };
  const verb = verbIn(before, globals);
  const command = commands.find(({ usage }) => usage.split(' ', 1)[0] === verb);
  const options = { ...globals, ...command?.options };
  if (current.startsWith('-')) return { type: 'words', words: flagsOf(options) };
  const flag = optionNamed(options, before.at(-1) ?? '');
  if (flag !== undefined && flag.type !== 'boolean' && flag.implied === undefined)
    return { type: 'words', words: (flag.choices ?? []).map(String) };
  if (verb === undefined) return { type: 'words', words: commands.map(({ usage }) => usage.split(' ', 1)[0] ?? '') };
  if (command === undefined) return { type: 'nothing' };
  const namespace = flagValue(before, ['-n', '--namespace']);
  const given = before
    .slice(before.indexOf(verb) + 1)
    .filter((word, index, all) => isWord(word, all[index - 1], options));
  return wantedOf({ command, verb, given, current, namespace });
}

interface Place {
  readonly command: KnownCommand;
  readonly verb: string;
  /** Positional words that are there. */
  readonly given: readonly string[];
  readonly current: string;
  readonly namespace: string | undefined;
}

function wantedOf({ command, verb, given, current, namespace }: Place): Wanted {
  const slash = current.indexOf('/');
  if (slash > 0)
    return { type: 'names', resource: current.slice(0, slash), prefix: current.slice(0, slash + 1), namespace };
  if (ofPods.has(verb))
    return given.length === 0 ? { type: 'names', resource: 'pods', prefix: '', namespace } : { type: 'nothing' };
  if (ofNodes.has(verb)) return { type: 'names', resource: 'nodes', prefix: '', namespace: undefined };
  if (!ofResources.test(command.usage)) return { type: 'nothing' };
  const [resource] = given;
  return resource === undefined ? { type: 'resources' } : { type: 'names', resource, prefix: '', namespace };
}

const flagsOf = (options: CommandOptions): string[] =>
  Object.entries(options).flatMap(([name, { hidden }]) => (hidden === true ? [] : [`--${name}`]));

const optionNamed = (options: CommandOptions, word: string): CommandOptions[string] | undefined =>
  Object.entries(options).find(([name, { alias }]) =>
    [name, alias ?? []].flat().some((one) => word === (one.length === 1 ? `-${one}` : `--${one}`)),
  )?.[1];

function isWord(word: string, previous: string | undefined, options: CommandOptions): boolean {
  if (word.startsWith('-')) return false;
  const flag = previous === undefined ? undefined : optionNamed(options, previous);
  return flag === undefined || flag.type === 'boolean' || flag.implied !== undefined;
}

function flagValue(words: readonly string[], flags: readonly string[]): string | undefined {
  const at = words.findLastIndex((word) => flags.includes(word));
  return at < 0 ? undefined : words[at + 1];
}
