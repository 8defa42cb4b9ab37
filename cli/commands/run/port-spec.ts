/** The classic port specification of `-p`: `HOST:CONTAINER` or `CONTAINER`, separated by commas. Pure. */

import type { ContainerPort } from '../../../api/types/core/v1.ts';
import { UserError } from '../../../base/user-error.ts';

export function parsePortSpec(spec: string): ContainerPort[] {
  return spec === '' ? [] : spec.split(',').map(parseOne);
}

function parseOne(text: string): ContainerPort {
  const [first = '', second, ...rest] = text.trim().split(':');
  const ports = (second === undefined ? [first] : [first, second]).map((port) => parsePort(port, text));
  if (rest.length > 0) throw new UserError(`bad port spec: ${text}`);
  const [hostPort = 0, containerPort] = ports.length === 2 ? ports : [0, ...ports];
  return { containerPort: containerPort ?? 0, ...(hostPort > 0 && { hostPort }) };
}

function parsePort(port: string, spec: string): number {
  const number = Number(port);
  if (/^\d+$/.test(port) && number >= 1 && number <= 65535) return number;
  throw new UserError(`bad port spec: ${spec}`);
}
