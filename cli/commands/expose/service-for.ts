/** The Service that stands before the pods of an object. Pure. */

import { isRecord } from '../../../api/json-record.ts';
import type { KubernetesObject } from '../../../api/object.ts';
import type { Container, ServicePort } from '../../../api/types/core/v1.ts';
import { UserError } from '../../../base/user-error.ts';

/** Kinds that can be exposed, and where the spec of their pods is. */
const specPaths: Readonly<Record<string, 'spec' | 'template' | 'none'>> = {
  Pod: 'spec',
  Service: 'none',
  ReplicationController: 'template',
  ReplicaSet: 'template',
  Deployment: 'template',
};

const specOf = (object: unknown): Readonly<Record<string, unknown>> =>
  isRecord(object) && isRecord(object.spec) ? object.spec : {};

/** Throws UserError. */
export function selectorOf(kind: string, object: KubernetesObject): Record<string, string> {
  const spec = specOf(object);
  if (!Object.hasOwn(specPaths, kind)) throw new UserError(`error: cannot expose a ${kind}`);
  const found = kind === 'Pod' ? object.metadata?.labels : spec.selector;
  const map =
    isRecord(found) && (isRecord(found.matchLabels) || Array.isArray(found.matchExpressions)) ? found : undefined;
  if (Array.isArray(map?.matchExpressions) && map.matchExpressions.length > 0)
    throw new UserError(
      `error: couldn't convert expressions - "${JSON.stringify(map.matchExpressions)}" to map-based selector format`,
    );
  const labels = map?.matchLabels ?? found;
  if (!isRecord(labels) || Object.keys(labels).length === 0)
    throw new UserError(
      `error: couldn't retrieve selectors via --selector flag or introspection: the ${kind.toLowerCase()} has no ${kind === 'Pod' ? 'labels and cannot be exposed' : 'pod selector set'}`,
    );
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]));
}

export interface WantedPorts {
  readonly port: string | undefined;
  readonly targetPort: string | undefined;
  readonly protocol: string | undefined;
}

/** Those that were asked for, or those of the object; several get names. Throws UserError. */
export function portsOf(
  kind: string,
  object: KubernetesObject,
  { port, targetPort, protocol }: WantedPorts,
): ServicePort[] {
  const own = kind === 'Service' ? portsOfService(object) : portsOfContainers(kind, object);
  const numbers = port === undefined ? own.map((one) => one.port) : port.split(',').map(portNumber);
  if (numbers.length === 0) throw new UserError("error: couldn't find port via --port flag or introspection");
  const ports = numbers.flatMap((number) => {
    const protocols = own.filter((one) => one.port === number).map((one) => one.protocol ?? 'TCP');
    const unique = protocol !== undefined ? [protocol] : protocols.length > 0 ? [...new Set(protocols)] : ['TCP'];
    return unique.map((one) => ({ port: number, protocol: one, targetPort: targetOf(targetPort, number) }));
  });
  const distinct = ports.filter(
    (one, index) => ports.findIndex((other) => other.port === one.port && other.protocol === one.protocol) === index,
  );
  return distinct.length === 1 ? distinct : distinct.map((one, index) => ({ name: `port-${index + 1}`, ...one }));
}

const targetOf = (target: string | undefined, port: number): number | string =>
  target === undefined ? port : /^\d+$/.test(target) ? Number(target) : target;

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65535) return port;
  throw new UserError(`error: invalid port ${text}: it must be a number from 1 to 65535`);
}

function portsOfService(object: KubernetesObject): ServicePort[] {
  const { ports } = specOf(object);
  return (Array.isArray(ports) ? ports : []).map(({ port, protocol }: ServicePort) => ({
    port,
    ...(protocol && { protocol }),
  }));
}

function portsOfContainers(kind: string, object: KubernetesObject): ServicePort[] {
  const spec = specOf(object);
  const { containers } = specPaths[kind] === 'template' ? specOf(spec.template) : spec;
  return (Array.isArray(containers) ? containers : []).flatMap(({ ports = [] }: Container) =>
    ports.map(({ containerPort, protocol }) => ({ port: containerPort, ...(protocol && { protocol }) })),
  );
}
