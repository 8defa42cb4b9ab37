/** Keeps EndpointSlices beside each Service that selects pods: what proxies and DNS read. */

import { isDeepStrictEqual } from 'node:util';
import { serviceNameLabel, zoneLabel } from '../../api/labels.ts';
import { isTerminatingNamespaceError } from '../../api/namespace-state.ts';
import { keyOf, type Stored } from '../../api/object.ts';
import { nodes, pods, services } from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { Node, Pod, Service } from '../../api/types/core/v1.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import type { Client } from '../../client/client.ts';
import { type Controller, keyOfChange, objectOfChange } from '../../client/controller.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import type { Cached, Informer, ObjectCache, ObjectChange } from '../../client/object-cache.ts';
import type { Reconciler, Result } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { podIndexes } from '../pods/pod-indexes.ts';
import { controllerReference } from '../workloads/ownership.ts';
import { computeDesiredEndpoints, computeSliceLabels, managedByLabel, sliceManager } from './endpoint-slice-plan.ts';
import { orTell } from './refused-writes.ts';
import {
  type AddressType,
  addressTypesOf,
  isEndpoint,
  matchingPods,
  selectsPods,
  servicesOfPodChange,
} from './service-pods.ts';
import { sliceIndexes } from './slice-indexes.ts';
import { type DesiredEndpoints, planSlices } from './slice-plan.ts';
import { SliceTracker } from './slice-tracker.ts';
import { TriggerTimes, withTriggerTime } from './trigger-times.ts';

export function createEndpointSliceController(context: ControllerContext): Controller {
  const { client, informers: shared, clock, controller, events } = context;
  const informers = {
    services: shared.of(services),
    pods: shared.of(pods, podIndexes),
    nodes: shared.of(nodes),
    endpointSlices: shared.of(endpointSlices, sliceIndexes),
  };
  const tracker = new SliceTracker(clock);
  const reconciler = new EndpointSliceReconciler({
    client,
    informers,
    tracker,
    recorder: events.from('endpoint-slice-controller'),
  });
  return controller({ reconciler })
    .watch(informers.services, keyOfChange)
    .watch(informers.pods, (change) => servicesOfPodChange(change, informers.services))
    .watch(informers.nodes, (change) => (concernsEndpoints(change) ? servicesWithPods(informers.services) : []))
    .watch(informers.endpointSlices, (change) => {
      const { metadata } = objectOfChange(change);
      const service = metadata.labels?.[serviceNameLabel];
      if (service === undefined || metadata.labels?.[managedByLabel] !== sliceManager) return [];
      const key = `${metadata.namespace}/${service}`;
      if (change.type === 'deleted') tracker.observedDeletion(key, metadata.name);
      return [key];
    });
}

type Content = DeepReadonly<Pick<EndpointSlice, 'endpoints' | 'ports'>>;

/** What the slices of one write have in common. */
interface WriteTarget {
  readonly service: Cached<Service>;
  readonly type: AddressType;
  readonly labels: Record<string, string>;
  readonly triggerTime: string | undefined;
}

interface Informers {
  readonly services: Informer<Service>;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly endpointSlices: Informer<EndpointSlice>;
}

interface EndpointSliceReconcilerOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly tracker: SliceTracker;
  readonly recorder: Recorder;
}

class EndpointSliceReconciler implements Reconciler {
  readonly #client: Client;
  readonly #informers: Informers;
  readonly #tracker: SliceTracker;
  readonly #recorder: Recorder;
  readonly #triggerTimes = new TriggerTimes();

  constructor({ client, informers, tracker, recorder }: EndpointSliceReconcilerOptions) {
    this.#client = client;
    this.#informers = informers;
    this.#tracker = tracker;
    this.#recorder = recorder;
  }

