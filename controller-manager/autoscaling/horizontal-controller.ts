/** The controller of HorizontalPodAutoscalers: each is looked at every 15 seconds, first after as long. */

import { horizontalPodAutoscalers } from '../../api/resources/autoscaling.ts';
import { pods } from '../../api/resources/core.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import type { ControllerContext } from '../controller-context.ts';
import { podIndexes } from '../pods/pod-indexes.ts';
import { HorizontalReconciler, lookEveryMs } from './horizontal-reconciler.ts';
import { MetricProposals } from './metric-proposal.ts';
import { MetricsClient } from './metrics-client.ts';

export function createHorizontalController(context: ControllerContext): Controller {
  const { client, informers, resources, events, clock, logger } = context;
  const autoscalers = informers.of(horizontalPodAutoscalers);
  const podInformer = informers.of(pods, podIndexes);
  const proposals = new MetricProposals(new MetricsClient(client, resources));
  const recorder = events.from('horizontal-pod-autoscaler');
  const caches = { autoscalers, pods: podInformer };
  const reconciler = new HorizontalReconciler({ client, resources, ...caches, proposals, recorder, clock, logger });
  const controller = context.controller({ reconciler }).watch(podInformer, () => []);
  return controller.watch(autoscalers, (change) => {
    // What changes in between is seen with the next look.
    if (change.type === 'added') for (const key of keyOfChange(change)) controller.addAfter(key, lookEveryMs);
    return change.type === 'deleted' ? keyOfChange(change) : [];
  });
}
