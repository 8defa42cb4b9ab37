/** What the pods of a Job are made from: its template, and for an index what says which it is. Pure. */

import type { Job } from '../../../api/types/batch/v1.ts';
import type { Container, Pod, PodTemplateSpec } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Cached } from '../../../client/object-cache.ts';
import type { PodOrder } from '../pod-maker.ts';
import {
  completionIndexLabel,
  failureCountAnnotation,
  failuresBefore,
  hasLimitPerIndex,
  ignoredFailureCountAnnotation,
  trackingFinalizer,
} from './job-pods.ts';
import { judgeFailure } from './job-policies.ts';

const indexVariable = 'JOB_COMPLETION_INDEX';
const longestBase = 58;

type Template = DeepReadonly<PodTemplateSpec>;

/** The pod for `index` (undefined: of a Job without indexes) that comes in the place of `failed`, if there was one. */
export function orderOf(job: Cached<Job>, index: number | undefined, failed?: Cached<Pod>): PodOrder {
  const template = tracked(job.spec?.template ?? {});
  if (index === undefined) return { template };
  const text = String(index);
  const { metadata = {}, spec = { containers: [] } } = template;
  return {
    slot: text,
    generateName: indexedBase(job.metadata.name, text),
    template: {
      metadata: {
        ...metadata,
        labels: { ...metadata.labels, [completionIndexLabel]: text },
        annotations: {
          ...metadata.annotations,
          [completionIndexLabel]: text,
          ...(hasLimitPerIndex(job) && failureCounts(job, failed)),
        },
      },
      spec: {
        ...spec,
        hostname: `${job.metadata.name}-${text}`,
        containers: spec.containers.map(withIndex),
        ...(spec.initContainers && { initContainers: spec.initContainers.map(withIndex) }),
      },
    },
  };
}

function tracked(template: Template): Template {
  const finalizers = new Set(template.metadata?.finalizers).add(trackingFinalizer);
  return { ...template, metadata: { ...template.metadata, finalizers: [...finalizers] } };
}

/** The end with the index is never cut. */
function indexedBase(jobName: string, index: string): string {
  const end = `-${index}-`;
  return `${jobName.slice(0, longestBase - end.length)}${end}`;
}

function withIndex(container: DeepReadonly<Container>): DeepReadonly<Container> {
  if (container.env?.some(({ name }) => name === indexVariable)) return container;
  const fieldRef = { fieldPath: `metadata.labels['${completionIndexLabel}']` };
  return { ...container, env: [...(container.env ?? []), { name: indexVariable, valueFrom: { fieldRef } }] };
}

function failureCounts(job: Cached<Job>, failed: Cached<Pod> | undefined): Record<string, string> {
  if (failed === undefined) return { [failureCountAnnotation]: '0' };
  const { counted, ignored } = failuresBefore(failed);
  const { counts } = judgeFailure(job.spec?.podFailurePolicy, failed);
  const ignoredNow = ignored + (counts ? 0 : 1);
  return {
    [failureCountAnnotation]: String(counted + (counts ? 1 : 0)),
    ...(ignoredNow > 0 && { [ignoredFailureCountAnnotation]: String(ignoredNow) }),
  };
}
