/** Why a deletion does not finish: the finalizers, and what has to go first. */

import {
  attributesClassProtection,
  claimProtection,
  foregroundFinalizer,
  orphanFinalizer,
  volumeProtection,
} from '../../../api/finalizers.ts';
import { isRecord } from '../../../api/json-record.ts';
import type { KubernetesObject, Stored } from '../../../api/object.ts';
import type { Cause } from '../../../api/pod-explanation.ts';
import { claimNamesOf } from '../../../api/pod-references.ts';
import { leases } from '../../../api/resources/coordination.ts';
import { pods } from '../../../api/resources/core.ts';
import { StatusError } from '../../../api/status-error.ts';
import { parseTime } from '../../../api/time.ts';
import type { Lease } from '../../../api/types/coordination/v1.ts';
import { localVolumeFinalizer } from '../../../api/volumes/local-volumes.ts';
import type { Client } from '../../../client/client.ts';
import { listAll, titleOf } from '../../requests.ts';
import { preferredResources } from '../../resources.ts';

/** What upstream's finalizers wait for. */
const known: Readonly<Record<string, string>> = {
  [claimProtection]: 'pods that use the claim',
  [volumeProtection]: 'the claim that the volume is bound to',
  [attributesClassProtection]: 'claims and volumes that name the class',
  [localVolumeFinalizer]: 'the kubelet of its node to remove its folder',
  'batch.kubernetes.io/job-tracking': 'the job controller to count the pod',
  'service.kubernetes.io/load-balancer-cleanup': 'the load balancer to be taken down by the service controller',
  [orphanFinalizer]: 'the garbage collector to release what it owns',
};

const shownDependents = 10;

export async function whyDeleting(client: Client, object: Stored): Promise<readonly Cause[]> {
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined) return [];
  const causes: Cause[] = [];
  for (const finalizer of finalizers) {
    if (finalizer === foregroundFinalizer) causes.push(await explainForeground(client, object));
    else if (finalizer === claimProtection) causes.push(await explainUsedClaim(client, object));
    else causes.push({ type: 'deletion', message: finalizerText(finalizer) });
  }
  causes.push(...explainNamespace(object));
  if (finalizers.some((finalizer) => Object.hasOwn(known, finalizer)))
    causes.push(...(await explainController(client)));
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

/** A pod uses a claim from its node on, also when it has ended. */
async function explainUsedClaim(client: Client, { metadata }: Stored): Promise<Cause> {
  const { namespace, name } = metadata;
  const all = await listIfAllowed(() => listAll(client, pods, { namespace }));
  const users = all.filter((pod) => pod.spec?.nodeName && claimNamesOf(pod).includes(name));
  if (users.length === 0) return { type: 'deletion', message: finalizerText(claimProtection) };
  const shown = users.slice(0, shownDependents).map((pod) => `pod/${pod.metadata.name}`);
  const more = users.length > shown.length ? ` and ${users.length - shown.length} more` : '';
  const message = `Its deletion waits for the finalizer ${claimProtection}: for ${shown.join(', ')}${more} to go.`;
  return { type: 'deletion', message };
}

/** Nobody removes the finalizers of controllers while none of them runs: their Lease tells. */
async function explainController(client: Client): Promise<readonly Cause[]> {
  const lease = await leaseOfControllers(client);
  const { renewTime, leaseDurationSeconds = 15 } = lease?.spec ?? {};
  const renewed = parseTime(renewTime);
  if (renewed === undefined || Date.now() - renewed < 4_000 * leaseDurationSeconds) return [];
  const message = `The Lease of the controller manager was renewed last at ${renewTime}: while none runs, nobody removes the finalizer.`;
  return [{ type: 'deletion', message, help: ['Start a controller manager'] }];
}

/** Undefined: it cannot be told. */
async function leaseOfControllers(client: Client): Promise<Lease | undefined> {
  try {
    return await client.get<Lease>(leases, { namespace: 'kube-system', name: 'kube-controller-manager' });
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

async function dependentsOf(client: Client, { metadata }: Stored): Promise<readonly string[]> {
  const { namespace, uid } = metadata;
  const titles: string[] = [];
  for (const kind of await preferredResources(client)) {
    if (!kind.verbs.includes('list') || !kind.verbs.includes('delete') || (namespace !== undefined && !kind.namespaced))
      continue;
    const objects = await listIfAllowed(() => listAll(client, kind, { namespace }));
    for (const object of objects)
      if ((object.metadata.ownerReferences ?? []).some((owner) => owner.uid === uid && owner.blockOwnerDeletion))
        titles.push(titleOf(kind, object.metadata.name));
  }
  return titles;
}

/** What one may not list, or what is gone meanwhile, is left out. */
async function listIfAllowed<T extends KubernetesObject>(list: () => Promise<Stored<T>[]>): Promise<Stored<T>[]> {
  try {
    return await list();
  } catch (error) {
    if (error instanceof StatusError) return [];
    throw error;
  }
}
