/**
 * Scales workloads by what is measured of them.
 *
 *   read the scale → ask each metric → the largest answer counts → bounds, speed, stabilization → write the scale
 *
 * Invariants:
 * - Never below `minReplicas`, never above `maxReplicas`; a workload at 0 is left alone unless 0 is its minimum.
 * - Without all of its metrics a workload may grow, but does not shrink.
 */

import { isDeepStrictEqual } from 'node:util';
import { matchesLabelSelector } from '../../api/label-selector.ts';
import { nilList } from '../../api/nil-list.ts';
import { parseApiVersion } from '../../api/resource.ts';
import { horizontalPodAutoscalers } from '../../api/resources/autoscaling.ts';
import { pods } from '../../api/resources/core.ts';
import type { HorizontalPodAutoscaler, MetricStatus } from '../../api/types/autoscaling/v2.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/logger.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import type { Client } from '../../client/client.ts';
import type { KnownResource } from '../../client/discovery.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached, ObjectCache } from '../../client/object-cache.ts';
import type { Reconciler, Result } from '../../client/reconciler.ts';
import type { ServedResources } from '../../client/served-resources.ts';
import { readScale, type Scale, writeScale } from '../scales.ts';
import { StatusDraft } from './autoscaler-status.ts';
import { readLabelSelector } from './label-selector-text.ts';
import {
  MetricError,
  type MetricProposal,
  type MetricProposals,
  type Scaled,
  tolerancesOf,
} from './metric-proposal.ts';
import { type History, limitReplicas, noHistory, type Wish, withChange, withStart } from './scaling-limits.ts';

export interface HorizontalReconcilerOptions {
  readonly client: Client;
  readonly resources: ServedResources;
  readonly autoscalers: ObjectCache<HorizontalPodAutoscaler>;
  readonly pods: Pick<ObjectCache<Pod>, 'list'>;
  readonly proposals: MetricProposals;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Autoscaler = Cached<HorizontalPodAutoscaler>;

interface Target {
  readonly resource: KnownResource;
  readonly scale: Scale;
}

/** It cannot go on; the status says why. */
class StuckError extends Error {
  override readonly name = 'StuckError';
}

/** How often each of them is looked at, whatever happens. */
export const lookEveryMs = 15_000;

export class HorizontalReconciler implements Reconciler {
  readonly #options: HorizontalReconcilerOptions;
  readonly #histories = new Map<string, History>();
  /** By key, the pods that it scaled by last: two of one pod are in each other's way. */
  readonly #scaledPods = new Map<string, ReadonlySet<string>>();

  constructor(options: HorizontalReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: string): Promise<Result> {
    const autoscaler = this.#options.autoscalers.get(key);
    if (autoscaler === undefined) {
      this.#histories.delete(key);
      this.#scaledPods.delete(key);
      return {};
    }
    const draft = new StatusDraft(autoscaler, this.#options.clock.now());
    // Never looked at sooner: what was measured once would be scaled by twice.
    await this.#told(key, () => this.#scale(key, autoscaler, draft));
    await this.#told(key, () => this.#write(autoscaler, draft));
    return { requeueAfterMs: lookEveryMs };
  }

  async #told(key: string, step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.#options.logger.debug('An autoscaler has to wait', { key, error });
    }
  }

