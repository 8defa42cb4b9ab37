/** `completion bash|zsh`: a script that asks `completion words -- WORD…` what may come next, and that answer. */

import { UserError } from '../../../base/user-error.ts';
import type { Client } from '../../../client/client.ts';
import { type Arguments, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { globalOptions } from '../../options.ts';
import { preferredResources, resolveKind } from '../../resources.ts';
import { type Wanted, wantedAt } from './wanted.ts';

const scripts: Readonly<Record<string, string>> = {
  bash: `_kubecfg() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(kubecfg completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "$2"))
}
complete -o default -F _kubecfg kubecfg
`,
  zsh: `#compdef kubecfg
_kubecfg() {
  local -a found
  found=(\${(f)"$(kubecfg completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  compadd -a found
}
compdef _kubecfg kubecfg
`,
};

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const shell = textOf(args, 'shell') ?? '';
  if (shell === 'words') return await answer(context, textsOf(args, '--'));
  const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
  if (script === undefined) throw new UserError(`error: completion is there for bash and zsh, not for "${shell}"`);
  context.out.write(script);
}

async function answer(context: CommandContext, words: readonly string[]): Promise<void> {
  const wanted = wantedAt(words, { commands: context.commands, globals: globalOptions });
  const found = await candidates(context, wanted);
  context.out.write(found.flatMap((word) => (isPlain.test(word) ? [`${word}\n`] : [])).join(''));
}

async function candidates(context: CommandContext, wanted: Wanted): Promise<readonly string[]> {
  if (wanted.type === 'words') return wanted.words;
  if (wanted.type === 'nothing') return [];
  const client = await context.client();
  if (wanted.type === 'resources') return (await preferredResources(client)).map(({ plural }) => plural);
  return (await namesOf(context, client, wanted)).map((name) => wanted.prefix + name);
}

const mostNames = 500;
/** The shell expands what it is offered: what the server says must not be a command to it. */
const isPlain = /^[\w.:@/=-]+$/;

async function namesOf(
  context: CommandContext,
  client: Client,
  { resource, namespace }: Extract<Wanted, { type: 'names' }>,
): Promise<string[]> {
  const kind = await resolveKind(client, resource);
  const place = kind.namespaced ? (namespace ?? (await context.oneNamespace())) : undefined;
  const { items } = await client.list(kind, { namespace: place, limit: mostNames });
  return items.map(({ metadata }) => metadata.name);
}
