/**
 * Whether a server behind this one can be asked: its Service is there, leads to somebody, and that somebody answers for
 * the version. The reasons and their words are upstream's.
 */

import { serviceNameLabel } from '../../api/labels.ts';
import { services } from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import { errorText } from '../../base/error-text.ts';
import { askRemoteApi, type RemoteApiCaller } from './ask-remote-api.ts';
import type { RemoteApi, ServiceOfApi } from './remote-api.ts';

export interface Availability {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

export interface AvailabilityCheck {
  readonly availability: Availability;
  /** What the other server serves, an APIResourceList as it came; undefined: it did not say. */
  readonly resources?: unknown;
}

/** Upstream asks five times at once, and one good answer does. */
const attempts = 3;

/** Never rejects. */
export async function checkAvailability(api: RemoteApi, caller: RemoteApiCaller): Promise<AvailabilityCheck> {
  try {
    const missing = await whyServiceLeadsNowhere(api.service, caller);
    if (missing !== undefined) return { availability: missing };
  } catch (error) {
    return { availability: notChecked('ServiceAccessError', api.service, error) };
  }
  const tries = Array.from({ length: attempts }, () => askForResources(api, caller));
  try {
    const resources = await Promise.any(tries);
    return { availability: { status: 'True', reason: 'Passed', message: 'all checks passed' }, resources };
  } catch (error) {
    const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
    const message = `failing or missing response from ${api.path}: ${errorText(first)}`;
    return { availability: { status: 'False', reason: 'FailedDiscoveryCheck', message } };
  }
}

async function askForResources(api: RemoteApi, caller: RemoteApiCaller): Promise<unknown> {
  const { code, text } = await askRemoteApi(api, { path: api.path }, caller);
  if (code < 200 || code >= 300) throw new Error(`bad status from ${api.path}: ${code}`);
  // Whoever cannot say what it serves can be asked all the same: upstream looks at the code alone.
  return parsed(text);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function whyServiceLeadsNowhere(
  { namespace, name, port }: ServiceOfApi,
  { objects }: RemoteApiCaller,
): Promise<Availability | undefined> {
  const service = await objects.find(services, { namespace, name });
  const refused = (reason: string, message: string): Availability => ({ status: 'False', reason, message });
  if (service === undefined)
    return refused('ServiceNotFound', `service/${name} in ${JSON.stringify(namespace)} is not present`);
  const { type = 'ClusterIP', ports = [] } = service.spec ?? {};
  // What stands for a name elsewhere has neither ports nor endpoints.
  if (type === 'ExternalName') return undefined;
  const portName = ports.find((one) => one.port === port);
  if (portName === undefined)
    return refused(
      'ServicePortError',
      `service/${name} in ${JSON.stringify(namespace)} is not listening on port ${port}`,
    );
  const slices = await objects.all(endpointSlices, {
    namespace,
    matches: ({ labels }) => labels[serviceNameLabel] === name,
  });
  if (slices.length === 0)
    return refused(
      'EndpointsNotFound',
      `cannot find endpointslices for service/${name} in ${JSON.stringify(namespace)}`,
    );
  const wanted = portName.name ?? '';
  // A slice of a Service without pods has null in both places.
  const leads = slices.some(
    (slice) =>
      slice.ports?.some((one) => (one.name ?? '') === wanted) &&
      slice.endpoints?.some(({ addresses, conditions }) => addresses.length > 0 && conditions?.ready !== false),
  );
  if (leads) return undefined;
  return refused(
    'MissingEndpoints',
    `endpointslices for service/${name} in ${JSON.stringify(namespace)} have no addresses with port name ${JSON.stringify(wanted)}`,
  );
}

const notChecked = (reason: string, { namespace, name }: ServiceOfApi, error: unknown): Availability => ({
  status: 'Unknown',
  reason,
  message: `service/${name} in ${JSON.stringify(namespace)} cannot be checked due to: ${errorText(error)}`,
});
