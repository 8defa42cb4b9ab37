/**
 * The Service `default/kubernetes`, by which pods reach the API, and its endpoints: every API server puts its address
 * in and keeps it there; servers that are gone are taken out by those that are left, by the age of their lease.
 *
 *   each server: lease entry in the store (lives 60 s, renewed every 20 s) → endpoints = addresses of all live entries
 */

import { serviceNameLabel, skipMirrorLabel } from '../../api/labels.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { endpoints, services } from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import { isAlreadyExists, isNotFound } from '../../api/status-error.ts';
import type { Endpoints, Service } from '../../api/types/core/v1.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Registries } from '../registry/registries.ts';
import { internalWrite, internalWriteOrCreate } from '../registry/write-request.ts';
import { KeyExistsError, RevisionConflictError, type Store } from '../store/store.ts';

export interface OwnServiceOptions {
  readonly store: Store;
  readonly registries: Registries;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The first address of the service range. */
  readonly clusterIp: string;
  /** Under which pods reach this server. */
  readonly address: string;
  readonly port: number;
}

const key = { namespace: 'default', name: 'kubernetes' };
const prefix = '/registry/longshore.dev/api-servers/';
const leaseSeconds = 60;
const renewEveryMs = 20_000;

/** Ends when `signal` aborts; takes this server's address out then. Never rejects. */
export async function keepOwnService(options: OwnServiceOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger } = options;
  let waitMs = 0;
  while (!signal.aborted) {
    try {
      await renewLease(options);
      await ensureService(options);
      await writeEndpoints(options, await liveAddresses(options));
      waitMs = renewEveryMs;
    } catch (error) {
      logger.warn('could not keep the service of the API', { error });
      waitMs = Math.min(renewEveryMs, Math.max(1_000, waitMs * 2));
    }
    await clock.sleep(waitMs, signal);
  }
  try {
    await leave(options);
  } catch (error) {
    logger.debug('could not take our address out: the others will', { error });
  }
}

async function renewLease({ store, address, port }: OwnServiceOptions): Promise<void> {
  const leaseKey = `${prefix}${address}:${port}`;
  const value = Buffer.from(address);
  const entry = await store.get(leaseKey);
  try {
    if (entry === undefined) await store.create(leaseKey, value, { timeToLiveSeconds: leaseSeconds });
    else await store.update(leaseKey, value, entry.revision, { timeToLiveSeconds: leaseSeconds });
  } catch (error) {
    // It ran out, or was renewed, in this very moment: the next turn sees.
    if (!(error instanceof KeyExistsError || error instanceof RevisionConflictError)) throw error;
  }
}

async function liveAddresses({ store, address }: OwnServiceOptions): Promise<string[]> {
  const { entries } = await store.list({ prefix });
  return [...new Set([...entries.map(({ value }) => value.toString()), address])].sort();
}

async function leave(options: OwnServiceOptions): Promise<void> {
  const { store, address, port } = options;
  const entry = await store.get(`${prefix}${address}:${port}`);
  if (entry) await store.delete(entry.key, entry.revision);
  const { entries } = await store.list({ prefix });
  const left = [...new Set(entries.map(({ value }) => value.toString()))].sort();
  // The last one leaves its address: clients that cannot be answered should still know where to ask.
  if (left.length > 0) await writeEndpoints(options, left);
}

const labels = { component: 'apiserver', provider: 'kubernetes' };

async function ensureService({ registries, clusterIp, port }: OwnServiceOptions): Promise<void> {
  const registry = registries.of(services);
  try {
    // A consistent read: right after a start the cache does not know yet what is there.
    await registry.read(key);
    return;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const service: Service = {
    metadata: { ...key, labels },
    spec: {
      clusterIP: clusterIp,
      clusterIPs: [clusterIp],
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
      sessionAffinity: 'None',
      type: 'ClusterIP',
    },
  };
  try {
    await registry.create(service, internalWrite);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

async function writeEndpoints({ registries, port }: OwnServiceOptions, addresses: readonly string[]): Promise<void> {
  const legacy: Endpoints = {
    metadata: { ...key, labels: { [skipMirrorLabel]: 'true' } },
    subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  };
  const slice: EndpointSlice = {
    metadata: { ...key, labels: { [serviceNameLabel]: key.name } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  };
  await apply(registries, endpoints, legacy);
  await apply(registries, endpointSlices, slice);
}

async function apply<T extends KubernetesObject>(
  registries: Registries,
  resource: Resource<T>,
  wanted: T,
): Promise<void> {
  await registries.of(resource).update(key, internalWriteOrCreate, (previous) => {
    if (previous === undefined) return structuredClone(wanted);
    const next: KubernetesObject = {
      ...previous,
      ...structuredClone(wanted),
      metadata: { ...previous.metadata, labels: wanted.metadata?.labels ?? {} },
    };
    return next;
  });
}
