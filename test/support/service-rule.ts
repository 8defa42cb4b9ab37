/** The rule of a plain Service, shop/web on port 80: all its endpoints take everything that comes to its cluster IP. */

import type { Endpoint } from '../../api/endpoint-choice.ts';
import type { ServiceRule } from '../../proxy/services/rules.ts';

export function serviceRule(endpoints: readonly Endpoint[], more: Partial<ServiceRule> = {}): ServiceRule {
  return {
    name: 'shop/web:',
    protocol: 'TCP',
    port: 80,
    clusterIp: '10.96.0.50',
    externalIps: [],
    sourceRanges: undefined,
    nodePort: undefined,
    affinitySeconds: 0,
    internal: endpoints,
    internalLocal: false,
    external: endpoints,
    externalLocal: false,
    anywhere: endpoints,
    ...more,
  };
}
