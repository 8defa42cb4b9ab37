/**
 * What every cluster has from its first moment: namespaces, the system's priorities and the network of its Services.
 * Made again at start if missing.
 */

import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { namespaces } from '../../api/resources/core.ts';
import { serviceCidrs } from '../../api/resources/networking.ts';
import { priorityClasses } from '../../api/resources/scheduling.ts';
import { isAlreadyExists } from '../../api/status-error.ts';
import { formatTime } from '../../api/time.ts';
import type { ServiceCIDR } from '../../api/types/networking/v1.ts';
import type { Registries } from '../registry/registries.ts';
import { internalWrite } from '../registry/write-request.ts';

const namespaceNames: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

const systemPriorities = [
  {
    name: 'system-node-critical',
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    name: 'system-cluster-critical',
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
];

/** Keeps a network while Services have addresses of it. */
const serviceCidrFinalizer = 'networking.k8s.io/service-cidr-finalizer';

/** `serviceCidr`: `10.96.0.0/16`. */
export async function ensureInitialObjects(registries: Registries, serviceCidr: string): Promise<void> {
  for (const name of namespaceNames) await ensureObject(registries, namespaces, { metadata: { name } });
  for (const { name, value, description } of systemPriorities) {
    await ensureObject(registries, priorityClasses, { metadata: { name }, value, description });
  }
  await ensureServiceCidr(registries, serviceCidr);
}

async function ensureServiceCidr(registries: Registries, cidr: string): Promise<void> {
  const metadata = { name: 'kubernetes', finalizers: [serviceCidrFinalizer] };
  await ensureObject(registries, serviceCidrs, { metadata, spec: { cidrs: [cidr] } });
  const status = { ...internalWrite, subresource: 'status' };
  await registries.of(serviceCidrs).update(metadata, status, (previous) => {
    const object = previous as Stored<ServiceCIDR>;
    const conditions = object.status?.conditions ?? [];
    if (!conditions.some(({ type }) => type === 'Ready')) object.status = { conditions: [...conditions, readyNow()] };
    return object;
  });
}

const readyNow = () => ({
  type: 'Ready',
  status: 'True',
  reason: '',
  message: 'Kubernetes default Service CIDR is ready',
  lastTransitionTime: formatTime(Date.now()),
});

async function ensureObject<T extends KubernetesObject>(
  registries: Registries,
  resource: Resource<T>,
  object: T,
): Promise<void> {
  try {
    await registries.of(resource).create(object, internalWrite);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
