/** How far the rollout of a workload is, in kubectl's words. Pure. */

import { goQuote } from '../api/go-text.ts';
import type { DaemonSet, Deployment, StatefulSet } from '../api/types/apps/v1.ts';

export interface RolloutState {
  readonly type: 'waiting' | 'done' | 'failed';
  readonly message: string;
}

const waiting = (message: string): RolloutState => ({ type: 'waiting', message });
const done = (message: string): RolloutState => ({ type: 'done', message });
const failed = (message: string): RolloutState => ({ type: 'failed', message });

export function deploymentState({ metadata = {}, spec, status = {} }: Deployment): RolloutState {
  const name = goQuote(metadata.name ?? '');
  const { observedGeneration = 0, replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  if ((metadata.generation ?? 0) > observedGeneration)
    return waiting('Waiting for deployment spec update to be observed...');
  const progress = status.conditions?.find(({ type }) => type === 'Progressing');
  if (progress?.reason === 'ProgressDeadlineExceeded')
    return failed(`error: deployment ${name} exceeded its progress deadline`);
  const begin = `Waiting for deployment ${name} rollout to finish:`;
  const wanted = spec?.replicas ?? 1;
  if (updatedReplicas < wanted)
    return waiting(`${begin} ${updatedReplicas} out of ${wanted} new replicas have been updated...`);
  if (replicas > updatedReplicas)
    return waiting(`${begin} ${replicas - updatedReplicas} old replicas are pending termination...`);
  if (availableReplicas < updatedReplicas)
    return waiting(`${begin} ${availableReplicas} of ${updatedReplicas} updated replicas are available...`);
  return done(`deployment ${name} successfully rolled out`);
}

const onlyRolling = failed('error: rollout status is only available for RollingUpdate strategy type');

export function daemonSetState({ metadata = {}, spec, status }: DaemonSet): RolloutState {
  if ((spec?.updateStrategy?.type ?? 'RollingUpdate') !== 'RollingUpdate') return onlyRolling;
  const name = goQuote(metadata.name ?? '');
  const {
    observedGeneration = 0,
    updatedNumberScheduled = 0,
    desiredNumberScheduled = 0,
    numberAvailable = 0,
  } = status ?? {};
  if ((metadata.generation ?? 0) > observedGeneration)
    return waiting('Waiting for daemon set spec update to be observed...');
  const begin = `Waiting for daemon set ${name} rollout to finish:`;
  if (updatedNumberScheduled < desiredNumberScheduled)
    return waiting(`${begin} ${updatedNumberScheduled} out of ${desiredNumberScheduled} new pods have been updated...`);
  if (numberAvailable < desiredNumberScheduled)
    return waiting(`${begin} ${numberAvailable} of ${desiredNumberScheduled} updated pods are available...`);
  return done(`daemon set ${name} successfully rolled out`);
}

export function statefulSetState({ metadata = {}, spec, status }: StatefulSet): RolloutState {
  if ((spec?.updateStrategy?.type ?? 'RollingUpdate') !== 'RollingUpdate') return onlyRolling;
  const { observedGeneration = 0, readyReplicas = 0, updatedReplicas = 0, currentReplicas = 0 } = status ?? {};
  if (observedGeneration === 0 || (metadata.generation ?? 0) > observedGeneration)
    return waiting('Waiting for statefulset spec update to be observed...');
  const replicas = spec?.replicas ?? 1;
  if (readyReplicas < replicas) return waiting(`Waiting for ${replicas - readyReplicas} pods to be ready...`);
  const partition = spec?.updateStrategy?.rollingUpdate?.partition;
  if (partition !== undefined) {
    const wanted = replicas - partition;
    if (updatedReplicas < wanted)
      return waiting(
        `Waiting for partitioned roll out to finish: ${updatedReplicas} out of ${wanted} new pods have been updated...`,
      );
    return done(`partitioned roll out complete: ${updatedReplicas} new pods have been updated...`);
  }
  const { updateRevision = '', currentRevision = '' } = status ?? {};
  if (updateRevision !== currentRevision)
    return waiting(
      `waiting for statefulset rolling update to complete ${updatedReplicas} pods at revision ${updateRevision}...`,
    );
  return done(`statefulset rolling update complete ${currentReplicas} pods at revision ${currentRevision}...`);
}
