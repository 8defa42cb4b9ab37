/**
 * The flow schemas and priority levels of every cluster are there: mandatory ones as they must be, suggested ones as they
 * are suggested unless an administrator takes them over by the annotation `apf.kubernetes.io/autoupdate-spec: "false"`.
 * A schema whose level is missing says so in its status.
 */

import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { flowSchemas, priorityLevelConfigurations } from '../../api/resources/flowcontrol.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../api/status-error.ts';
import { formatTime } from '../../api/time.ts';
import type { FlowSchema, PriorityLevelConfiguration } from '../../api/types/flowcontrol/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Logger } from '../../base/logger.ts';
import type { Registries } from '../registry/registries.ts';
import { internalWrite } from '../registry/write-request.ts';
import { type FlowObject, priorityLevels, flowSchemas as schemasOfAll } from './flow-objects.ts';

export interface FlowObjectsParts {
  readonly registries: Registries;
  readonly clock: Clock;
  readonly logger: Logger;
}

const autoUpdate = 'apf.kubernetes.io/autoupdate-spec';
const everyMs = 10_000;

type WithSpec<Spec extends object> = KubernetesObject & { spec?: Spec };

/** Idempotent; several API servers may do it at once. */
export async function ensureFlowObjects(parts: FlowObjectsParts): Promise<void> {
  const { registries } = parts;
  const ensure = <Spec extends object>(resource: Resource<WithSpec<Spec>>, objects: readonly FlowObject<Spec>[]) =>
    objects.map((object) => ensureObject(registries, resource, object));
  await Promise.all([
    ...ensure<NonNullable<PriorityLevelConfiguration['spec']>>(priorityLevelConfigurations, priorityLevels),
    ...ensure<NonNullable<FlowSchema['spec']>>(flowSchemas, schemasOfAll),
  ]);
  await markDangling(parts);
}

/** Until `signal` aborts. Never rejects. */
export async function keepFlowObjects(parts: FlowObjectsParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await parts.clock.sleep(everyMs, signal);
    if (signal.aborted) return;
    try {
      await ensureFlowObjects(parts);
    } catch (error) {
      parts.logger.warn('The flow schemas and priority levels could not be kept; trying again', { error });
    }
  }
}

async function ensureObject<Spec extends object>(
  registries: Registries,
  resource: Resource<WithSpec<Spec>>,
  { name, spec, isMandatory = false }: FlowObject<Spec>,
): Promise<void> {
  const present = await registries.find(resource, { name });
  try {
    if (present === undefined) {
      const metadata = { name, annotations: { [autoUpdate]: 'true' } };
      const object: WithSpec<Spec> = { metadata, spec: structuredClone(spec) };
      await registries.of(resource).create(object, internalWrite);
    } else if (isToBeReset(present, isMandatory) && !isDeepStrictEqual(present.spec, spec)) {
      await registries
        .of(resource)
        .update({ name }, internalWrite, (previous) => withFields(previous, { spec: structuredClone(spec) }));
    }
  } catch (error) {
    // Another API server was first.
    if (!isAlreadyExists(error) && !isConflict(error) && !isNotFound(error)) throw error;
  }
}

const withFields = (object: KubernetesObject | undefined, fields: object): KubernetesObject =>
  Object.assign({ ...object }, fields);

/** What says nothing is as it was made, unless it was changed since. */
function isToBeReset({ metadata }: DeepReadonly<Stored>, isMandatory: boolean): boolean {
  if (isMandatory) return true;
  const said = metadata.annotations?.[autoUpdate];
  return said === undefined ? metadata.generation === 1 : said === 'true';
}

async function markDangling({ registries, clock }: FlowObjectsParts): Promise<void> {
  const levels = new Set((await registries.all(priorityLevelConfigurations)).map(({ metadata }) => metadata.name));
  for (const { metadata, spec, status } of await registries.all(flowSchemas)) {
    const level = spec?.priorityLevelConfiguration.name ?? '';
    const before = status?.conditions?.find(({ type }) => type === 'Dangling');
    const wanted = danglingCondition(level, levels.has(level), clock.now());
    if (before?.status === wanted.status && before?.message === wanted.message) continue;
    const lastTransitionTime =
      before?.status === wanted.status ? before?.lastTransitionTime : wanted.lastTransitionTime;
    try {
      const others = (status?.conditions ?? []).filter(({ type }) => type !== 'Dangling');
      const conditions = [...others, { ...wanted, ...(lastTransitionTime && { lastTransitionTime }) }];
      await registries
        .of(flowSchemas)
        .update({ name: metadata.name }, { ...internalWrite, subresource: 'status' }, (previous) =>
          withFields(previous, { status: { conditions } }),
        );
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}

/** In upstream's words. Pure. */
export const danglingCondition = (level: string, isThere: boolean, now: number) => ({
  type: 'Dangling',
  status: isThere ? 'False' : 'True',
  reason: isThere ? 'Found' : 'NotFound',
  message: `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)} ${
    isThere ? 'and it exists' : 'but there is no such object'
  }`,
  lastTransitionTime: formatTime(now),
});
