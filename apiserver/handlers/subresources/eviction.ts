/** `pods/<name>/eviction`: a DELETE that asks the pod's disruption budget first. */

import { matchesLabelSelector } from '../../../api/label-selector.ts';
import type { Stored } from '../../../api/object.ts';
import { isPodReady, isPodTerminating } from '../../../api/pods.ts';
import { podDisruptionBudgets } from '../../../api/resources/policy.ts';
import { badRequest, forbidden, StatusError } from '../../../api/status-error.ts';
import { formatTime } from '../../../api/time.ts';
import type { Pod, PodCondition } from '../../../api/types/core/v1.ts';
import type { Eviction, PodDisruptionBudget } from '../../../api/types/policy/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { objectSchemaOf } from '../../../machinery/schema/schema.ts';
import { decodeObject, type ExpectedType } from '../../decoding/decode-object.ts';
import type { DeletionOptions } from '../../registry/deletion.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import { refusePreconditions } from '../../registry/refusals.ts';
import type { Registries } from '../../registry/registries.ts';
import { type StoredTarget, storedTarget, type Target } from '../../registry/target.ts';
import type { WriteRequest } from '../../registry/write-request.ts';
import { readSmallBody } from '../../request/body.ts';
import { parseWriteOptions } from '../../request/write-options.ts';
import { negotiate } from '../../responses/negotiation.ts';
import { sendValue } from '../../responses/object-answers.ts';
import { admitCreation } from '../admit-creation.ts';
import { deletionAsSaid } from '../delete.ts';
import { checkDeleteOptions } from '../delete-options.ts';
import type { ServerOf } from '../resource-server.ts';
import { decodeOptions, placeInNamespace, writeRequest } from '../write.ts';

const evictionType: ExpectedType<Eviction> = {
  group: 'policy',
  version: 'v1',
  kind: 'Eviction',
  get schema() {
    return objectSchemaOf('io.k8s.api.policy.v1.Eviction');
  },
};
/** A budget whose status is older than its spec is looked at again after this long. */
const retryAfterSeconds = 10;
/** More deletions than these are not kept in mind: the budget's controller is behind. */
const maxDisruptedPods = 2000;

type Budget = DeepReadonly<Stored<PodDisruptionBudget>>;

export const createEvictionServer = (registries: Registries): ServerOf<'eviction'> => ({
  async create(request, asked) {
    const target = storedTarget(registries, asked);
    const options = parseWriteOptions(request.query, 'CreateOptions');
    const eviction = readEviction(await readSmallBody(request), target, decodeOptions(request, options));
    const deletion = checkDeleteOptions(eviction.deleteOptions ?? {});
    const dryRun = options.dryRun || deletion.dryRun;
    await admitCreation(registries.admission, request, { target, subresource: 'eviction', object: eviction, dryRun });
    const write = { ...writeRequest(request, target, options), dryRun, trackFields: undefined };
    // Pods only have this subresource.
    const pod = (await target.registry.read(target)) as Stored<Pod>;
    if (isCounted(pod)) {
      const budget = await findBudget(registries, pod);
      if (budget && !passesUnready(pod, budget)) {
        await registries
          .of(podDisruptionBudgets)
          .update(budget.metadata, { ...write, subresource: 'status', skipStrategy: true }, (current) =>
            // Of a budget that is missing there is no change to make: the registry has said NotFound.
            spend(current as Stored<PodDisruptionBudget>, pod, request.clock.now()),
          );
      }
    }
    const preconditions = deletion.preconditions ?? { uid: pod.metadata.uid };
    const last = dryRun ? undefined : await markDisrupted(target, preconditions, write, request.clock.now());
    await target.registry.delete(
      target,
      { ...deletion, preconditions: { ...preconditions, ...(preconditions.resourceVersion && last) }, dryRun },
      // What it does to the pod is a deletion as any other.
      { ...write, subresource: undefined, operationOptions: () => deletionAsSaid(deletion) },
    );
    const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
    await sendValue(request, 201, status, negotiate(request.header('accept'), ['object']));
  },
});

