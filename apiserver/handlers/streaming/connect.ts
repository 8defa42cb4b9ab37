/**
 * What exec, attach, portforward and proxy pass before anything is connected: admission, as CONNECT. Its object is what
 * the client asked for, in upstream's words: these kinds are in no document, as they only ever travel in URLs.
 */

import type { KubernetesObject } from '../../../api/object.ts';
import type { AdmissionChain, AdmissionRequest } from '../../registry/admission.ts';
import type { Target } from '../../registry/target.ts';
import type { ApiRequest } from '../../request/api-request.ts';
import { booleanParameter } from '../../request/query.ts';

/** exec and attach; only exec has a command. */
export interface CommandOptions extends KubernetesObject {
  stdin?: boolean;
  stdout?: boolean;
  stderr?: boolean;
  tty?: boolean;
  /** Empty: the pod's only or default one. */
  container?: string;
  command?: string[];
}

export interface PortForwardOptions extends KubernetesObject {
  ports?: number[];
}

export interface ProxyOptions extends KubernetesObject {
  /** Below the root of the other side; empty: the client named no path, not even a slash. */
  path?: string;
}

/** Resolves to the options, which plugins may have changed. Throws what a plugin refuses the connection for. */
export async function admitConnection<T extends KubernetesObject>(
  admission: AdmissionChain,
  request: ApiRequest,
  { target, options }: { readonly target: Target; readonly options: T },
): Promise<T> {
  const { kind, subresource, namespace, name } = target;
  const connection: AdmissionRequest = {
    operation: 'CONNECT',
    kind,
    subresource: subresource?.name,
    namespace,
    name,
    object: options,
    previous: undefined,
    user: request.user,
    dryRun: false,
    signal: () => request.signal,
    warn: (text) => request.warn(text),
    annotate: (key, value) => request.annotate(key, value),
  };
  await admission.admit(connection);
  await admission.validate(connection);
  return options;
}

export function commandOptions(kind: 'PodExecOptions' | 'PodAttachOptions', query: URLSearchParams): CommandOptions {
  const container = query.get('container') ?? '';
  const command = query.getAll('command');
  const streams: CommandOptions = {};
  for (const name of ['stdin', 'stdout', 'stderr', 'tty'] as const) {
    if (booleanParameter(query, name)) streams[name] = true;
  }
  return {
    kind,
    apiVersion: 'v1',
    ...streams,
    ...(container !== '' && { container }),
    ...(command.length > 0 && { command }),
  };
}

/** `PodProxyOptions`, `ServiceProxyOptions`, `NodeProxyOptions`. */
export function proxyOptions({ kind }: Target, { info }: ApiRequest): ProxyOptions {
  const rest = info.isResource ? (info.rest ?? '') : '';
  // A slash at the end is the other side's to interpret.
  const end = info.path.endsWith('/') ? '/' : '';
  return { kind: `${kind.kind}ProxyOptions`, apiVersion: 'v1', path: rest === '' ? end : `/${rest}${end}` };
}
