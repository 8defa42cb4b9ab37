/** Keeps an Endpoints object beside each Service that selects pods: the older form, which many programs still read. */

import { isDeepStrictEqual } from 'node:util';
import { endpoints, pods, services } from '../../api/resources/core.ts';
import { isAlreadyExists, isNotFound } from '../../api/status-error.ts';
import type { EndpointAddress, EndpointSubset, Endpoints, Pod, Service } from '../../api/types/core/v1.ts';
import { compareText } from '../../base/compare.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { ControllerContext } from '../controller-context.ts';
import { isTerminatingNamespaceError } from '../namespaces/namespace-state.ts';
import { podIndexes } from '../pods/pod-indexes.ts';
import {
  addressesOf,
  addressOfType,
  addressTypesOf,
  conditionsOf,
  type EndpointPort,
  headlessLabel,
  hostnameOf,
  isEndpoint,
  isHeadless,
  matchingPods,
  portsOf,
  selectsPods,
  servicesOfPodChange,
  targetReference,
} from './service-pods.ts';
import { TriggerTimes, withTriggerTime } from './trigger-times.ts';

const managedByLabel = 'endpoints.kubernetes.io/managed-by';
const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity';
const capacity = 1000;

export function createEndpointsController({ client, informers: shared, controller }: ControllerContext): Controller {
  const informers = {
    services: shared.of(services),
    endpoints: shared.of(endpoints),
    pods: shared.of(pods, podIndexes),
  };
  const triggerTimes = new TriggerTimes();

  async function reconcile(key: string) {
    const service = informers.services.get(key);
    const current = informers.endpoints.get(key);
    if (service === undefined) {
      triggerTimes.forget(key);
      await removeOurs(current);
    }
    if (service && selectsPods(service) && !service.metadata.deletionTimestamp) await write(service, current);
    return {};
  }

  async function write(service: Cached<Service>, current: Cached<Endpoints> | undefined): Promise<void> {
    const { namespace = '', name } = service.metadata;
    const matching = matchingPods(service, informers.pods);
    const { subsets, truncated } = computeSubsets(service, matching.filter(isEndpoint));
    const triggerTime = triggerTimes.next(`${namespace}/${name}`, service, matching);
    const labels = computeLabels(service);
    const annotations = computeAnnotations(current?.metadata.annotations ?? {}, truncated);
    if (current !== undefined && sameEndpoints(current, { metadata: { labels, annotations }, subsets })) return;
    const metadata = { namespace, name, labels, annotations: withTriggerTime(annotations, triggerTime) ?? {} };
    if (current === undefined) {
      try {
        await client.create<Endpoints>(endpoints, { metadata, subsets });
      } catch (error) {
        if (!isAlreadyExists(error) && !isTerminatingNamespaceError(error)) throw error;
      }
    } else {
      const next = changedCopy<Endpoints>(current, { metadata: { ...current.metadata, ...metadata }, subsets });
      await client.update<Endpoints>(endpoints, next);
    }
  }

  async function removeOurs(current: Cached<Endpoints> | undefined): Promise<void> {
    if (current?.metadata.labels?.[managedByLabel] === undefined) return;
    const { namespace, name, uid } = current.metadata;
    try {
      await client.delete(endpoints, { namespace, name }, { uid });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  return controller({ name: 'endpoint', reconciler: { reconcile } })
    .watch(informers.services, keyOfChange)
    .watch(informers.endpoints, keyOfChange)
    .watch(informers.pods, (change) => servicesOfPodChange(change, informers.services));
}

/** Addresses grouped by the ports that they have, in a fixed order. Pure. */
export function computeSubsets(
  service: Cached<Service>,
  selected: readonly Cached<Pod>[],
): { readonly subsets: EndpointSubset[]; readonly truncated: boolean } {
  const type = addressTypesOf(service)[0] ?? 'IPv4';
  const groups = new Map<string, { ports: EndpointPort[]; ready: EndpointAddress[]; notReady: EndpointAddress[] }>();
  const shown = selected.filter((pod) => pod.metadata.deletionTimestamp === undefined || isPublishing(service));
  const ordered = shown.toSorted((a, b) => compareText(addressesOf(a)[0] ?? '', addressesOf(b)[0] ?? ''));
  for (const pod of ordered.slice(0, capacity)) {
    const ip = addressOfType(pod, type);
    const ports = portsOf(service, pod);
    // Without any port there is nothing to reach; a headless Service without ports is about names only.
    if (ip === undefined || (ports.length === 0 && (service.spec?.ports ?? []).length > 0)) continue;
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, ready: [], notReady: [] };
    groups.set(key, group);
    const hostname = hostnameOf(service, pod);
    const address = {
      ip,
      ...(hostname !== undefined && { hostname }),
      ...(pod.spec?.nodeName && { nodeName: pod.spec.nodeName }),
      targetRef: targetReference(pod),
    };
    (conditionsOf(service, pod).ready ? group.ready : group.notReady).push(address);
  }
  const subsets = [...groups.values()].map(({ ports, ready, notReady }) => ({
    ...(ready.length > 0 && { addresses: ready }),
    ...(notReady.length > 0 && { notReadyAddresses: notReady }),
    ...(ports.length > 0 && { ports: ports.map(({ name, ...port }) => ({ ...(name !== '' && { name }), ...port })) }),
  }));
  return { subsets, truncated: ordered.length > capacity };
}

const isPublishing = ({ spec }: Cached<Service>): boolean => spec?.publishNotReadyAddresses === true;

function computeLabels(service: Cached<Service>): Record<string, string> {
  const { [headlessLabel]: _, ...labels } = service.metadata.labels ?? {};
  return { ...labels, ...(isHeadless(service) && { [headlessLabel]: '' }), [managedByLabel]: 'endpoint-controller' };
}

function computeAnnotations(current: Readonly<Record<string, string>>, truncated: boolean): Record<string, string> {
  const { [overCapacityAnnotation]: _, ...others } = current;
  return { ...others, ...(truncated && { [overCapacityAnnotation]: 'truncated' }) };
}

function sameEndpoints(
  current: Cached<Endpoints>,
  next: DeepReadonly<Pick<Endpoints, 'metadata' | 'subsets'>>,
): boolean {
  return (
    isDeepStrictEqual(current.metadata.labels, next.metadata?.labels) &&
    isDeepStrictEqual(current.metadata.annotations ?? {}, next.metadata?.annotations ?? {}) &&
    isDeepStrictEqual(current.subsets ?? [], next.subsets)
  );
}
