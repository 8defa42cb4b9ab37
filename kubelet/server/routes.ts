/** The paths of the kubelet's server: what a request asks for, and how one is refused that asks for nothing. Pure. */

import { localVolumesPath } from '../../api/volumes/local-volumes.ts';
import { TextError } from './text-error.ts';

export interface RequestPath {
  /** Decoded; the first is '' for `/`. */
  readonly segments: readonly [string, ...string[]];
  readonly query: URLSearchParams;
}

export type Route =
  | { readonly type: 'pods' }
  | { readonly type: 'metrics' }
  /** What the node and its pods use: for Prometheus, and as one object. */
  | { readonly type: 'resourceMetrics' | 'statsSummary' }
  | { readonly type: 'healthz' }
  /** Orders of the local provisioner. */
  | { readonly type: 'localVolumes'; readonly order: 'ensure' | 'remove'; readonly name: string }
  | { readonly type: 'logs'; readonly namespace: string; readonly pod: string; readonly container: string }
  | {
      readonly type: 'exec' | 'attach' | 'portForward';
      readonly namespace: string;
      readonly pod: string;
      /** Empty for port-forward. */
      readonly container: string;
    };

/** Throws a TextError for what is no path: a malformed percent sign, a foreign form of a request's target. */
export function parsePath(target: string): RequestPath {
  const [path = '', ...query] = target.replace(/^https?:\/\/[^/?]*/i, '').split('?');
  if (!path.startsWith('/')) throw new TextError(400, '400 Bad Request');
  const [first = '', ...others] = path.slice(1).split('/').map(decodeSegment);
  return { segments: [first, ...others], query: new URLSearchParams(query.join('?')) };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new TextError(400, '400 Bad Request');
  }
}

const reads: readonly string[] = ['GET', 'HEAD'];
const streams: readonly string[] = ['GET', 'POST'];

/** Throws a TextError when there is nothing at that path, or nothing to be done with it by that method. */
export function findRoute(method: string, { segments }: Pick<RequestPath, 'segments'>): Route {
  const [root, namespace = '', pod = '', container = ''] = segments;
  const allow = (methods: readonly string[]) => {
    if (methods.includes(method)) return;
    throw new TextError(405, '405: Method Not Allowed', { allow: methods.join(', ') });
  };
  switch (root) {
    case 'metrics':
      if (segments.length > 1 && (segments.length > 2 || namespace !== 'resource')) break;
      allow(reads);
      return { type: segments.length === 1 ? 'metrics' : 'resourceMetrics' };
    case 'stats':
      if (segments.length !== 2 || namespace !== 'summary') break;
      allow(reads);
      return { type: 'statsSummary' };
    case 'pods':
    case 'healthz':
      if (segments.length > 1) break;
      allow(reads);
      return { type: root };
    case localVolumesPath:
      checkWords(segments, 2);
      allow(['PUT', 'DELETE']);
      return { type: root, order: method === 'PUT' ? 'ensure' : 'remove', name: namespace };
    case 'containerLogs':
      checkWords(segments, 4);
      allow(reads);
      return { type: 'logs', namespace, pod, container };
    case 'exec':
    case 'attach':
      checkWords(segments, 4);
      allow(streams);
      return { type: root, namespace, pod, container };
    case 'portForward':
      checkWords(segments, 3);
      allow(streams);
      return { type: root, namespace, pod, container: '' };
  }
  throw new TextError(404, '404 page not found\n');
}

function checkWords(segments: readonly string[], count: number): void {
  if (segments.length !== count || segments.includes('')) throw new TextError(404, '404: Page Not Found');
}
