/**
 * What is measured, from whoever serves it: `metrics.k8s.io` (pods), `custom.metrics.k8s.io` (pods and objects),
 * `external.metrics.k8s.io`. Every failure is thrown as an Error in upstream's words; values are in thousandths.
 */

import { goLabelSelector } from '../../api/go-label-selector.ts';
import { isRecord } from '../../api/json-record.ts';
import { apiPathOf, qualifiedName } from '../../api/resource.ts';
import { isNotFound } from '../../api/status-error.ts';
import { parseTime } from '../../api/time.ts';
import type { MetricIdentifier } from '../../api/types/autoscaling/v2.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { errorText } from '../../base/error-text.ts';
import type { Client } from '../../client/client.ts';
import { queryString } from '../../client/resource-path.ts';
import type { ServedResources } from '../../client/served-resources.ts';
import { labelSelectorText } from './label-selector-text.ts';
import type { PodMetric, PodMetrics } from './pod-groups.ts';
import { milli } from './replica-calculator.ts';

type Metric = DeepReadonly<MetricIdentifier>;

export interface DescribedObject {
  readonly kind: string;
  readonly name: string;
  readonly apiVersion?: string;
}

const groups = {
  resource: 'metrics.k8s.io',
  custom: 'custom.metrics.k8s.io',
  external: 'external.metrics.k8s.io',
} as const;
const minuteMs = 60_000;

export class MetricsClient {
  readonly #client: Pick<Client, 'raw'>;
  readonly #resources: ServedResources;

  constructor(client: Pick<Client, 'raw'>, resources: ServedResources) {
    this.#client = client;
    this.#resources = resources;
  }

  /** Of each pod that `selector` finds what it, or one container of it, uses of a resource. */
  async ofResource(
    { namespace, selector }: { readonly namespace: string; readonly selector: string },
    resource: string,
    container?: string,
  ): Promise<PodMetrics> {
    const path = `${this.#path('resource')}/namespaces/${namespace}/pods${queryString({ labelSelector: selector })}`;
    const answer = await this.#items(path, 'resource', `pods.${groups.resource}`);
    if (answer.length === 0) throw new Error('no metrics returned from resource metrics API');
    return new Map(answer.flatMap((item) => usageOf(item, resource, container)));
  }

  /** A custom metric of each pod that `selector` finds. */
  async ofPods(
    { namespace, selector }: { readonly namespace: string; readonly selector: string },
    metric: Metric,
  ): Promise<PodMetrics> {
    const query = queryString({ labelSelector: selector, metricLabelSelector: selectorOf(metric) });
    const path = `${this.#path('custom')}/namespaces/${namespace}/pods/*/${encodeURIComponent(metric.name)}${query}`;
    const answer = await this.#items(path, 'custom', groups.custom);
    if (answer.length === 0) throw new Error('no metrics returned from custom metrics API');
    return new Map(
      answer.flatMap((item): [string, PodMetric][] => {
        const { name } = isRecord(item.describedObject) ? item.describedObject : {};
        return typeof name === 'string' ? [[name, metricOf(item, metricValue(item))]] : [];
      }),
    );
  }

  /** A custom metric of one object. */
  async ofObject(namespace: string, object: DescribedObject, metric: Metric): Promise<number> {
    const where =
      object.kind === 'Namespace' ? `${encodeURIComponent(object.name)}/metrics` : this.#place(namespace, object);
    const query = queryString({ metricLabelSelector: selectorOf(metric) });
    const path = `${this.#path('custom')}/namespaces/${where}/${encodeURIComponent(metric.name)}${query}`;
    const [item] = await this.#items(path, 'custom', groups.custom);
    if (item === undefined) throw new Error('no metrics returned from custom metrics API');
    return metricValue(item);
  }

  /** The values of all series of an external metric. */
  async ofExternal(namespace: string, metric: Metric): Promise<number[]> {
    const query = queryString({ labelSelector: selectorOf(metric) });
    const path = `${this.#path('external')}/namespaces/${namespace}/${encodeURIComponent(metric.name)}${query}`;
    const answer = await this.#items(path, 'external', `${metric.name}.${groups.external}`);
    if (answer.length === 0) throw new Error('no metrics returned from external metrics API');
    return answer.map(metricValue);
  }

