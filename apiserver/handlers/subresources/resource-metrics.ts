/** metrics.k8s.io: what nodes and running pods use, measured by their kubelets when somebody asks. */

import type { KubernetesObject } from '../../../api/object.ts';
import { apiVersionOf, type Resource } from '../../../api/resource.ts';
import { nodes, pods } from '../../../api/resources/core.ts';
import { type NodeMetrics, nodeMetrics, type PodMetrics, podMetrics } from '../../../api/resources/metrics.ts';
import { notFound } from '../../../api/status-error.ts';
import { formatTime } from '../../../api/time.ts';
import type { Node, Pod } from '../../../api/types/core/v1.ts';
import { compareText } from '../../../base/compare.ts';
import type { Found, ObjectReader } from '../../registry/object-reader.ts';
import type { Target } from '../../registry/target.ts';
import type { ApiRequest } from '../../request/api-request.ts';
import { parseListOptions } from '../../request/list-options.ts';
import type { NodeSamples } from '../../resource-metrics/node-samples.ts';
import { goDuration, usageOfNode, usageOfPod } from '../../resource-metrics/usage.ts';
import { negotiate } from '../../responses/negotiation.ts';
import { sendObject, sendObjects } from '../../responses/object-answers.ts';
import type { ShownObject } from '../../responses/tables.ts';
import { interestOf } from '../interest.ts';
import type { ServerOf } from '../resource-server.ts';

interface MetricsParts {
  readonly objects: ObjectReader;
  readonly samples: Pick<NodeSamples, 'pairs'>;
}

/** What is measured of some kind of object. */
interface Measuring<T extends KubernetesObject> {
  readonly of: Resource<T>;
  /** What refusals call the measurement of an object. */
  readonly plural: string;
  nameOf(key: { readonly namespace: string | undefined; readonly name: string }): string;
  /** In the order given; what cannot be measured is left out. */
  measure(objects: readonly Found<T>[], now: number): Promise<ShownObject[]>;
}

export function createMetricsServers({ objects, samples }: MetricsParts): {
  readonly nodeMetrics: ServerOf<'nodeMetrics'>;
  readonly podMetrics: ServerOf<'podMetrics'>;
} {
  return {
    nodeMetrics: createServer<Node>(objects, {
      of: nodes,
      plural: 'nodemetrics',
      nameOf: ({ name }) => name,
      async measure(found, now) {
        const pairs = await samples.pairs(found.map(({ metadata }) => metadata.name));
        return found.flatMap(({ metadata }) => {
          const pair = pairs.get(metadata.name);
          const used = pair && usageOfNode(pair);
          if (used === undefined) return [];
          const { at, windowMs, usage } = used;
          const body: NodeMetrics = { timestamp: formatTime(at), window: goDuration(windowMs), usage };
          return [measured(nodeMetrics, { metadata, body, now })];
        });
      },
    }),
    podMetrics: createServer<Pod>(objects, {
      of: pods,
      plural: 'podmetrics',
      nameOf: ({ namespace, name }) => `${namespace}/${name}`,
      async measure(found, now) {
        const running = found.filter(({ status, spec }) => status?.phase === 'Running' && spec?.nodeName);
        const pairs = await samples.pairs(running.map(({ spec }) => spec?.nodeName ?? ''));
        return running.flatMap(({ metadata, spec }) => {
          const pair = pairs.get(spec?.nodeName ?? '');
          const used = pair && usageOfPod(pair, `${metadata.namespace}/${metadata.name}`);
          if (used === undefined) return [];
          const { at, windowMs, containers } = used;
          const body: PodMetrics = { timestamp: formatTime(at), window: goDuration(windowMs), containers };
          return [measured(podMetrics, { metadata, body, now })];
        });
      },
    }),
  };
}

function createServer<T extends KubernetesObject>(objects: ObjectReader, measuring: Measuring<T>) {
  const { of, plural } = measuring;
  return {
    async get(request: ApiRequest, { kind, namespace, name }: Target): Promise<void> {
      negotiate(request.header('accept'));
      const found = await objects.find(of, { namespace, name });
      if (found === undefined) throw notFound(of, name);
      const [object] = await measuring.measure([found], request.clock.now());
      if (object === undefined) throw notFound({ group: kind.group, plural }, measuring.nameOf({ namespace, name }));
      await sendObject(request, kind, object, 200);
    },
    async list(request: ApiRequest, target: Target): Promise<void> {
      negotiate(request.header('accept'));
      const found = await objects.all(of, interestOf(target, parseListOptions(request.query)));
      const all = await measuring.measure(found, request.clock.now());
      const sorted = all.sort(
        (a, b) =>
          compareText(a.metadata.namespace ?? '', b.metadata.namespace ?? '') ||
          compareText(a.metadata.name, b.metadata.name),
      );
      await sendObjects(request, target.kind, sorted, {});
    },
  };
}

interface Measurement {
  readonly metadata: Found<KubernetesObject>['metadata'];
  readonly body: Omit<NodeMetrics | PodMetrics, keyof KubernetesObject>;
  readonly now: number;
}

/** It is made now, from nothing that is stored: it has no uid and no version. */
function measured(resource: Resource, { metadata, body, now }: Measurement): ShownObject {
  const { name, namespace, labels } = metadata;
  return {
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      creationTimestamp: formatTime(now),
      ...(labels && { labels }),
    },
    ...body,
  };
}
