/** Makes the claims of pods' ephemeral volumes; they go with their pod, which owns them. */

import { isTerminatingNamespaceError } from '../../api/namespace-state.ts';
import { keyOf } from '../../api/object.ts';
import { persistentVolumeClaims, pods } from '../../api/resources/core.ts';
import { isAlreadyExists } from '../../api/status-error.ts';
import type { PersistentVolumeClaim, Pod } from '../../api/types/core/v1.ts';
import { errorText } from '../../base/error-text.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import type { Cached, ObjectChange } from '../../client/object-cache.ts';
import { TerminalError } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { type EphemeralPlan, planEphemeralClaims } from './ephemeral-plan.ts';
import { waitingPodIndexes } from './waiting-pods.ts';

const hasEphemeral = ({ spec }: Cached<Pod>): boolean => (spec?.volumes ?? []).some(({ ephemeral }) => ephemeral);

export function createEphemeralVolumeController(context: ControllerContext): Controller {
  const { client, informers, events, controller } = context;
  const claims = informers.of<PersistentVolumeClaim>(persistentVolumeClaims);
  const podInformer = informers.of<Pod>(pods, waitingPodIndexes);
  const recorder = events.from('ephemeral_volume');

  async function reconcile(key: string) {
    const pod = podInformer.get(key);
    if (pod === undefined) return {};
    const plans = planEphemeralClaims(pod, (claimKey) => claims.get(claimKey));
    for (const plan of plans) await apply(pod, plan);
    const taken = plans.find(({ type }) => type === 'taken');
    // Until the pod or the claim of that name goes: both are watched.
    if (taken?.type === 'taken') throw new TerminalError(taken.message);
    return {};
  }

  async function apply(pod: Cached<Pod>, plan: EphemeralPlan): Promise<void> {
    if (plan.type === 'taken') return tell(pod, plan.volumeName, plan.message);
    try {
      await client.create(persistentVolumeClaims, plan.claim);
    } catch (error) {
      // The cache is behind: the claim comes, and the pod is looked at again.
      if (isAlreadyExists(error) || isTerminatingNamespaceError(error)) return;
      tell(pod, plan.volumeName, errorText(error));
      throw error;
    }
  }

  function tell(pod: Cached<Pod>, volumeName: string, why: string): void {
    const message = `ephemeral volume ${volumeName}: ${why}`;
    recorder.record(pod, { type: 'Warning', reason: 'FailedBinding', message });
  }

  /** The pods that own the claim, and those that want its name. */
  function* podsOfClaim({ previous, next }: ObjectChange<PersistentVolumeClaim>): Generator<string> {
    const claim = next ?? previous;
    const { namespace, ownerReferences = [] } = claim.metadata;
    for (const { kind, name } of ownerReferences) if (kind === 'Pod') yield `${namespace}/${name}`;
    if (next !== undefined && previous !== undefined) return;
    for (const pod of podInformer.byIndex('waitingForClaim', keyOf(claim))) yield keyOf(pod);
  }

  return controller({ reconciler: { reconcile }, workers: 2 })
    .watch(podInformer, (change) => (hasEphemeral(change.next ?? change.previous) ? keyOfChange(change) : []))
    .watch(claims, podsOfClaim);
}