  async #scale(key: string, autoscaler: Autoscaler, draft: StatusDraft): Promise<void> {
    const target = await this.#target(autoscaler, draft);
    const message = "the HPA controller was able to get the target's current scale";
    draft.say('AbleToScale', { isTrue: true, reason: 'SucceededGetScale', message });
    const current = target.scale.replicas;
    const now = this.#options.clock.monotonic();
    this.#histories.set(key, withStart(this.#histories.get(key) ?? noHistory, current, now));
    const { minReplicas: min = 1, maxReplicas: max } = autoscaler.spec ?? { maxReplicas: 0 };
    if (current === 0 && min !== 0) {
      const disabled = 'scaling is disabled since the replica count of the target is zero';
      draft.say('ScalingActive', { isTrue: false, reason: 'ScalingDisabled', message: disabled });
      draft.count(current, { desired: current });
      return;
    }
    const wish = { current, min, max, behavior: autoscaler.spec?.behavior, now };
    if (current > max) {
      const reason = 'Current number of replicas above Spec.MaxReplicas';
      await this.#rescale(key, { autoscaler, target, draft, wish: { ...wish, desired: max }, reason });
    } else if (current < min) {
      const reason = 'Current number of replicas below Spec.MinReplicas';
      await this.#rescale(key, { autoscaler, target, draft, wish: { ...wish, desired: min }, reason });
    } else await this.#scaleByMetrics(key, { autoscaler, target, draft, wish: { ...wish, desired: 0 } });
  }

  async #target(autoscaler: Autoscaler, draft: StatusDraft): Promise<Target> {
    try {
      return await this.#readTarget(autoscaler);
    } catch (error) {
      const text = errorText(error);
      this.#tell(autoscaler, 'FailedGetScale', text);
      const message = `the HPA controller was unable to get the target's current scale: ${text}`;
      draft.say('AbleToScale', { isTrue: false, reason: 'FailedGetScale', message });
      throw error;
    }
  }

  async #readTarget({ metadata, spec }: Autoscaler): Promise<Target> {
    const { apiVersion = '', kind = '', name = '' } = spec?.scaleTargetRef ?? {};
    const version = parseApiVersion(apiVersion);
    if (version === undefined) throw new Error(`unexpected GroupVersion string: ${apiVersion}`);
    const group = apiVersion === '' ? '' : version.group;
    const resource = this.#options.resources.findByKind({ group, kind });
    if (resource === undefined) throw new Error(`no matches for kind "${kind}" in group "${group}"`);
    const scale = await readScale(this.#options.client, resource, { namespace: metadata.namespace, name });
    return { resource, scale };
  }

  async #scaleByMetrics(key: string, round: Round): Promise<void> {
    const { autoscaler, target, draft, wish } = round;
    const asked = await this.#askMetrics(key, round);
    const { current } = wish;
    const desired = asked.best?.replicas ?? 0;
    const history = this.#histories.get(key) ?? noHistory;
    const limited = limitReplicas({ ...wish, desired }, history);
    this.#histories.set(key, limited.history);
    draft.say('AbleToScale', limited.able);
    draft.say('ScalingLimited', limited.limited);
    if (limited.replicas === current) {
      draft.count(current, { desired: current, metrics: asked.statuses });
      return;
    }
    const reason = desired > current ? `${asked.best?.name} above target` : 'All metrics below target';
    const change = { ...wish, desired: limited.replicas };
    await this.#rescale(key, { autoscaler, target, draft, wish: change, reason, metrics: asked.statuses });
  }

  /** What the metrics ask for together. Throws when that is nothing, or less than there is while some are missing. */
  async #askMetrics(key: string, { autoscaler, target, draft, wish }: Round): Promise<Asked> {
    const scaled = await this.#scaled(key, autoscaler, target.scale, draft);
    const specs = autoscaler.spec?.metrics ?? [];
    const tolerances = tolerancesOf(autoscaler);
    const answers = await Promise.all(
      specs.map(async (spec) => {
        try {
          return await this.#options.proposals.propose(spec, scaled, tolerances);
        } catch (error) {
          if (error instanceof MetricError) return error;
          throw error;
        }
      }),
    );
    const errors = answers.filter((answer) => answer instanceof MetricError);
    for (const { reason, detail } of errors) this.#tell(autoscaler, reason, detail);
    const statuses = answers.map((answer) => (answer instanceof MetricError ? { type: '' } : answer.status));
    const best = bestOf(answers.flatMap((answer) => (answer instanceof MetricError ? [] : [answer])));
    const [first] = errors;
    if (first && (best === undefined || best.replicas < wish.current)) {
      const message = `invalid metrics (${errors.length} invalid out of ${specs.length}), first error is: ${first.message}`;
      this.#stick({ autoscaler, draft }, first, message);
      draft.count(wish.current, { metrics: statuses });
      throw new StuckError(message);
    }
    const message = `the HPA was able to successfully calculate a replica count from ${best?.name ?? ''}`;
    draft.say('ScalingActive', { isTrue: true, reason: 'ValidMetricFound', message });
    return { best, statuses };
  }

  #stick({ autoscaler, draft }: Pick<Round, 'autoscaler' | 'draft'>, first: MetricError, message: string): void {
    draft.say('ScalingActive', {
      isTrue: false,
      reason: first.reason,
      message: `the HPA was unable to compute the replica count: ${first.detail}`,
    });
    this.#tell(autoscaler, 'FailedComputeMetricsReplicas', message);
  }

  /** The pods of the target, and that no other autoscaler has them too. */
  async #scaled(key: string, autoscaler: Autoscaler, scale: Scale, draft: StatusDraft): Promise<Scaled> {
    const { clock } = this.#options;
    const { namespace = '' } = autoscaler.metadata;
    if (!scale.selector) {
      this.#tell(autoscaler, 'SelectorRequired', 'selector is required');
      const message = "the HPA target's scale is missing a selector";
      draft.say('ScalingActive', { isTrue: false, reason: 'InvalidSelector', message });
      this.#giveUp({ autoscaler, draft }, scale, 'selector is required');
    }
    const selector = scale.selector ?? '';
    const items = await this.#podsOf(namespace, selector);
    this.#scaledPods.set(key, new Set(items.map(({ metadata }) => metadata.uid)));
    const others = this.#sharing(key, namespace);
    if (others.length > 1) {
      const message = `pods by selector ${selector} are controlled by multiple HPAs: [${others.join(' ')}]`;
      this.#tell(autoscaler, 'AmbiguousSelector', message);
      draft.say('ScalingActive', { isTrue: false, reason: 'AmbiguousSelector', message });
      this.#giveUp({ autoscaler, draft }, scale, message);
    }
    return {
      namespace,
      selector,
      pods: items,
      currentReplicas: scale.replicas,
      statusReplicas: scale.currentReplicas,
      now: clock.now(),
    };
  }

  async #podsOf(namespace: string, selector: string): Promise<readonly Cached<Pod>[]> {
    const known = readLabelSelector(selector);
    if (known === undefined)
      return (await this.#options.client.list(pods, { namespace, labelSelector: selector })).items;
    const all = [...this.#options.pods.list(namespace)];
    return all.filter(({ metadata }) => matchesLabelSelector(known, metadata.labels ?? {}));
  }

  #giveUp({ autoscaler, draft }: Pick<Round, 'autoscaler' | 'draft'>, scale: Scale, message: string): never {
    this.#tell(autoscaler, 'FailedComputeMetricsReplicas', message);
    draft.count(scale.replicas, { metrics: nilList });
    throw new StuckError(message);
  }

  /** The autoscalers that had one of the pods when they looked last, itself among them. */
  #sharing(key: string, namespace: string): string[] {
    const mine = this.#scaledPods.get(key) ?? new Set();
    return [...this.#scaledPods]
      .filter(([other, uids]) => other.startsWith(`${namespace}/`) && [...uids].some((uid) => mine.has(uid)))
      .map(([other]) => other)
      .sort();
  }

  async #rescale(key: string, { autoscaler, target, draft, wish, reason, metrics }: Rescaling): Promise<void> {
    const { current, desired } = wish;
    const { namespace } = autoscaler.metadata;
    const { name = '' } = autoscaler.spec?.scaleTargetRef ?? {};
    try {
      const change = { ...target.scale, replicas: desired };
      await writeScale(this.#options.client, target.resource, { namespace, name }, change);
    } catch (error) {
      const text = errorText(error);
      this.#tell(autoscaler, 'FailedRescale', `New size: ${desired}; reason: ${reason}; error: ${text}`);
      const message = `the HPA controller was unable to update the target scale: ${text}`;
      draft.say('AbleToScale', { isTrue: false, reason: 'FailedUpdateScale', message });
      draft.count(current, { metrics });
      throw error;
    }
    const message = `the HPA controller was able to update the target scale to ${desired}`;
    draft.say('AbleToScale', { isTrue: true, reason: 'SucceededRescale', message });
    this.#options.recorder.record(autoscaler, {
      type: 'Normal',
      reason: 'SuccessfulRescale',
      message: `New size: ${desired}; reason: ${reason}`,
    });
    this.#histories.set(key, withChange(this.#histories.get(key) ?? noHistory, wish, desired));
    draft.count(current, { desired, metrics, rescaled: true });
  }

  async #write(autoscaler: Autoscaler, draft: StatusDraft): Promise<void> {
    const status = draft.finish();
    if (isDeepStrictEqual(status, autoscaler.status)) return;
    const next = changedCopy<HorizontalPodAutoscaler>(autoscaler, { status });
    await ifPresent(this.#options.client.update(horizontalPodAutoscalers, next, { subresource: 'status' }));
  }

  #tell(autoscaler: Autoscaler, reason: string, message: string): void {
    this.#options.recorder.record(autoscaler, { type: 'Warning', reason, message });
  }
}

interface Round {
  readonly autoscaler: Autoscaler;
  readonly target: Target;
  readonly draft: StatusDraft;
  readonly wish: Wish;
}

interface Rescaling extends Round {
  readonly reason: string;
  readonly metrics?: readonly DeepReadonly<MetricStatus>[];
}

interface Asked {
  readonly best: MetricProposal | undefined;
  readonly statuses: readonly DeepReadonly<MetricStatus>[];
}

/** The largest; of equal ones the first. */
function bestOf(proposals: readonly MetricProposal[]): MetricProposal | undefined {
  let best: MetricProposal | undefined;
  for (const proposal of proposals) if (best === undefined || proposal.replicas > best.replicas) best = proposal;
  return best;
}
