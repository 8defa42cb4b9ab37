/** `apply --prune`: what was applied before, and is not among what was applied now. */

import type { Stored } from '../../../api/object.ts';
import { resourceKeyOf, type ServedResource } from '../../../api/resource.ts';
import { UserError } from '../../../base/user-error.ts';
import { applyManager } from '../../../client/apply-manifest.ts';
import { ifPresent } from '../../../client/if-present.ts';
import { type Arguments, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { listAll, titleOf } from '../../requests.ts';
import { preferredResources } from '../../resources.ts';
import { dryRunOf, dryRunSuffix } from '../../results.ts';
import type { Target } from '../../target-objects.ts';

/** Kinds that are pruned unless others are named: kubectl's own list. */
const usualKinds: Readonly<Record<string, readonly string[]>> = {
  'core/v1': [
    ...['ConfigMap', 'Endpoints', 'Namespace', 'PersistentVolumeClaim', 'PersistentVolume', 'Pod'],
    ...['ReplicationController', 'Secret', 'Service'],
  ],
  'batch/v1': ['Job', 'CronJob'],
  'networking.k8s.io/v1': ['Ingress'],
  'apps/v1': ['DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'],
};

const usualNames = Object.entries(usualKinds).flatMap(([version, kinds]) => kinds.map((kind) => `${version}/${kind}`));

export async function prune(context: CommandContext, args: Arguments, applied: readonly Target[]): Promise<void> {
  const client = await context.client();
  const isKept = new Set(applied.map(({ kind, key }) => placeOf(kind, key.namespace, key.name)));
  const namespaces = [...new Set(applied.map(({ key }) => key.namespace ?? ''))].filter((name) => name !== '');
  const dryRun = dryRunOf(args);
  for (const kind of await prunedKinds(context, args)) {
    for (const namespace of kind.namespaced ? namespaces : [undefined]) {
      const found = await listAll(client, kind, { namespace, labelSelector: textOf(args, 'selector') });
      for (const { metadata } of found.filter((object) => wasApplied(object, args))) {
        if (isKept.has(placeOf(kind, metadata.namespace, metadata.name))) continue;
        if (metadata.deletionTimestamp !== undefined) continue;
        const options = { propagationPolicy: 'Background', uid: metadata.uid } as const;
        if (dryRun === 'none') await ifPresent(client.delete(kind, metadata, options));
        context.out.write(`${titleOf(kind, metadata.name)} pruned${dryRunSuffix[dryRun]}\n`);
      }
    }
  }
}

const placeOf = (kind: ServedResource, namespace: string | undefined, name: string): string =>
  `${resourceKeyOf(kind)}/${namespace ?? ''}/${name}`;

/** What others have made is not deleted. */
const wasApplied = ({ metadata }: Stored, args: Arguments): boolean =>
  metadata.managedFields?.some(
    ({ manager, operation }) => operation === 'Apply' && manager === (textOf(args, 'field-manager') ?? applyManager),
  ) === true;

async function prunedKinds(context: CommandContext, args: Arguments): Promise<ServedResource[]> {
  const named = textsOf(args, 'prune-allowlist');
  const wanted = named.length > 0 ? named : usualNames;
  const resources = await preferredResources(await context.client());
  return wanted.flatMap((word) => {
    const [group = '', version = '', kind = '', ...others] = word.split('/');
    if (kind === '' || others.length > 0)
      throw new UserError(`error: invalid GroupVersionKind format: ${word}, please follow <group/version/kind>`);
    const isIt = (one: ServedResource) =>
      one.kind === kind && one.version === version && one.group === (group === 'core' ? '' : group);
    return resources.filter(isIt);
  });
}
