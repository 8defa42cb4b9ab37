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
import type { Clock } from '../../base/clock.ts';
import { systemPriorityClasses } from '../../kinds/scheduling/system-priority-classes.ts';
import type { Registries } from '../registry/registries.ts';
import { internalWrite } from '../registry/write-request.ts';

const namespaceNames: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Keeps a network while Services have addresses of it. */
const serviceCidrFinalizer = 'networking.k8s.io/service-cidr-finalizer';

export interface InitialObjectsParts {
  readonly registries: Registries;
  readonly clock: Clock;
  /** `10.96.0.0/16` */
  readonly serviceCidr: string;
}

/** Idempotent. */
export async function ensureInitialObjects(parts: InitialObjectsParts): Promise<void> {
  const { registries } = parts;
  for (const name of namespaceNames) await ensureObject(registries, namespaces, { metadata: { name } });
  for (const { name, value, description } of systemPriorityClasses) {
    await ensureObject(registries, priorityClasses, { metadata: { name }, value, description });
  }
  await ensureServiceCidr(parts);
}

async function ensureServiceCidr({ registries, clock, serviceCidr }: InitialObjectsParts): Promise<void> {
  const metadata = { name: 'kubernetes', finalizers: [serviceCidrFinalizer] };
  await ensureObject(registries, serviceCidrs, { metadata, spec: { cidrs: [serviceCidr] } });
  const status = { ...internalWrite, subresource: 'status' };
  await registries.of(serviceCidrs).update(metadata, status, (previous) => {
    // It was made a moment ago.
    const object = previous as Stored<ServiceCIDR>;
    const conditions = object.status?.conditions ?? [];
    if (!conditions.some(({ type }) => type === 'Ready'))
      object.status = { conditions: [...conditions, readySince(clock.now())] };
    return object;
  });
}

const readySince = (now: number) => ({
  type: 'Ready',
  status: 'True',
  reason: '',
  message: 'Kubernetes default Service CIDR is ready',
  lastTransitionTime: formatTime(now),
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
