/** Why nobody answers for a Service. Pure. */

import type { Stored } from '../../../api/object.ts';
import type { Cause } from '../../../api/pod-explanation.ts';
import { isPodActive } from '../../../api/pods.ts';
import type { Pod, Service, ServicePort } from '../../../api/types/core/v1.ts';
import type { EndpointSlice } from '../../../api/types/discovery/v1.ts';

export interface ServiceSurroundings {
  readonly slices: readonly Stored<EndpointSlice>[];
  /** Those that its selector chooses. */
  readonly pods: readonly Stored<Pod>[];
}

export function explainService(service: Stored<Service>, { slices, pods }: ServiceSurroundings): readonly Cause[] {
  const { type = 'ClusterIP', selector = {}, ports = [] } = service.spec ?? {};
  if (type === 'ExternalName') return [];
  const ready = slices
    .flatMap(({ endpoints }) => endpoints ?? []) // null where there are none
    .filter(({ conditions }) => conditions?.ready !== false);
  const causes = ready.length > 0 ? [] : [whyEmpty(selector, pods)];
  const active = pods.filter(isPodActive);
  const unknown = ports.filter((port) => active.length > 0 && !active.some((pod) => hasPort(pod, port)));
  causes.push(...unknown.map(({ targetPort }) => cause(`No pod that it selects has a port named ${targetPort}.`)));
  if (type === 'LoadBalancer' && (service.status?.loadBalancer?.ingress ?? []).length === 0)
    causes.push(
      cause('Nobody has given it an address of a load balancer.', [
        'it is reached at its cluster IP and its node ports',
      ]),
    );
  return causes;
}

const cause = (message: string, help?: readonly string[]): Cause => ({
  type: 'pod',
  message,
  ...(help !== undefined && { help }),
});

function whyEmpty(selector: Readonly<Record<string, string>>, pods: readonly Stored<Pod>[]): Cause {
  const text = Object.entries(selector)
    .map((pair) => pair.join('='))
    .join(',');
  if (text === '') return cause('It has no selector, and no EndpointSlice of it names a ready endpoint.');
  if (pods.length === 0)
    return cause(`No pod matches its selector ${text}.`, [
      'compare it with the labels of the pods: kubecfg get pods --show-labels',
    ]);
  return cause(`None of the ${pods.length} pods that match its selector ${text} is ready.`);
}

/** A number needs no port of that name. */
const hasPort = ({ spec }: Pod, { targetPort }: ServicePort): boolean =>
  typeof targetPort !== 'string' ||
  /^\d+$/.test(targetPort) ||
  [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].some(({ ports = [] }) =>
    ports.some(({ name }) => name === targetPort),
  );
