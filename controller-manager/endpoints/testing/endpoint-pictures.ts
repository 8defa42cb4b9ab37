/** Services and their pods for tables. */

import { pods, services } from '../../../api/resources/core.ts';
import type { Pod, PodSpec, Service, ServiceSpec } from '../../../api/types/core/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { storedObject } from '../../../client/testing/stored-object.ts';

export interface PodPicture {
  /** Default: `10.0.0.1`. */
  readonly ips?: readonly string[];
  /** Default true. */
  readonly ready?: boolean;
  readonly terminating?: boolean;
  readonly phase?: string;
  readonly spec?: Partial<PodSpec>;
  readonly labels?: Record<string, string>;
}

/** A pod of `app: web`. */
export function podOf(name: string, picture: PodPicture = {}): Cached<Pod> {
  const { ips = ['10.0.0.1'], ready = true, terminating = false, phase = 'Running', spec, labels } = picture;
  return storedObject(pods, {
    metadata: {
      name,
      labels: labels ?? { app: 'web' },
      ...(terminating && { deletionTimestamp: '2030-01-01T00:00:00Z' }),
    },
    spec: { containers: [{ name: 'c' }], ...spec },
    status: {
      phase,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2030-01-01T00:00:00Z' }],
      podIPs: ips.map((ip) => ({ ip })),
      ...(ips[0] !== undefined && { podIP: ips[0] }),
    },
  });
}

/** The Service `s` that selects `app: web`. */
export function serviceOf(spec: ServiceSpec = {}, labels?: Record<string, string>): Cached<Service> {
  return storedObject(services, {
    metadata: { name: 's', ...(labels && { labels }) },
    spec: { selector: { app: 'web' }, clusterIP: '10.96.0.1', ...spec },
  });
}
