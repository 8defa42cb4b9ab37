/**
 * Makes EndpointSlices of Endpoints that users write for Services without a selector, so that proxies need to read
 * only one of the two kinds. Every Endpoints object has at most one slice for each address type and set of ports.
 */

import { serviceNameLabel } from '../../api/labels.ts';
import { isTerminatingNamespaceError } from '../../api/namespace-state.ts';
import { endpoints, services } from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { Endpoints, Service } from '../../api/types/core/v1.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import type { Client } from '../../client/client.ts';
import { type Controller, keyOfChange, objectOfChange } from '../../client/controller.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import type { Cached, Informer } from '../../client/object-cache.ts';
import type { Result } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { controllerReference } from '../workloads/ownership.ts';
import { managedByLabel } from './endpoint-slice-plan.ts';
import { computeMirror, mirroringManager, mirrorMetadata, shouldMirror } from './endpoints-mirroring-plan.ts';
import { orTell } from './refused-writes.ts';
import { type AddressType, addressTypes } from './service-pods.ts';
import { sliceIndexes } from './slice-indexes.ts';
import { planSlices, type SlicePlan } from './slice-plan.ts';
import { SliceTracker } from './slice-tracker.ts';

interface Parts {
  readonly client: Client;
  readonly recorder: Recorder;
  readonly tracker: SliceTracker;
  readonly informers: {
    readonly endpoints: Informer<Endpoints>;
    readonly services: Informer<Service>;
    readonly endpointSlices: Informer<EndpointSlice>;
  };
}

export function createEndpointsMirroringController(context: ControllerContext): Controller {
  const { client, clock, controller, events } = context;
  const recorder = events.from('endpoint-slice-mirroring-controller');
  const informers = {
    endpoints: context.informers.of(endpoints),
    services: context.informers.of(services),
    endpointSlices: context.informers.of(endpointSlices, sliceIndexes),
  };
  const tracker = new SliceTracker(clock);
  const reconcile = (key: string) => mirror({ client, tracker, informers, recorder }, key);
  return controller({ reconciler: { reconcile }, workers: 2 })
    .watch(informers.endpoints, keyOfChange)
    .watch(informers.services, keyOfChange)
    .watch(informers.endpointSlices, (change) => {
      const { metadata } = objectOfChange(change);
      if (metadata.labels?.[managedByLabel] !== mirroringManager) return [];
      const key = `${metadata.namespace}/${metadata.labels[serviceNameLabel] ?? ''}`;
      if (change.type === 'deleted') tracker.observedDeletion(key, metadata.name);
      return [key];
    });
}

interface Target {
  readonly key: string;
  readonly source: Cached<Endpoints>;
  readonly type: AddressType;
}

async function mirror(parts: Parts, key: string): Promise<Result> {
  const { informers, tracker } = parts;
  const ours = informers.endpointSlices
    .byIndex('service', key)
    .filter(({ metadata }) => metadata.labels?.[managedByLabel] === mirroringManager);
  const waitMs = tracker.staleForMs(key, ours);
  if (waitMs > 0) return { requeueAfterMs: waitMs };
  const source = informers.endpoints.get(key);
  const service = informers.services.get(key);
  for (const type of addressTypes) {
    const existing = ours.filter(({ addressType }) => addressType === type);
    const desired = source !== undefined && shouldMirror(source, service) ? computeMirror(source, type) : [];
    if (source === undefined || desired.length === 0) await deleteAll(parts, key, existing);
    else await write(parts, { key, source, type }, planSlices(existing, desired));
  }
  return {};
}

async function write(parts: Parts, target: Target, plan: SlicePlan): Promise<void> {
  const { client, tracker, recorder } = parts;
  const { key, source, type } = target;
  const metadata = mirrorMetadata(source);
  const ownerReferences = [controllerReference(source)];
  const tell = (why: string) => {
    const message = `Error updating Endpoint Slices for Endpoints ${key}: ${why}`;
    recorder.record(source, { type: 'Warning', reason: 'FailedToUpdateEndpointSlices', message });
  };
  const where = { namespace: source.metadata.namespace ?? '', generateName: `${source.metadata.name}-` };
  try {
    for (const { slice, content } of plan.update) {
      const next = changedCopy<EndpointSlice>(slice, { metadata: { ...slice.metadata, ...metadata }, ...content });
      tracker.wrote(key, await orTell(() => client.update<EndpointSlice>(endpointSlices, next), tell));
    }
    for (const content of plan.create) {
      const slice = { metadata: { ...where, ...metadata, ownerReferences }, addressType: type, ...content };
      // The plan's lists are read-only; the client only sends them.
      const create = () => client.create<EndpointSlice>(endpointSlices, slice as EndpointSlice);
      tracker.wrote(key, await orTell(create, tell));
    }
  } catch (error) {
    if (!isTerminatingNamespaceError(error)) throw error;
  }
  await deleteAll(parts, key, plan.delete);
}

async function deleteAll(
  { client, tracker }: Parts,
  key: string,
  slices: readonly Cached<EndpointSlice>[],
): Promise<void> {
  for (const slice of slices) {
    const { namespace, name, uid } = slice.metadata;
    try {
      await client.delete(endpointSlices, { namespace, name }, { uid });
      tracker.deleted(key, slice);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