  async reconcile(key: string): Promise<Result> {
    const service = this.#informers.services.get(key);
    if (service === undefined) {
      // Its slices go with their owner.
      this.#tracker.forget(key);
      this.#triggerTimes.forget(key);
      return {};
    }
    if (!selectsPods(service) || service.metadata.deletionTimestamp !== undefined) return {};
    const ours = this.#informers.endpointSlices
      .byIndex('service', key)
      .filter(({ metadata }) => metadata.labels?.[managedByLabel] === sliceManager);
    const waitMs = this.#tracker.staleForMs(key, ours);
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    const matching = matchingPods(service, this.#informers.pods);
    const pods = matching.filter(isEndpoint);
    const triggerTime = this.#triggerTimes.next(key, service, matching);
    for (const type of addressTypesOf(service)) {
      const existing = ours.filter(({ addressType }) => addressType === type);
      const desired = computeDesiredEndpoints(service, { type, pods, nodes: this.#informers.nodes });
      await this.#write({ service, type, labels: computeSliceLabels(service), triggerTime }, existing, desired);
    }
    const types: readonly string[] = addressTypesOf(service);
    await this.#deleteAll(
      key,
      ours.filter(({ addressType }) => !types.includes(addressType)),
    );
    return {};
  }

  async #write(
    target: WriteTarget,
    existing: readonly Cached<EndpointSlice>[],
    desired: readonly DesiredEndpoints[],
  ): Promise<void> {
    const key = keyOf(target.service);
    const plan = planSlices(existing, desired);
    const planned = new Set([...plan.update.map(({ slice }) => slice), ...plan.delete]);
    const relabel = existing
      .filter((slice) => !planned.has(slice) && !isDeepStrictEqual(slice.metadata.labels, target.labels))
      .map((slice) => ({ slice, content: { ports: slice.ports ?? [], endpoints: slice.endpoints ?? [] } }));
    const telling = (what: string) => (why: string) => this.#tell(target.service, `failed to ${what}: ${why}`);
    try {
      for (const { slice, content } of [...plan.update, ...relabel]) {
        const what = `update ${slice.metadata.name} EndpointSlice for Service ${key}`;
        this.#tracker.wrote(key, await orTell(() => this.#update(target, slice, content), telling(what)));
      }
      for (const content of plan.create) {
        const what = `create EndpointSlice for Service ${key}`;
        this.#tracker.wrote(key, await orTell(() => this.#create(target, content), telling(what)));
      }
    } catch (error) {
      if (!isTerminatingNamespaceError(error)) throw error;
    }
    await this.#deleteAll(key, plan.delete);
  }

  async #create({ service, type, labels, triggerTime }: WriteTarget, content: Content): Promise<Stored<EndpointSlice>> {
    const { namespace = '', name } = service.metadata;
    const annotations = withTriggerTime(undefined, triggerTime);
    return await this.#client.create<EndpointSlice>(endpointSlices, {
      metadata: {
        namespace,
        generateName: `${name}-`,
        labels,
        ...(annotations && { annotations }),
        ownerReferences: [controllerReference(service)],
      },
      addressType: type,
      // The plan's lists are read-only; the client only sends them.
      ...(content as Pick<EndpointSlice, 'ports' | 'endpoints'>),
    });
  }

  async #update(
    { labels, triggerTime }: WriteTarget,
    slice: Cached<EndpointSlice>,
    content: Content,
  ): Promise<Stored<EndpointSlice>> {
    const { annotations: present, ...others } = slice.metadata;
    const annotations = withTriggerTime(present, triggerTime);
    const metadata = { ...others, labels, ...(annotations && { annotations }) };
    return await this.#client.update<EndpointSlice>(
      endpointSlices,
      changedCopy<EndpointSlice>(slice, { metadata, ...content }),
    );
  }

  #tell(service: Cached<Service>, why: string): void {
    const message = `Error updating Endpoint Slices for Service ${keyOf(service)}: ${why}`;
    this.#recorder.record(service, { type: 'Warning', reason: 'FailedToUpdateEndpointSlices', message });
  }

  async #deleteAll(key: string, slices: readonly Cached<EndpointSlice>[]): Promise<void> {
    for (const slice of slices) {
      const { namespace, name, uid } = slice.metadata;
      try {
        await this.#client.delete(endpointSlices, { namespace, name }, { uid });
        this.#tracker.deleted(key, slice);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  }
}

/** Nodes that come and go take their pods along; the zone is told of each endpoint. */
const concernsEndpoints = ({ type, previous, next }: ObjectChange<Node>): boolean =>
  type !== 'updated' || previous.metadata.labels?.[zoneLabel] !== next.metadata.labels?.[zoneLabel];

const servicesWithPods = (services: ObjectCache<Service>): string[] =>
  [...services.list()].filter(selectsPods).map((service) => keyOf(service));
