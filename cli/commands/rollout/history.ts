/** `rollout history`: which revisions a workload has had, or one of them whole. */

import { UserError } from '../../../base/user-error.ts';
import { type Arguments, countOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { renderPodTemplate } from '../../printers/pod-template.ts';
import { structuredPrinter } from '../../printing.ts';
import { titleOf } from '../../requests.ts';
import type { Target } from '../../target-objects.ts';
import { workloadKindOf } from '../../workload-kinds.ts';
import { listRevisions, type Revision } from './revisions.ts';

export async function showHistory(context: CommandContext, args: Arguments, targets: readonly Target[]): Promise<void> {
  const wanted = countOf(args, 'revision');
  const print = await structuredPrinter(args);
  const client = await context.client();
  for (const { kind: named, key } of targets) {
    const kind = workloadKindOf(named);
    if (kind === undefined) throw new UserError(`error: no history viewer has been implemented for ${named.kind}`);
    const { object } = await kind.read(client, key);
    const revisions = await listRevisions(client, object);
    const title = titleOf(kind.resource, key.name);
    const chosen = revisions.filter(({ number }) => wanted === 0 || number === BigInt(wanted));
    const [only] = chosen;
    if (wanted !== 0 && only === undefined) throw new UserError('error: unable to find the specified revision');
    if (print !== undefined) for (const revision of chosen) context.out.write(print(revision.object));
    else if (wanted !== 0 && only !== undefined)
      context.out.write(`${title} with revision #${wanted}\n${renderPodTemplate(only.template ?? {})}\n`);
    else context.out.write(`${title} \n${renderTable(revisions)}\n`);
  }
}

function renderTable(revisions: readonly Revision[]): string {
  const rows = [
    ['REVISION', 'CHANGE-CAUSE'],
    ...revisions.map(({ number, cause }) => [`${number}`, cause ?? '<none>']),
  ];
  const width = Math.max(...rows.map(([first = '']) => first.length)) + 2;
  return rows.map(([first = '', second = '']) => `${first.padEnd(width)}${second}\n`).join('');
}
