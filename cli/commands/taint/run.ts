/** `taint node NAME KEY=VALUE:EFFECT…`. */

import { nodes } from '../../../api/resources/core.ts';
import { isConflict } from '../../../api/status-error.ts';
import type { Node } from '../../../api/types/core/v1.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { listAll } from '../../requests.ts';
import { resolveKind } from '../../resources.ts';
import { dryRunOf, type ResultPrinter, resultPrinter } from '../../results.ts';
import { changeTaints, parseTaints, type TaintChange } from './taint-change.ts';

const maxAttempts = 5;

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const resource = textOf(args, 'resource') ?? '';
  const isTaint = (word: string) => /[:=]|-$/.test(word);
  const words = textsOf(args, 'words');
  const first = words.findIndex(isTaint);
  const [named, pairs] = first < 0 ? [words, []] : [words.slice(0, first), words.slice(first)];
  const kind = await resolveKind(await context.client(), resource);
  if (kind.kind !== 'Node')
    throw new UserError(`error: invalid resource type ${resource}, only node types are supported`);
  const change = parseTaints(pairs);
  const print = await resultPrinter(context, args);
  for (const name of await namesOf(context, args, named)) await taint(context, args, { name, change, print });
}

async function namesOf(context: CommandContext, args: Arguments, named: readonly string[]): Promise<readonly string[]> {
  const labelSelector = textOf(args, 'selector');
  const isSearch = labelSelector !== undefined || isSet(args, 'all');
  if (isSearch === named.length > 0)
    throw new UserError(
      'error: one or more resources must be specified as <resource> <name>, by -l SELECTOR, or --all',
    );
  if (!isSearch) return named;
  const found = await listAll(await context.client(), nodes, { namespace: undefined, labelSelector });
  return found.map(({ metadata }) => metadata.name);
}

interface Tainting {
  readonly name: string;
  readonly change: TaintChange;
  readonly print: ResultPrinter;
}

/** The list is written whole: again when another client changed the node meanwhile. */
async function taint(context: CommandContext, args: Arguments, { name, change, print }: Tainting): Promise<void> {
  const client = await context.client();
  for (let attempt = 1; ; attempt += 1) {
    const node = await client.get<Node>(nodes, { name });
    const overwrite = isSet(args, 'overwrite');
    const { taints, operation } = changeTaints(node.spec?.taints ?? [], change, { nodeName: name, overwrite });
    const wanted: Node = { ...node, spec: { ...node.spec, taints: [...taints] } };
    if (dryRunOf(args) === 'client') return print(nodes, wanted, operation);
    const { resourceVersion } = node.metadata;
    const body = { metadata: { resourceVersion }, spec: { taints: taints.length === 0 ? null : taints } };
    try {
      const changed = await client.patch<Node>(
        nodes,
        { name },
        { type: 'merge', body },
        {
          fieldManager: textOf(args, 'field-manager') ?? 'kubecfg-taint',
          dryRun: dryRunOf(args) === 'server',
        },
      );
      return print(nodes, changed, operation);
    } catch (error) {
      if (!isConflict(error) || attempt === maxAttempts) throw error;
    }
  }
}
