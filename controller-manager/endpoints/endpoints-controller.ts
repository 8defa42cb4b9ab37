/** Keeps an Endpoints object beside each Service that selects pods: the older form, which many programs still read. */

import { isTerminatingNamespaceError } from '../../api/namespace-state.ts';
import { endpoints, pods, services } from '../../api/resources/core.ts';
import { isAlreadyExists } from '../../api/status-error.ts';
import type { Endpoints, Service } from '../../api/types/core/v1.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import type { EventSubject } from '../../client/event-correlator.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { ControllerContext } from '../controller-context.ts';
import { podIndexes } from '../pods/pod-indexes.ts';
import {
  computeEndpointsAnnotations,
  computeEndpointsLabels,
  computeSubsets,
  endpointsManagedByLabel,
  sameEndpoints,
} from './endpoints-plan.ts';
import { orTell } from './refused-writes.ts';
import { isEndpoint, matchingPods, selectsPods, servicesOfPodChange } from './service-pods.ts';
import { TriggerTimes, withTriggerTime } from './trigger-times.ts';

export function createEndpointsController(context: ControllerContext): Controller {
  const { client, informers: shared, controller, events } = context;
  const recorder = events.from('endpoint-controller');
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
    const where = `${namespace}/${name}`;
    const triggerTime = triggerTimes.next(where, service, matching);
    const labels = computeEndpointsLabels(service);
    const annotations = computeEndpointsAnnotations(current?.metadata.annotations ?? {}, truncated);
    if (current !== undefined && sameEndpoints(current, { metadata: { labels, annotations }, subsets })) return;
    const metadata = { namespace, name, labels, annotations: withTriggerTime(annotations, triggerTime) ?? {} };
    const subject = current ?? { apiVersion: 'v1', kind: endpoints.kind, metadata: { namespace, name, uid: '' } };
    if (current === undefined) {
      try {
        await orTell(
          () => client.create<Endpoints>(endpoints, { metadata, subsets }),
          (why) => tell(subject, 'FailedToCreateEndpoint', `Failed to create endpoint for service ${where}: ${why}`),
        );
      } catch (error) {
        if (!isAlreadyExists(error) && !isTerminatingNamespaceError(error)) throw error;
      }
    } else {
      const next = changedCopy<Endpoints>(current, { metadata: { ...current.metadata, ...metadata }, subsets });
      await orTell(
        () => client.update<Endpoints>(endpoints, next),
        (why) => tell(subject, 'FailedToUpdateEndpoint', `Failed to update endpoint ${where}: ${why}`),
      );
    }
  }

  const tell = (subject: EventSubject, reason: string, message: string): void =>
    recorder.record(subject, { type: 'Warning', reason, message });

  async function removeOurs(current: Cached<Endpoints> | undefined): Promise<void> {
    if (current?.metadata.labels?.[endpointsManagedByLabel] === undefined) return;
    const { namespace, name, uid } = current.metadata;
    await ifPresent(client.delete(endpoints, { namespace, name }, { uid }));
  }

  return controller({ reconciler: { reconcile } })
    .watch(informers.services, keyOfChange)
    .watch(informers.endpoints, keyOfChange)
    .watch(informers.pods, (change) => servicesOfPodChange(change, informers.services));
}