/**
 * The pod says why it is about to end, as those who judge its end (a Job's failure policy) read it. Resolves to its
 * version then: a precondition that held before this write holds after it.
 */
async function markDisrupted(
  target: StoredTarget,
  preconditions: DeletionOptions['preconditions'],
  write: WriteRequest,
  now: number,
): Promise<{ readonly resourceVersion: string }> {
  // The eviction as a whole is what admission was asked about.
  const request = { ...write, subresource: 'status', skipStrategy: true, isAdmitted: true };
  const { object } = await target.registry.update(target, request, (previous) => {
    // Of a pod that is missing there is no change to make: the registry has said NotFound.
    const pod = previous as Stored<Pod>;
    refusePreconditions(target.kind, pod, preconditions);
    return { ...pod, status: { ...pod.status, conditions: disruptedConditions(pod, now) } };
  });
  const { resourceVersion } = object.metadata;
  return { resourceVersion };
}

function disruptedConditions({ status }: Stored<Pod>, now: number): PodCondition[] {
  const conditions = status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === 'DisruptionTarget');
  const condition: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastTransitionTime: (before?.status === 'True' && before.lastTransitionTime) || formatTime(now),
  };
  return before === undefined
    ? [...conditions, condition]
    : conditions.map((one) => (one === before ? condition : one));
}

/** The older policy/v1beta1 has the same fields, and old clients still send it. */
function readEviction(bytes: Buffer, target: Target, options: Parameters<typeof decodeObject>[2]): Eviction {
  const version = bytes.includes('policy/v1beta1') ? 'v1beta1' : 'v1';
  const eviction = decodeObject<Eviction>(bytes, { ...evictionType, version }, options);
  if (eviction.metadata?.name !== target.name) throw badRequest('name in URL does not match name in Eviction object');
  placeInNamespace(eviction, target);
  return eviction;
}

/** Pods that do not serve yet, or not any more, are nobody's disruption. */
function isCounted(pod: Stored<Pod>): boolean {
  return pod.status?.phase === 'Running' && !isPodTerminating(pod);
}

async function findBudget(objects: ObjectReader, pod: Stored<Pod>): Promise<Budget | undefined> {
  const { namespace, labels = {} } = pod.metadata;
  const budgets = (await objects.all(podDisruptionBudgets, { namespace })).filter(({ spec }) =>
    matchesLabelSelector(spec?.selector, labels),
  );
  if (budgets.length > 1) {
    throw badRequest(
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
  }
  return budgets[0];
}

/** A pod that is not ready does not count as healthy: losing it costs the budget nothing. */
function passesUnready(pod: Stored<Pod>, { spec, status: budget }: Budget): boolean {
  if (isPodReady(pod)) return false;
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = budget ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

/** One disruption less, or 429. */
function spend(budget: Stored<PodDisruptionBudget>, pod: Stored<Pod>, now: number): PodDisruptionBudget {
  const { name, generation = 0 } = budget.metadata;
  const status = budget.status ?? {};
  const { observedGeneration = 0, disruptionsAllowed = 0, disruptedPods = {} } = status;
  if (observedGeneration < generation) {
    throw violation(`The disruption budget ${name} is still being processed by the server.`, retryAfterSeconds);
  }
  if (disruptionsAllowed < 0) throw forbidden(podDisruptionBudgets, name, 'pdb disruptions allowed is negative');
  if (Object.keys(disruptedPods).length > maxDisruptedPods) {
    throw forbidden(
      podDisruptionBudgets,
      name,
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    );
  }
  if (disruptionsAllowed === 0) {
    const { desiredHealthy = 0, currentHealthy = 0 } = status;
    throw violation(
      `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
    );
  }
  const next = {
    ...status,
    disruptionsAllowed: disruptionsAllowed - 1,
    disruptedPods: { ...disruptedPods, [pod.metadata.name]: formatTime(now) },
  };
  return { ...budget, status: next };
}

function violation(why: string, retrySeconds?: number): StatusError {
  return new StatusError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message: why }],
    ...(retrySeconds !== undefined && { retryAfterSeconds: retrySeconds }),
  });
}
