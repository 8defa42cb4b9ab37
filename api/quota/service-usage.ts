/** What a Service counts in a quota: itself, its node ports, and whether it wants a load balancer. */

import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { type Amounts, one, wholeAmount } from '../amounts.ts';
import type { Service } from '../types/core/v1.ts';
import type { QuotaUsage } from './quota-usage.ts';

const names = ['count/services', 'services', 'services.nodeports', 'services.loadbalancers'];

export const serviceUsage: QuotaUsage<Service> = {
  resource: { group: '', plural: 'services' },
  countsUpdates: {},
  isMatching: (name) => names.includes(name),
  usageOf: (service): Amounts =>
    new Map([
      ['count/services', one],
      ['services', one],
      ['services.nodeports', wholeAmount(nodePorts(service))],
      ['services.loadbalancers', wholeAmount(service.spec?.type === 'LoadBalancer' ? 1 : 0)],
    ]),
};

function nodePorts({ spec }: DeepReadonly<Service>): number {
  const ports = spec?.ports ?? [];
  if (spec?.type === 'NodePort') return ports.length;
  if (spec?.type !== 'LoadBalancer') return 0;
  if (spec.allocateLoadBalancerNodePorts !== false) return ports.length;
  return ports.filter(({ nodePort = 0 }) => nodePort !== 0).length;
}
