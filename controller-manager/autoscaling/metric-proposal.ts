/** What one metric of an autoscaler asks for, and what its status shows of it. */

import { formatQuantity, readQuantity } from '../../api/quantity.ts';
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../api/types/autoscaling/v2.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { errorText } from '../../base/error-text.ts';
import { type MetricsClient, shownSelector } from './metrics-client.ts';
import {
  milli,
  type Proposal,
  replicasForAverage,
  replicasForShare,
  replicasForTotal,
  replicasForUtilization,
  type Tolerances,
  type Workload,
} from './replica-calculator.ts';

/** What is scaled: the pods there are, and how many the workload wants and has. */
export interface Scaled extends Omit<Workload, 'tolerances'> {
  readonly namespace: string;
  readonly selector: string;
  readonly statusReplicas: number;
}

export interface MetricProposal {
  readonly replicas: number;
  /** As events name it. */
  readonly name: string;
  readonly status: DeepReadonly<MetricStatus>;
}

/** A metric that cannot be had: the reason of the condition, what the condition and the event say, and the whole. */
export class MetricError extends Error {
  override readonly name = 'MetricError';
  readonly reason: string;
  readonly detail: string;

  constructor(reason: string, detail: string, message: string) {
    super(message);
    this.reason = reason;
    this.detail = detail;
  }
}

type Spec = DeepReadonly<MetricSpec>;
type Source<K extends keyof MetricSpec> = NonNullable<Spec[K]>;

const defaultTolerance = 0.1;

export function tolerancesOf({ spec }: DeepReadonly<HorizontalPodAutoscaler>): Tolerances {
  const of = (text: string | undefined) =>
    text === undefined ? defaultTolerance : Number(readQuantity(text).nanos) / 1e9;
  return { up: of(spec?.behavior?.scaleUp?.tolerance), down: of(spec?.behavior?.scaleDown?.tolerance) };
}

export class MetricProposals {
  readonly #metrics: MetricsClient;

  constructor(metrics: MetricsClient) {
    this.#metrics = metrics;
  }

  /** Throws a MetricError when the metric cannot be had. */
  async propose(spec: Spec, scaled: Scaled, tolerances: Tolerances): Promise<MetricProposal> {
    const workload = { ...scaled, tolerances };
    const { resource, containerResource, pods, object, external } = spec;
    if (spec.type === 'Resource' && resource) {
      return await failing('FailedGetResourceMetric', `failed to get ${resource.name} resource metric value`, () =>
        this.#resource(resource, workload),
      );
    }
    if (spec.type === 'ContainerResource' && containerResource) {
      const whole = `failed to get ${containerResource.container} container metric value`;
      return await failing('FailedGetContainerResourceMetric', whole, () =>
        this.#container(containerResource, workload),
      );
    }
    if (spec.type === 'Pods' && pods)
      return await failing('FailedGetPodsMetric', 'failed to get pods metric value', () => this.#pods(pods, workload));
    if (spec.type === 'Object' && object)
      return await failing('FailedGetObjectMetric', 'failed to get object metric value', () =>
        this.#object(object, workload),
      );
    if (spec.type === 'External' && external) {
      const whole = `failed to get ${external.metric.name} external metric value`;
      return await failing('FailedGetExternalMetric', whole, () => this.#external(external, workload));
    }
    const message = `unknown metric source type ${JSON.stringify(spec.type)}`;
    throw new MetricError('InvalidMetricSourceType', message, message);
  }

  async #resource({ name, target }: Source<'resource'>, workload: Scaled & Workload): Promise<MetricProposal> {
    const { proposal, current, title } = await this.#ofResource(name, target, workload);
    return { replicas: proposal.replicas, name: title, status: { type: 'Resource', resource: { name, current } } };
  }

  async #container(source: Source<'containerResource'>, workload: Scaled & Workload): Promise<MetricProposal> {
    const { name, container, target } = source;
    const { proposal, current, title } = await this.#ofResource(name, target, workload, container);
    const status = { type: 'ContainerResource', containerResource: { name, container, current } };
    return { replicas: proposal.replicas, name: title, status };
  }

