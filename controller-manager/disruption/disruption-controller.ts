/**
 * Keeps the status of PodDisruptionBudgets true: how many of their pods may be evicted now. The eviction subresource
 * takes from that number; so it is 0 whenever it is not known.
 */

import { isDeepStrictEqual } from 'node:util';
import { goLabelSelector } from '../../api/go-label-selector.ts';
import { matchesLabelSelector } from '../../api/label-selector.ts';
import { pods } from '../../api/resources/core.ts';
import { podDisruptionBudgets } from '../../api/resources/policy.ts';
import { isConflict } from '../../api/status-error.ts';
import { formatTime } from '../../api/time.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { LabelSelector } from '../../api/types/meta/v1.ts';
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/types/policy/v1.ts';
import { compareText } from '../../base/compare.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { errorText } from '../../base/error-text.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached, Informer, ObjectChange } from '../../client/object-cache.ts';
import { type Reconciler, type Result, TerminalError } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { podIndexes } from '../pods/pod-indexes.ts';
import { failedStatus, msUntilStale, needsScale, planBudget } from './budget-plan.ts';
import { type Expected, ExpectedPods, UnscalableError } from './expected-pods.ts';

type Budget = Cached<PodDisruptionBudget>;

/** No namespace begins so. */
const podKey = 'pod:';

export function createDisruptionController(context: ControllerContext): Controller {
  const reconciler = new DisruptionReconciler(context);
  return context
    .controller({ reconciler })
    .watch(reconciler.budgets, keyOfChange)
    .watch(reconciler.pods, (change) => reconciler.keysOfPodChange(change));
}

class DisruptionReconciler implements Reconciler {
  readonly budgets: Informer<PodDisruptionBudget>;
  readonly pods: Informer<Pod>;
  readonly #context: ControllerContext;
  readonly #expected: ExpectedPods;
  readonly #recorder: ReturnType<ControllerContext['events']['from']>;

  constructor(context: ControllerContext) {
    const { client, informers, resources, events } = context;
    this.#context = context;
    this.budgets = informers.of(podDisruptionBudgets);
    this.pods = informers.of(pods, podIndexes);
    this.#expected = new ExpectedPods(client, resources, informers);
    // As upstream signs them.
    this.#recorder = events.from('controllermanager');
  }

  /** Those of all budgets that selected the pod or do now. */
  keysOfPodChange({ previous, next }: ObjectChange<Pod>): Iterable<string> {
    const keys = new Set<string>();
    for (const pod of [previous, next]) {
      const budgets = pod === undefined ? [] : this.#budgetsOf(pod);
      for (const { metadata } of budgets) keys.add(`${metadata.namespace}/${metadata.name}`);
      const [chosen, ...others] = budgets;
      if (pod === next && pod && chosen && others.length > 0) this.#tellMultiple(pod, chosen);
    }
    if (next && msUntilStale(next, this.#context.clock.now()) !== undefined) {
      keys.add(`${podKey}${next.metadata.namespace}/${next.metadata.name}`);
    }
    return keys;
  }

  async reconcile(key: string): Promise<Result> {
    if (key.startsWith(podKey)) return await this.#clearStale(key.slice(podKey.length));
    const budget = this.budgets.get(key);
    if (budget === undefined) return {};
    const selected = this.#podsOf(budget);
    try {
      return await this.#sync(budget, selected);
    } catch (error) {
      if (isConflict(error)) throw error;
      await this.#write(budget, failedStatus(budget, errorText(error), this.#context.clock.now()));
      throw error instanceof UnscalableError ? new TerminalError(error.message, { cause: error }) : error;
    }
  }

  async #sync(budget: Budget, selected: readonly Cached<Pod>[]): Promise<Result> {
    if (selected.length === 0) this.#tell(budget, 'Normal', 'NoPods', 'No matching pods found');
    const { count, unmanaged } = await this.#expect(budget, selected);
    if (unmanaged.length > 0) this.#tell(budget, 'Warning', 'UnmanagedPods', unmanagedMessage(budget.spec?.selector));
    const now = this.#context.clock.now();
    const plan = planBudget({ budget, pods: selected, expected: count, now });
    for (const pod of plan.notDeleted) {
      const message = `Pod was expected by PDB ${budget.metadata.namespace}/${budget.metadata.name} to be deleted but it wasn't`;
      this.#recorder.record(pod, { type: 'Warning', reason: 'NotDeleted', message });
    }
    await this.#write(budget, plan.status);
    return plan.requeueAfterMs === undefined ? {} : { requeueAfterMs: plan.requeueAfterMs };
  }

  async #expect(budget: Budget, selected: readonly Cached<Pod>[]): Promise<Expected> {
    if (!needsScale(budget)) {
      const isGiven = budget.spec?.minAvailable !== undefined;
      return { count: isGiven ? selected.length : 0, unmanaged: [] };
    }
    try {
      return await this.#expected.of(selected);
    } catch (error) {
      const message = `Failed to calculate the number of expected pods: ${errorText(error)}`;
      this.#tell(budget, 'Warning', 'CalculateExpectedPodCountFailed', message);
      throw error;
    }
  }

  /** Nothing is written that is so already. */
  async #write(budget: Budget, status: PodDisruptionBudgetStatus): Promise<void> {
    if (isDeepStrictEqual(status, budget.status)) return;
    const next = changedCopy<PodDisruptionBudget>(budget, { status });
    await ifPresent(this.#context.client.update(podDisruptionBudgets, next, { subresource: 'status' }));
  }

  async #clearStale(key: string): Promise<Result> {
    const { client, clock } = this.#context;
    const pod = this.pods.get(key);
    const waitMs = pod && msUntilStale(pod, clock.now());
    if (pod === undefined || waitMs === undefined) return {};
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    const { namespace, name, resourceVersion } = pod.metadata;
    const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget');
    const cleared = { type: 'DisruptionTarget', status: 'False', lastTransitionTime: formatTime(clock.now()) };
    const body = { metadata: { resourceVersion }, status: { conditions: [...others, cleared] } };
    await ifPresent(client.patch(pods, { namespace, name }, { type: 'merge', body }, { subresource: 'status' }));
    return {};
  }

  #podsOf({ metadata, spec }: Budget): Cached<Pod>[] {
    return [...this.pods.list(metadata.namespace)].filter((pod) =>
      matchesLabelSelector(spec?.selector, pod.metadata.labels ?? {}),
    );
  }

  /** By name. */
  #budgetsOf({ metadata: { namespace, labels = {} } }: Cached<Pod>): Budget[] {
    return [...this.budgets.list(namespace)]
      .filter(({ spec }) => matchesLabelSelector(spec?.selector, labels))
      .sort((a, b) => compareText(a.metadata.name, b.metadata.name));
  }

  #tellMultiple(pod: Cached<Pod>, chosen: Budget): void {
    const { namespace, name } = pod.metadata;
    const message = `Pod "${namespace}"/"${name}" matches multiple PodDisruptionBudgets.  Chose "${chosen.metadata.name}" arbitrarily.`;
    this.#recorder.record(pod, { type: 'Warning', reason: 'MultiplePodDisruptionBudgets', message });
  }

  #tell(budget: Budget, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#recorder.record(budget, { type, reason, message });
  }
}

const unmanagedMessage = (selector: DeepReadonly<LabelSelector> | undefined): string =>
  `Pods selected by this PodDisruptionBudget (selector: ${goLabelSelector(selector)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;
