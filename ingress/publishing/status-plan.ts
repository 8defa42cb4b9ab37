/** What `status.loadBalancer` of an Ingress is to be, by one of several nodes that serve it. Pure. */

import { isDeepStrictEqual } from 'node:util';
import type { IngressLoadBalancerIngress, IngressPortStatus } from '../../api/types/networking/v1.ts';
import { compareText } from '../../base/compare.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

type Address = DeepReadonly<IngressLoadBalancerIngress>;

export interface StatusInput {
  readonly present: readonly Address[];
  /** Of this node. */
  readonly own: string;
  /** One for each port that was asked for; empty: nothing is served here any more. */
  readonly ports: readonly IngressPortStatus[];
  /** Of nodes that are ready: what others have said of them stays. */
  readonly readyAddresses: ReadonlySet<string>;
}

/** Undefined: it is so already. */
export function planStatus({ present, own, ports, readyAddresses }: StatusInput): readonly Address[] | undefined {
  const others = present.filter(({ ip }) => ip !== undefined && ip !== own && readyAddresses.has(ip));
  const serves = ports.some(({ error }) => error === undefined);
  const wanted = [...others, ...(serves ? [{ ip: own, ports: [...ports] }] : [])].sort((a, b) =>
    compareText(a.ip ?? '', b.ip ?? ''),
  );
  return isDeepStrictEqual(wanted, present) ? undefined : wanted;
}
