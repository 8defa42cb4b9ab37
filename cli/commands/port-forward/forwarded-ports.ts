/** `8080:80`, `80`, `:80`, `8080:http`: which port of this machine stands for which port of the pod. Pure. */

import type { Container, Pod, Service } from '../../../api/types/core/v1.ts';
import { UserError } from '../../../base/user-error.ts';

export interface ForwardedPort {
  /** 0: a free one. */
  readonly local: number;
  readonly remote: number;
}

/** With a Service, its ports are meant, and those of the pod are behind them. Throws UserError. */
export function parseForwardedPort(spec: string, pod: Pod, service?: Service): ForwardedPort {
  const [first = '', second, ...others] = spec.split(':');
  const remoteText = second ?? first;
  if (others.length > 0 || remoteText === '') throw new UserError(`error: invalid port format '${spec}'`);
  const remote = service === undefined ? podPort(remoteText, pod) : servicePort(remoteText, pod, service);
  // A name has no number of its own here.
  const localText = second === undefined && !isNumber(first) ? String(remote) : first;
  const local = localText === '' ? 0 : Number(localText);
  if (localText !== '' && (!isNumber(localText) || local > 65535))
    throw new UserError(`error: error parsing local port '${localText}': it must be a number from 0 to 65535`);
  return { local, remote };
}

const isNumber = (text: string): boolean => /^\d+$/.test(text);

function podPort(text: string, { spec, metadata }: Pod): number {
  if (isNumber(text)) return checked(Number(text));
  const found = containers(spec).flatMap(({ ports = [] }) => ports.filter(({ name }) => name === text))[0];
  if (found === undefined) throw new UserError(`error: Pod '${metadata?.name}' does not have a named port '${text}'`);
  return found.containerPort;
}

const containers = (spec: Pod['spec']): Container[] => [
  ...(spec?.containers ?? []),
  ...(spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'),
];

function servicePort(text: string, pod: Pod, { spec, metadata }: Service): number {
  const ports = spec?.ports ?? [];
  const found = ports.find(({ name, port }) => (isNumber(text) ? port === Number(text) : name === text));
  if (found === undefined)
    throw new UserError(
      isNumber(text)
        ? `error: Service ${metadata?.name} does not have a service port ${text}`
        : `error: Service '${metadata?.name}' does not have a named port '${text}'`,
    );
  if (spec?.clusterIP === 'None' && isNumber(text) && found.targetPort === undefined) return checked(found.port);
  return podPort(String(found.targetPort ?? found.port), pod);
}

function checked(port: number): number {
  if (port >= 1 && port <= 65535) return port;
  throw new UserError(`error: remote port must be from 1 to 65535, not ${port}`);
}
