/** A pod's priority comes from its class, never from the pod itself; one class at most is the default. */

import { priorityClasses } from '../../api/resources/scheduling.ts';
import { forbidden } from '../../api/status-error.ts';
import type { Pod, PodSpec } from '../../api/types/core/v1.ts';
import type { PriorityClass } from '../../api/types/scheduling/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../registry/admission.ts';
import { allObjects, findObject } from '../registry/object-reader.ts';
import type { Registries } from '../registry/registries.ts';

type Found = Pick<PriorityClass, 'value' | 'preemptionPolicy'> & { readonly name: string };

export const createPriorityPlugin = (registries: () => Registries): AdmissionPlugin => ({
  name: 'Priority',

  async admit(request) {
    const { operation, kind, subresource } = request;
    if (kind.plural !== 'pods' || subresource !== undefined) return;
    const { spec } = request.object as Pod;
    if (spec === undefined) return;
    if (operation === 'UPDATE') keepPriority(spec, request.previous as DeepReadonly<Pod>);
    else if (operation === 'CREATE') await setPriority(registries(), request, spec);
  },

  async validate(request) {
    const { operation, kind } = request;
    if (kind.plural !== 'priorityclasses' || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
    const { globalDefault, metadata } = request.object as PriorityClass;
    if (!globalDefault) return;
    const present = await globalDefaultClass(registries());
    if (present !== undefined && present.name !== metadata?.name) {
      throw forbidden(
        kind,
        request.name,
        `PriorityClass ${present.name} is already marked as default. Only one default can exist`,
      );
    }
  },
});

/** Clients that send a pod back without these did not mean to take them away. */
function keepPriority(spec: PodSpec, previous: DeepReadonly<Pod>): void {
  if (spec.priority === undefined && previous.spec?.priority !== undefined) spec.priority = previous.spec.priority;
  if (spec.preemptionPolicy === undefined && previous.spec?.preemptionPolicy !== undefined) {
    spec.preemptionPolicy = previous.spec.preemptionPolicy;
  }
}

async function setPriority(registries: Registries, request: AdmissionRequest, spec: PodSpec): Promise<void> {
  const found = spec.priorityClassName
    ? await namedClass(registries, request, spec.priorityClassName)
    : await globalDefaultClass(registries);
  if (found && !spec.priorityClassName) spec.priorityClassName = found.name;
  const value = found?.value ?? 0;
  const policy = found?.preemptionPolicy ?? 'PreemptLowerPriority';
  const computed = 'priority admission controller computed';
  if (spec.priority !== undefined && spec.priority !== value) {
    throw forbidden(
      request.kind,
      request.name,
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; ${computed} ${value} from the given PriorityClass name`,
    );
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    throw forbidden(
      request.kind,
      request.name,
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; ${computed} ${policy} from the given PriorityClass name`,
    );
  }
  spec.priority = value;
  spec.preemptionPolicy = policy;
}

async function namedClass(registries: Registries, request: AdmissionRequest, name: string): Promise<Found> {
  const found = name.includes('/') ? undefined : await findObject(registries, priorityClasses, { name });
  if (found === undefined) throw forbidden(request.kind, request.name, `no PriorityClass with name ${name} was found`);
  return toFound(found);
}

async function globalDefaultClass(registries: Registries): Promise<Found | undefined> {
  const marked = (await allObjects(registries, priorityClasses)).filter(({ globalDefault }) => globalDefault);
  const [lowest] = marked.sort((a, b) => (a.value ?? 0) - (b.value ?? 0));
  return lowest && toFound(lowest);
}

const toFound = ({ metadata, value = 0, preemptionPolicy }: DeepReadonly<PriorityClass>): Found => ({
  name: metadata?.name ?? '',
  value,
  ...(preemptionPolicy !== undefined && { preemptionPolicy }),
});
