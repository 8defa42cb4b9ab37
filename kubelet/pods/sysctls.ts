/**
 * Which kernel settings pods may change: those that touch nobody but the pod, and what the node's administrator allows
 * beyond them. Pure.
 */

import type { PodObject } from '../model/pod.ts';

type KernelNamespace = 'ipc' | 'net';

/** Of a pod's own namespaces, and without influence on other pods. As upstream has them for the kernels of today. */
const safeSysctls: readonly string[] = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
];

const segment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const patternSyntax = new RegExp(`^(${segment}[./])*([a-z0-9][-_a-z0-9]*)?[a-z0-9*]$`);
const maxLength = 253;

/** Names, and with `*` at their end beginnings of names, by the namespace that they are settings of. */
export type AllowedSysctls = ReadonlyMap<string, KernelNamespace>;

/** What is safe, and `unsafe`: names or patterns with `*` at their end. Throws an Error that names a bad one. */
export function parseAllowedSysctls(unsafe: readonly string[]): AllowedSysctls {
  return new Map([...safeSysctls, ...unsafe].map(parsePattern));
}

function parsePattern(text: string): [string, KernelNamespace] {
  if (text.length > maxLength || !patternSyntax.test(text))
    throw new Error(
      `sysctl "${text}" must have at most ${maxLength} characters and match regex ${patternSyntax.source}`,
    );
  const pattern = withDots(text);
  const namespace = namespaceOf(pattern.replace(/\*$/, ''));
  if (namespace === undefined) throw new Error(`the sysctl "${pattern}" is not known to be namespaced`);
  return [pattern, namespace];
}

/** `net/ipv4/conf/eth0.1/forwarding` is another way to write `net.ipv4.conf.eth0/1.forwarding`. */
export function withDots(name: string): string {
  if (/^[^./]*\//.test(name)) return name.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));
  return name;
}

/** Undefined: it is the whole machine's. */
function namespaceOf(name: string): KernelNamespace | undefined {
  if (name.startsWith('net.')) return 'net';
  const isIpc = name === 'kernel.sem' || /^(kernel\.(shm|msg)|fs\.mqueue\.)/.test(name);
  return isIpc ? 'ipc' : undefined;
}

export interface SysctlRefusal {
  readonly reason: 'SysctlForbidden';
  readonly message: string;
}

/** Why the pod cannot run here; undefined: its settings are allowed. */
export function computeSysctlRefusal({ spec }: PodObject, allowed: AllowedSysctls): SysctlRefusal | undefined {
  const shared = { net: spec?.hostNetwork ?? false, ipc: spec?.hostIPC ?? false };
  for (const { name } of spec?.securityContext?.sysctls ?? []) {
    const words = whyForbidden(withDots(name), allowed, shared);
    if (words !== undefined) return { reason: 'SysctlForbidden', message: `forbidden sysctl: ${words}` };
  }
  return undefined;
}

function whyForbidden(
  name: string,
  allowed: AllowedSysctls,
  shared: Readonly<Record<KernelNamespace, boolean>>,
): string | undefined {
  const namespace = allowed.get(name) ?? [...allowed].find(([pattern]) => matches(name, pattern))?.[1];
  if (namespace === undefined) return `"${name}" not allowlisted`;
  return shared[namespace] ? `"${name}" not allowed with host ${namespace} enabled` : undefined;
}

const matches = (name: string, pattern: string): boolean =>
  pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1));
