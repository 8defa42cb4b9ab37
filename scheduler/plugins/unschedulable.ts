/** Nodes that are cordoned take no new pods, except those that tolerate it. */

import { unschedulableTaint } from '../../api/labels.ts';
import { tolerates } from '../../api/taints.ts';
import type { FilterPlugin, Refusal } from '../framework.ts';

const name = 'NodeUnschedulable';
const refusal: Refusal = { plugin: name, reasons: ['node(s) were unschedulable'], resolvable: false };
const taint = { key: unschedulableTaint, effect: 'NoSchedule' };

export const unschedulable: FilterPlugin = {
  name,
  scope: 'template',
  eventsToRegister: ['node added', 'node taints'],
  prepareFilter({ pod }) {
    if (tolerates(pod.spec.tolerations, taint)) return undefined;
    return {
      refuse: ({ node }) => (node.spec?.unschedulable ? refusal : undefined),
      help: () => ({ steps: ['uncordon the node'], distance: 1 }),
    };
  },
};
