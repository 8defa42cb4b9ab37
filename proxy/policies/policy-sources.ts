/**
 * What is watched for NetworkPolicies: the policies always, pods (of all nodes: they are peers) only while there is a
 * policy. Nodes and namespaces are watched by the proxy anyway.
 */

import { isDeepStrictEqual } from 'node:util';
import { pods } from '../../api/resources/core.ts';
import { networkPolicies } from '../../api/resources/networking.ts';
import type { Namespace, Node, Pod } from '../../api/types/core/v1.ts';
import type { NetworkPolicy } from '../../api/types/networking/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Reader, Watcher } from '../../client/client.ts';
import { createInformer } from '../../client/informer.ts';
import type { Informer } from '../../client/object-cache.ts';
import { routeFactsOf } from '../routes/route-plan.ts';
import { podFactsOf, trimPod } from './pod-facts.ts';

export interface SourceOptions {
  readonly client: Reader & Watcher;
  /** Both run by the caller. */
  readonly nodes: Informer<Node>;
  readonly namespaces: Informer<Namespace>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when something changes that policies depend on. */
  readonly onChange: () => void;
}

/** An informer that runs, and can be ended before all else. */
export interface RunningInformer<T extends Pod> {
  readonly informer: Informer<T>;
  stop(): Promise<void>;
}

export function createPolicyInformer({ client, nodes, namespaces, clock, logger, onChange }: SourceOptions) {
  const policies = createInformer<NetworkPolicy>(client, networkPolicies, { clock, logger });
  policies.onChange(({ previous, next }) => {
    if (!previous || !next || !isDeepStrictEqual(previous.spec, next.spec)) onChange();
  });
  nodes.onChange(({ previous, next }) => {
    if (!previous || !next || routeFactsOf(previous) !== routeFactsOf(next)) onChange();
  });
  namespaces.onChange(({ previous, next }) => {
    if (!previous || !next || !isDeepStrictEqual(previous.metadata.labels, next.metadata.labels)) onChange();
  });
  return policies;
}

export function startPodInformer({ client, clock, logger, onChange }: SourceOptions): RunningInformer<Pod> {
  const over = new AbortController();
  const informer = createInformer<Pod>(client, pods, { clock, logger, trim: trimPod });
  informer.onChange(({ previous, next }) => {
    const [before, after] = [previous && podFactsOf(previous), next && podFactsOf(next)];
    if (!isDeepStrictEqual(before, after)) onChange();
  });
  const done = informer.run(over.signal);
  return {
    informer,
    async stop() {
      over.abort();
      await done;
    },
  };
}