  async #ofResource(name: string, target: DeepReadonly<MetricTarget>, workload: Scaled & Workload, container?: string) {
    const { averageValue, averageUtilization } = target;
    if (averageValue !== undefined) {
      const proposal = await prefixed(`failed to get ${name} usage`, async () => {
        const metrics = await this.#measured(name, workload, container);
        return replicasForAverage(workload, metrics, { average: milli(averageValue), resource: name });
      });
      return { proposal, current: { averageValue: shown(proposal.usage) }, title: `${name} resource` };
    }
    if (averageUtilization === undefined) {
      throw new Error(
        'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
      );
    }
    const proposal = await prefixed(`failed to get ${name} utilization`, async () => {
      const metrics = await this.#measured(name, workload, container);
      return replicasForUtilization(workload, metrics, { percent: averageUtilization, resource: name, container });
    });
    const current: MetricValueStatus = {
      averageUtilization: proposal.utilization ?? 0,
      averageValue: shown(proposal.usage),
    };
    const kind = container === undefined ? 'resource' : 'container resource';
    return { proposal, current, title: `${name} ${kind} utilization (percentage of request)` };
  }

  async #measured(name: string, workload: Scaled, container: string | undefined) {
    return await prefixed(`unable to get metrics for resource ${name}`, () =>
      this.#metrics.ofResource(workload, name, container),
    );
  }

  async #pods({ metric, target }: Source<'pods'>, workload: Scaled & Workload): Promise<MetricProposal> {
    const metrics = await prefixed(`unable to get metric ${metric.name}`, () => this.#metrics.ofPods(workload, metric));
    const proposal = replicasForAverage(workload, metrics, { average: milli(target.averageValue ?? '0') });
    const current = { averageValue: shown(proposal.usage) };
    const status = { type: 'Pods', pods: { metric, current } };
    return { replicas: proposal.replicas, name: `pods metric ${metric.name}`, status: status };
  }

  async #object(source: Source<'object'>, workload: Scaled & Workload): Promise<MetricProposal> {
    const { metric, describedObject, target } = source;
    const { namespace, tolerances, statusReplicas } = workload;
    const measure = () =>
      prefixed(
        `unable to get metric ${metric.name}: ${describedObject.kind} on ${namespace} ${describedObject.name}`,
        () => this.#metrics.ofObject(namespace, describedObject, metric),
      );
    if (target.type === 'Value' && target.value !== undefined) {
      const proposal = replicasForTotal(workload, await measure(), milli(target.value));
      const status = { type: 'Object', object: { describedObject, metric, current: { value: shown(proposal.usage) } } };
      return { replicas: proposal.replicas, name: `${describedObject.kind} metric ${metric.name}`, status: status };
    }
    if (target.type === 'AverageValue' && target.averageValue !== undefined) {
      const usage = await prefixed(`failed to get ${metric.name} object metric`, measure);
      const proposal = replicasForShare({ replicas: statusReplicas, tolerances }, usage, milli(target.averageValue));
      const current = { averageValue: shown(proposal.usage) };
      const status = { type: 'Object', object: { describedObject, metric, current } };
      return { replicas: proposal.replicas, name: externalTitle(metric), status: status };
    }
    throw new Error('invalid object metric source: neither a value target nor an average value target was set');
  }

  async #external({ metric, target }: Source<'external'>, workload: Scaled & Workload): Promise<MetricProposal> {
    const { namespace, tolerances, statusReplicas } = workload;
    const measure = async () => {
      const what = `unable to get external metric ${namespace}/${metric.name}/${shownSelector(metric)}`;
      const values = await prefixed(what, () => this.#metrics.ofExternal(namespace, metric));
      return values.reduce((sum, value) => sum + value, 0);
    };
    const { averageValue, value } = target;
    const status = (current: MetricValueStatus) => ({ type: 'External', external: { metric, current } });
    if (averageValue !== undefined) {
      const usage = await prefixed(`failed to get ${metric.name} external metric`, measure);
      const proposal = replicasForShare({ replicas: statusReplicas, tolerances }, usage, milli(averageValue));
      const current = { averageValue: shown(proposal.usage) };
      return { replicas: proposal.replicas, name: externalTitle(metric), status: status(current) };
    }
    if (value !== undefined) {
      const usage = await prefixed(`failed to get external metric ${metric.name}`, measure);
      const proposal = replicasForTotal(workload, usage, milli(value));
      return {
        replicas: proposal.replicas,
        name: externalTitle(metric),
        status: status({ value: shown(proposal.usage) }),
      };
    }
    throw new Error('invalid external metric source: neither a value target nor an average value target was set');
  }
}

const externalTitle = (metric: Source<'external'>['metric']): string =>
  `external metric ${metric.name}(${shownSelector(metric)})`;

const shown = (thousandths: Proposal['usage']): string =>
  formatQuantity({ nanos: BigInt(Math.round(thousandths)) * 1_000_000n, format: 'DecimalSI' });

async function prefixed<T>(what: string, measure: () => Promise<T>): Promise<T> {
  try {
    return await measure();
  } catch (error) {
    throw new Error(`${what}: ${errorText(error)}`, { cause: error });
  }
}

async function failing<T>(reason: string, whole: string, propose: () => Promise<T>): Promise<T> {
  try {
    return await propose();
  } catch (error) {
    const detail = errorText(error);
    throw new MetricError(reason, detail, `${whole}: ${detail}`);
  }
}
