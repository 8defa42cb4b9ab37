/** A pod's priority comes from its class, never from the pod itself; one class at most is the default. */

import { pods } from '../../api/resources/core.ts';
import { priorityClasses } from '../../api/resources/scheduling.ts';
import { forbidden } from '../../api/status-error.ts';
import type { PodSpec } from '../../api/types/core/v1.ts';
import type { PriorityClass } from '../../api/types/scheduling/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { type AdmissionPlugin, type AdmissionRequest, onWrite } from '../registry/admission.ts';
import type { ObjectReader } from '../registry/object-reader.ts';

type Found = Pick<PriorityClass, 'value' | 'preemptionPolicy'> & { readonly name: string };

export const createPriorityPlugin = (objects: ObjectReader): AdmissionPlugin => ({
  name: 'Priority',

  admit: [
    onWrite(['CREATE'], pods, async (request) => {
      const { spec } = request.object;
      if (spec !== undefined) await setPriority(objects, request, spec);
    }),
    onWrite(['UPDATE'], pods, ({ object: { spec }, previous }) => {
      if (spec !== undefined) keepPriority(spec, previous?.spec);
    }),
  ],

  validate: [
    onWrite(['CREATE', 'UPDATE'], priorityClasses, async ({ object: { globalDefault, metadata }, kind, name }) => {
      if (!globalDefault) return;
      const present = await globalDefaultClass(objects);
      if (present !== undefined && present.name !== metadata?.name) {
        throw forbidden(
          kind,
          name,
          `PriorityClass ${present.name} is already marked as default. Only one default can exist`,
        );
      }
    }),
  ],
});

/** Clients that send a pod back without these did not mean to take them away. */
function keepPriority(spec: PodSpec, previous: DeepReadonly<PodSpec> | undefined): void {
  if (spec.priority === undefined && previous?.priority !== undefined) spec.priority = previous.priority;
  if (spec.preemptionPolicy === undefined && previous?.preemptionPolicy !== undefined) {
    spec.preemptionPolicy = previous.preemptionPolicy;
  }
}

async function setPriority(objects: ObjectReader, request: AdmissionRequest, spec: PodSpec): Promise<void> {
  const found = spec.priorityClassName
    ? await namedClass(objects, request, spec.priorityClassName)
    : await globalDefaultClass(objects);
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

async function namedClass(objects: ObjectReader, request: AdmissionRequest, name: string): Promise<Found> {
  const found = name.includes('/') ? undefined : await objects.find(priorityClasses, { name });
  if (found === undefined) throw forbidden(request.kind, request.name, `no PriorityClass with name ${name} was found`);
  return toFound(found);
}

async function globalDefaultClass(objects: ObjectReader): Promise<Found | undefined> {
  const marked = (await objects.all(priorityClasses)).filter(({ globalDefault }) => globalDefault);
  const [lowest] = marked.sort((a, b) => (a.value ?? 0) - (b.value ?? 0));
  return lowest && toFound(lowest);
}

const toFound = ({ metadata, value = 0, preemptionPolicy }: DeepReadonly<PriorityClass>): Found => ({
  name: metadata?.name ?? '',
  value,
  ...(preemptionPolicy !== undefined && { preemptionPolicy }),
});
