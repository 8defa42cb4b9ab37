/** The variables by which a container finds Services without DNS, in the classic form of Docker links. Pure. */

import type { Service } from '../../api/types/core/v1.ts';
import { compareKeys } from '../../base/compare.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

type ReadonlyService = DeepReadonly<Service>;

/**
 * For all Services of the pod's own namespace; and for the API server's, which is in `default`, always.
 * `enableServiceLinks: false` leaves only the latter.
 */
export function computeServiceEnvironment(
  services: Iterable<ReadonlyService>,
  { namespace, enableServiceLinks }: { readonly namespace: string; readonly enableServiceLinks: boolean },
): Map<string, string> {
  const wanted = new Map<string, ReadonlyService>();
  for (const service of services) {
    const { namespace: of, name = '' } = service.metadata ?? {};
    const isApi = of === 'default' && name === 'kubernetes';
    if (!hasAddress(service)) continue;
    if (of === namespace && enableServiceLinks) wanted.set(name, service);
    else if (isApi && !wanted.has(name)) wanted.set(name, service);
  }
  const environment = new Map<string, string>();
  for (const [name, service] of [...wanted].sort(compareKeys)) addVariables(environment, name, service);
  return environment;
}

function hasAddress({ spec }: ReadonlyService): boolean {
  const ip = spec?.clusterIP;
  return ip !== undefined && ip !== '' && ip !== 'None' && (spec?.ports ?? []).length > 0;
}

const variableName = (text: string): string => text.toUpperCase().replaceAll('-', '_');

function addVariables(environment: Map<string, string>, name: string, { spec }: ReadonlyService): void {
  const prefix = variableName(name);
  const ip = spec?.clusterIP ?? '';
  const ports = spec?.ports ?? [];
  environment.set(`${prefix}_SERVICE_HOST`, ip);
  environment.set(`${prefix}_SERVICE_PORT`, String(ports[0]?.port ?? ''));
  for (const port of ports)
    if (port.name) environment.set(`${prefix}_SERVICE_PORT_${variableName(port.name)}`, String(port.port));
  for (const [index, { port, protocol = 'TCP' }] of ports.entries()) {
    const lower = protocol.toLowerCase();
    const url = `${lower}://${ip}:${port}`;
    if (index === 0) environment.set(`${prefix}_PORT`, url);
    const link = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    environment.set(link, url);
    environment.set(`${link}_PROTO`, lower);
    environment.set(`${link}_PORT`, String(port));
    environment.set(`${link}_ADDR`, ip);
  }
}