  #place(namespace: string, { kind, name, apiVersion = 'v1' }: DescribedObject): string {
    const [first = '', second] = apiVersion.split('/');
    const group = second === undefined ? '' : first;
    const found = this.#resources.findByKind({ group, kind });
    if (found === undefined) throw new Error(`no matches for kind "${kind}" in group "${group}"`);
    return `${namespace}/${qualifiedName(found.plural, group)}/${encodeURIComponent(name)}`;
  }

  /** In the version that discovery names first; the oldest where it names none. */
  #path(of: keyof typeof groups): string {
    const group = groups[of];
    const version = this.#resources.all().find((resource) => resource.group === group)?.version ?? 'v1beta1';
    return apiPathOf({ group, version });
  }

  async #items(path: string, of: keyof typeof groups, resource: string): Promise<Record<string, unknown>[]> {
    try {
      const { text } = await this.#client.raw('GET', path);
      const answer: unknown = JSON.parse(text);
      return isRecord(answer) && Array.isArray(answer.items) ? answer.items.filter(isRecord) : [];
    } catch (error) {
      const isUnserved = isNotFound(error) && !this.#resources.all().some(({ group }) => group === groups[of]);
      throw new Error(
        `unable to fetch metrics from ${of} metrics API: ${isUnserved ? unserved(of, resource) : errorText(error)}`,
        {
          cause: error,
        },
      );
    }
  }
}

const unserved = (of: keyof typeof groups, resource: string): string =>
  of === 'custom'
    ? `no custom metrics API (${groups.custom}) registered`
    : `the server could not find the requested resource (get ${resource})`;

const selectorOf = ({ selector }: Metric): string | undefined => (selector ? labelSelectorText(selector) : undefined);

/** As errors name a metric's selector. */
export const shownSelector = ({ selector }: Metric): string => goLabelSelector(selector);

function usageOf(
  item: Record<string, unknown>,
  resource: string,
  container: string | undefined,
): [string, PodMetric][] {
  const { name, namespace } = isRecord(item.metadata) ? item.metadata : {};
  const containers = (Array.isArray(item.containers) ? item.containers : []).filter(isRecord);
  const chosen = container === undefined ? containers : containers.filter((one) => one.name === container);
  if (container !== undefined && chosen.length === 0)
    throw new Error(`container ${container} not present in metrics for pod ${namespace}/${name}`);
  const used = chosen.map(({ usage }) => (isRecord(usage) ? usage[resource] : undefined));
  const values = used.filter((value) => typeof value === 'string').map(milli);
  // A pod of which one container was not measured was not measured.
  if (typeof name !== 'string' || values.length < chosen.length || values.length === 0) return [];
  return [
    [
      name,
      metricOf(
        item,
        values.reduce((sum, value) => sum + value, 0),
      ),
    ],
  ];
}

function metricOf({ timestamp, window, windowSeconds }: Record<string, unknown>, value: number): PodMetric {
  const at = typeof timestamp === 'string' ? parseTime(timestamp) : undefined;
  const seconds = typeof windowSeconds === 'number' ? windowSeconds : Number.NaN;
  const windowMs = Number.isNaN(seconds) ? durationMs(window) : seconds * 1000;
  return { value, at: at ?? 0, windowMs };
}

/** As Go writes durations: `1m0s`, `15.3s`. */
function durationMs(text: unknown): number {
  const unit: Readonly<Record<string, number>> = { h: 3_600_000, m: minuteMs, s: 1000, ms: 1 };
  if (typeof text !== 'string') return minuteMs;
  const parts = [...text.matchAll(/([\d.]+)(h|ms|m|s)/g)];
  return parts.length === 0 ? minuteMs : parts.reduce((ms, [, n, name = '']) => ms + Number(n) * (unit[name] ?? 0), 0);
}

const metricValue = ({ value }: Record<string, unknown>): number => (typeof value === 'string' ? milli(value) : 0);
