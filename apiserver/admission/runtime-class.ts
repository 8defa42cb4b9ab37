/** A pod with a runtime class pays that class's overhead, and runs only where the class can. */

import { own } from '../../api/json-record.ts';
import { pods } from '../../api/resources/core.ts';
import { runtimeClasses } from '../../api/resources/node.ts';
import { forbidden } from '../../api/status-error.ts';
import type { PodSpec } from '../../api/types/core/v1.ts';
import type { RuntimeClass } from '../../api/types/node/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { isSemanticallyEqual } from '../../machinery/schema/semantic-equality.ts';
import { type AdmissionPlugin, type AdmissionRequest, onWrite } from '../registry/admission.ts';
import type { ObjectReader } from '../registry/object-reader.ts';

export const createRuntimeClassPlugin = (objects: ObjectReader): AdmissionPlugin => ({
  name: 'RuntimeClass',

  admit: [
    onWrite(['CREATE'], pods, async (request) => {
      const { spec } = request.object;
      if (spec === undefined) return;
      const found = spec.runtimeClassName ? await findClass(objects, request, spec.runtimeClassName) : undefined;
      setOverhead(request, spec, found);
      if (found?.scheduling) applyScheduling(request, spec, found.scheduling);
    }),
  ],
});

async function findClass(
  objects: ObjectReader,
  request: AdmissionRequest,
  name: string,
): Promise<DeepReadonly<RuntimeClass>> {
  const found = name.includes('/') ? undefined : await objects.find(runtimeClasses, { name });
  if (found === undefined) throw refuse(request, `RuntimeClass ${JSON.stringify(name)} not found`);
  return found;
}

const overheadDefinition = 'io.k8s.api.node.v1.Overhead';
const tolerationDefinition = 'io.k8s.api.core.v1.Toleration';

const refuse = ({ kind, name }: AdmissionRequest, why: string) => forbidden(kind, name, `pod rejected: ${why}`);

function setOverhead(request: AdmissionRequest, spec: PodSpec, found: DeepReadonly<RuntimeClass> | undefined): void {
  const fixed = found?.overhead?.podFixed;
  if (fixed === undefined) {
    if (spec.overhead !== undefined)
      throw refuse(request, 'Pod Overhead set without corresponding RuntimeClass defined Overhead');
    return;
  }
  const isSame = isSemanticallyEqual(overheadDefinition, { podFixed: spec.overhead ?? fixed }, { podFixed: fixed });
  if (!isSame) throw refuse(request, "Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  spec.overhead = { ...fixed };
}

function applyScheduling(
  request: AdmissionRequest,
  spec: PodSpec,
  { nodeSelector = {}, tolerations = [] }: NonNullable<DeepReadonly<RuntimeClass>['scheduling']>,
): void {
  const asked = spec.nodeSelector ?? {};
  for (const [label, value] of Object.entries(nodeSelector)) {
    const given = own(asked, label);
    if (given !== undefined && given !== value) {
      throw refuse(
        request,
        'conflict: runtimeClass.scheduling.nodeSelector[' +
          `${label}] = ${value}; pod.spec.nodeSelector[${label}] = ${given}`,
      );
    }
  }
  if (Object.keys(nodeSelector).length > 0) spec.nodeSelector = { ...asked, ...nodeSelector };
  const present = spec.tolerations ?? [];
  const added = tolerations.filter(
    (toleration) => !present.some((one) => isSemanticallyEqual(tolerationDefinition, one, toleration)),
  );
  if (added.length > 0) spec.tolerations = [...present, ...added.map((toleration) => ({ ...toleration }))];
}
