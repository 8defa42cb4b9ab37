/** `rollout undo|pause|resume|restart`: what each changes of a workload, and what it refuses. */

import { equalJson } from '../../../api/json-record.ts';
import type { Stored } from '../../../api/object.ts';
import { qualifiedName } from '../../../api/resource.ts';
import { formatTime } from '../../../api/time.ts';
import { systemClock } from '../../../base/clock.ts';
import { UserError } from '../../../base/user-error.ts';
import type { Client, PatchType } from '../../../client/client.ts';
import { type Arguments, countOf, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { renderPodTemplate } from '../../printers/pod-template.ts';
import { dryRunOf, resultPrinter } from '../../results.ts';
import type { Target } from '../../target-objects.ts';
import { type Workload, type WorkloadKind, workloadKindOf } from '../../workload-kinds.ts';
import { listRevisions, type Revision, withoutHash } from './revisions.ts';

type Change =
  | { readonly type: PatchType; readonly body: unknown; readonly operation: string }
  /** There is nothing to change, and that is no mistake. */
  | { readonly type: 'none'; readonly operation: string };

type Decide = (question: {
  readonly kind: WorkloadKind;
  readonly object: Stored<Workload>;
  readonly client: Client;
  readonly args: Arguments;
}) => Promise<Change>;

export const changes: Readonly<Record<string, Decide>> = { undo, restart, pause: pauses(true), resume: pauses(false) };

export async function change(
  context: CommandContext,
  args: Arguments,
  { verb, targets }: { readonly verb: string; readonly targets: readonly Target[] },
): Promise<void> {
  const client = await context.client();
  const print = await resultPrinter(context, args);
  const decide = changes[verb];
  for (const { kind: named, key } of targets) {
    const kind = workloadKindOf(named);
    if (kind === undefined || decide === undefined)
      throw new UserError(`error: ${titleOfKind(named)} "${key.name}" ${verbNoun(verb)} is not supported`);
    const { object } = await kind.read(client, key);
    const decided = await decide({ kind, object, client, args });
    const options = {
      dryRun: dryRunOf(args) !== 'none',
      fieldManager: textOf(args, 'field-manager') ?? 'kubecfg-rollout',
    };
    const result = decided.type === 'none' ? object : await client.patch(kind.resource, key, decided, options);
    print(kind.resource, result, decided.operation);
  }
}

const titleOfKind = ({ plural, group }: { plural: string; group: string }): string => qualifiedName(plural, group);

const verbNoun = (verb: string): string =>
  ({ undo: 'rolling back', pause: 'pausing', resume: 'resuming', restart: 'restarting' })[verb] ?? verb;

const isPaused = ({ spec }: Workload): boolean => spec !== undefined && 'paused' in spec && spec.paused === true;

async function restart({ kind, object }: Parameters<Decide>[0]): Promise<Change> {
  if (isPaused(object))
    throw new UserError(
      `error: ${titleOfKind(kind.resource)} "${object.metadata.name}" can't restart paused deployment (run rollout resume first)`,
    );
  const annotations = { 'kubectl.kubernetes.io/restartedAt': formatTime(systemClock.now()) };
  return { type: 'merge', body: { spec: { template: { metadata: { annotations } } } }, operation: 'restarted' };
}

function pauses(paused: boolean): Decide {
  return async ({ kind, object }) => {
    const name = `${titleOfKind(kind.resource)} "${object.metadata.name}"`;
    if (object.kind !== 'Deployment')
      throw new UserError(`error: ${name} ${paused ? 'pausing' : 'resuming'} is not supported`);
    if (isPaused(object) === paused) throw new UserError(`error: ${name} is ${paused ? 'already' : 'not'} paused`);
    return { type: 'merge', body: { spec: { paused: paused || null } }, operation: paused ? 'paused' : 'resumed' };
  };
}

async function undo({ object, client, args }: Parameters<Decide>[0]): Promise<Change> {
  const wanted = countOf(args, 'to-revision');
  const revision = chooseRevision(await listRevisions(client, object), wanted, object);
  if (isPaused(object))
    throw new UserError(
      "error: you cannot rollback a paused deployment; resume it first with 'kubecfg rollout resume' and try again",
    );
  if (equalJson(withoutHash(object.spec?.template), withoutHash(revision.template)))
    return {
      type: 'none',
      operation: `skipped rollback (current template already matches revision ${revision.number})`,
    };
  if (dryRunOf(args) === 'client') return { type: 'none', operation: renderPodTemplate(revision.template ?? {}) };
  return { ...revision.patch, operation: 'rolled back' };
}

function chooseRevision(revisions: readonly Revision[], wanted: number, object: Stored<Workload>): Revision {
  const revision = wanted === 0 ? revisions.at(-2) : revisions.find(({ number }) => number === BigInt(wanted));
  if (revision !== undefined) return revision;
  if (wanted !== 0) throw new UserError(`error: unable to find specified revision ${wanted} in history`);
  throw new UserError(
    object.kind === 'Deployment'
      ? `error: no rollout history found for deployment "${object.metadata.name}"`
      : 'error: no last revision to roll back to',
  );
}
