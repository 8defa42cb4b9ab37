/** What events of a resize say of the pod, as upstream writes it: the amounts asked for, as JSON. Pure. */

import { sidecarsOf } from '../../api/pods.ts';
import type { ContainerSpec, PodObject } from '../model/pod.ts';

export function resizeSummary({ metadata, spec }: PodObject, error?: string): string {
  const sidecars = sidecarsOf(spec).map(amountsOf);
  return JSON.stringify({
    ...(sidecars.length > 0 && { initContainers: sidecars }),
    containers: (spec?.containers ?? []).map(amountsOf),
    generation: metadata.generation ?? 0,
    ...(error !== undefined && { error }),
  });
}

const amountsOf = ({ name, resources: { limits, requests } = {} }: ContainerSpec): object => ({
  name,
  resources: { ...(limits && { limits: sorted(limits) }), ...(requests && { requests: sorted(requests) }) },
});

const sorted = (amounts: Readonly<Record<string, string>>): object =>
  Object.fromEntries(Object.entries(amounts).sort(([a], [b]) => (a < b ? -1 : 1)));
