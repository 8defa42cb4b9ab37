/** Why a deletion does not finish: the finalizers, and what has to go first. */

import { isRecord } from '../../../api/json-record.ts';
import type { Stored } from '../../../api/object.ts';
import type { Cause } from '../../../api/pod-explanation.ts';
import { StatusError } from '../../../api/status-error.ts';
import type { Client } from '../../../client/client.ts';
import { listAll, titleOf } from '../../requests.ts';
import { preferredResources } from '../../resources.ts';

/** What upstream's finalizers wait for. */
const known: Readonly<Record<string, string>> = {
  'kubernetes.io/pvc-protection': 'pods that use the claim',
  'kubernetes.io/pv-protection': 'the claim that the volume is bound to',
  'batch.kubernetes.io/job-tracking': 'the job controller to count the pod',
  'service.kubernetes.io/load-balancer-cleanup': 'the load balancer to be taken down by the service controller',
  orphan: 'the garbage collector to release what it owns',
};

const shownDependents = 10;

export async function whyDeleting(client: Client, object: Stored): Promise<readonly Cause[]> {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined) return [];
  const causes: Cause[] = [];
  for (const finalizer of finalizers) {
    if (finalizer === 'foregroundDeletion') causes.push(await explainForeground(client, object));
    else causes.push({ type: 'deletion', message: finalizerText(finalizer) });
  }
  causes.push(...explainNamespace(object));
  if (causes.length === 0)
    causes.push({ type: 'deletion', message: `Its deletion was asked for at ${deletionTimestamp}.` });
  return causes;
}

function finalizerText(finalizer: string): string {
  const waits = Object.hasOwn(known, finalizer) ? known[finalizer] : 'whoever set it to remove it';
  return `Its deletion waits for the finalizer ${finalizer}: for ${waits}.`;
}

/** A namespace says in its conditions what is left in it. */
function explainNamespace(object: Stored): readonly Cause[] {
  const status: unknown = Reflect.get(object, 'status');
  const conditions: unknown = isRecord(status) ? status.conditions : undefined;
  if (object.kind !== 'Namespace' || !Array.isArray(conditions)) return [];
  return conditions
    .filter((one) => isRecord(one) && one.status === 'True' && typeof one.message === 'string')
    .map(({ type, message }) => ({ type: 'deletion', message: `${type}: ${message}` }));
}

async function explainForeground(client: Client, object: Stored): Promise<Cause> {
  const dependents = await dependentsOf(client, object);
  const shown = dependents.slice(0, shownDependents).join(', ');
  const more = dependents.length > shownDependents ? ` and ${dependents.length - shownDependents} more` : '';
  const message =
    dependents.length === 0
      ? 'Its deletion in the foreground waits for the garbage collector, which has nothing left to delete.'
      : `Its deletion in the foreground waits for what it owns to go: ${shown}${more}.`;
  return { type: 'deletion', message };
}

async function dependentsOf(client: Client, { metadata }: Stored): Promise<readonly string[]> {
  const { namespace, uid } = metadata;
  const titles: string[] = [];
  for (const kind of await preferredResources(client)) {
    if (!kind.verbs.includes('list') || (namespace !== undefined && !kind.namespaced)) continue;
    const objects = await listIfAllowed(() => listAll(client, kind, { namespace }));
    for (const object of objects)
      if ((object.metadata.ownerReferences ?? []).some((owner) => owner.uid === uid && owner.blockOwnerDeletion))
        titles.push(titleOf(kind, object.metadata.name));
  }
  return titles;
}

/** What one may not list, or what is gone meanwhile, is left out. */
async function listIfAllowed(list: () => Promise<Stored[]>): Promise<Stored[]> {
  try {
    return await list();
  } catch (error) {
    if (error instanceof StatusError) return [];
    throw error;
  }
}
