/**
 * The APIServices of what this server serves itself, so that clients see all versions in one list, each with its priority:
 * those of built-in groups are made at the start, those of custom resources come and go with their definitions. One that
 * an administrator has made or taken over (it names a Service, or lacks the label) is left alone.
 */

import type { KubernetesObject } from '../../api/object.ts';
import { apiServices } from '../../api/resources/apiregistration.ts';
import { nodeMetrics } from '../../api/resources/metrics.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../api/status-error.ts';
import type { APIService } from '../../api/types/apiregistration/v1.ts';
import type { Clock } from '../../base/clock.ts';
import { createDeferred } from '../../base/deferred.ts';
import type { Logger } from '../../base/logger.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { Kinds } from '../../kinds/kind-registry.ts';
import type { Found } from '../registry/object-reader.ts';
import type { Registries } from '../registry/registries.ts';
import { internalWrite } from '../registry/write-request.ts';
import { priorityOf } from './api-priority.ts';

export interface LocalApiServicesParts {
  readonly kinds: Kinds;
  readonly registries: Registries;
  readonly clock: Clock;
  readonly logger: Logger;
}

const label = 'kube-aggregator.kubernetes.io/automanaged';
/** The group of APIServices themselves has none; whoever brings a server for metrics brings its APIService, too. */
const without: readonly string[] = [apiServices.group, nodeMetrics.group];
/** What was missed is made up for. */
const everyMs = 60_000;
const retryMs = 1_000;
/** Definitions come by the dozen: one look is enough for all of them. */
const gatherMs = 100;

interface LocalVersion {
  readonly group: string;
  readonly version: string;
}

/** Until `signal` aborts. `builtIn`: the kinds with which the server began. Never rejects. */
export async function keepLocalApiServices(
  parts: LocalApiServicesParts,
  builtIn: readonly Kind[],
  signal: AbortSignal,
): Promise<void> {
  const { kinds, clock, logger } = parts;
  let changed = createDeferred<void>();
  const endListening = kinds.onChange(() => changed.resolve());
  const fixed = versionsOf(builtIn);
  let hasFixed = false;
  while (!signal.aborted) {
    let waitMs = everyMs;
    changed = createDeferred();
    try {
      if (!hasFixed) await keepFixed(fixed, parts);
      hasFixed = true;
      await keepCustom(new Set(fixed.keys()), parts);
    } catch (error) {
      logger.warn('could not keep the APIServices of the groups that are served here', { error });
      waitMs = retryMs;
    }
    await Promise.race([clock.sleep(waitMs, signal), changed.promise]);
    await clock.sleep(gatherMs, signal);
  }
  endListening();
}

/** What an earlier start made and this server does not serve any more, goes. */
async function keepFixed(fixed: ReadonlyMap<string, LocalVersion>, parts: LocalApiServicesParts): Promise<void> {
  const wanted = versionsOf(parts.kinds.all());
  for (const version of fixed.values()) await ensure(version, 'onstart', parts);
  await deleteUnwanted('onstart', wanted, parts);
}

async function keepCustom(fixed: ReadonlySet<string>, parts: LocalApiServicesParts): Promise<void> {
  const wanted = versionsOf(parts.kinds.all());
  for (const [name, version] of wanted) if (!fixed.has(name)) await ensure(version, 'true', parts);
  await deleteUnwanted('true', wanted, parts);
}

type Managed = 'onstart' | 'true';

async function deleteUnwanted(
  managed: Managed,
  wanted: ReadonlyMap<string, LocalVersion>,
  { registries }: LocalApiServicesParts,
): Promise<void> {
  for (const object of await registries.all(apiServices)) {
    const { name, labels } = object.metadata;
    if (labels?.[label] !== managed || wanted.has(name) || isTakenOver(object)) continue;
    await unlessGone(() => registries.of(apiServices).delete({ name }, { dryRun: false }, internalWrite));
  }
}

async function ensure(
  { group, version }: LocalVersion,
  managed: Managed,
  { registries }: LocalApiServicesParts,
): Promise<void> {
  const name = `${version}.${group}`;
  if ((await registries.find(apiServices, { name })) !== undefined) return;
  const object: KubernetesObject & APIService = {
    metadata: { name, labels: { [label]: managed } },
    spec: { ...(group !== '' && { group }), version, ...priorityOf(group, version) },
  };
  await unlessGone(() => registries.of(apiServices).create(object, internalWrite));
}

const isTakenOver = ({ spec }: Found<APIService>): boolean => spec?.service !== undefined;

function versionsOf(kinds: readonly Kind[]): Map<string, LocalVersion> {
  const versions = kinds.filter(({ group }) => !without.includes(group));
  return new Map(versions.map(({ group, version }) => [`${version}.${group}`, { group, version }]));
}

/** Another API server was first. */
async function unlessGone(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!isAlreadyExists(error) && !isConflict(error) && !isNotFound(error)) throw error;
  }
}
