/** The paths of the kubelet's server: what a request asks for, and how one is refused that asks for nothing. Pure. */

import { localVolumesPath } from '../../api/volumes/local-volumes.ts';
import { TextError } from './text-error.ts';

export interface RequestPath {
  /** Decoded; the first is '' for `/`. */
  readonly segments: readonly [string, ...string[]];
  readonly query: URLSearchParams;
}

/** What is read and answered whole. */
export interface ReadRoute {
  readonly type:
    | 'pods'
    | 'runningPods'
    | 'healthz'
    | 'configz'
    | 'metrics'
    /** What the node and its pods use, and how probes went: for Prometheus. */
    | 'resourceMetrics'
    | 'cadvisorMetrics'
    | 'probeMetrics'
    /** What they use as one object, and what they have used. */
    | 'statsSummary'
    | 'statsHistory';
}

export type Route =
  | { readonly type: 'read'; readonly what: ReadRoute['type'] }
  /** Orders of the local provisioner. */
  | { readonly type: 'localVolumes'; readonly order: 'ensure' | 'remove'; readonly name: string }
  /** Pods of a namespace that are no longer here, of which logs were kept; and one of those logs. */
  | { readonly type: 'gonePods'; readonly namespace: string }
  | {
      readonly type: 'goneLogs';
      readonly namespace: string;
      readonly pod: string;
      readonly uid: string;
      readonly container: string;
    }
  /** What waits of a pod is tried now. */
  | { readonly type: 'retry'; readonly namespace: string; readonly pod: string; readonly uid: string }
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

const readRoutes: Readonly<Record<string, ReadRoute['type']>> = {
  pods: 'pods',
  runningpods: 'runningPods',
  // As upstream's clients write it.
  'runningpods/': 'runningPods',
  healthz: 'healthz',
  configz: 'configz',
  metrics: 'metrics',
  'metrics/resource': 'resourceMetrics',
  'metrics/cadvisor': 'cadvisorMetrics',
  'metrics/probes': 'probeMetrics',
  'stats/summary': 'statsSummary',
  'stats/history': 'statsHistory',
};

const reads: readonly string[] = ['GET', 'HEAD'];
const streams: readonly string[] = ['GET', 'POST'];

/** Throws a TextError when there is nothing at that path, or nothing to be done with it by that method. */
export function findRoute(method: string, { segments }: Pick<RequestPath, 'segments'>): Route {
  const [root, namespace = '', pod = '', container = ''] = segments;
  const allow = (methods: readonly string[]) => {
    if (methods.includes(method)) return;
    throw new TextError(405, '405: Method Not Allowed', { allow: methods.join(', ') });
  };
  // A slash that was written otherwise is part of a word.
  const path = segments.some((word) => word.includes('/')) ? '' : segments.join('/');
  const what = Object.hasOwn(readRoutes, path) ? readRoutes[path] : undefined;
  if (what !== undefined) {
    allow(reads);
    return { type: 'read', what };
  }
  switch (root) {
    case 'checkpoint':
      checkWords(segments, 4);
      allow(['POST']);
      throw new TextError(404, `checkpointing of ${namespace}/${pod}/${container} failed: not supported\n`);
    case 'logs':
      throw new TextError(405, 'logs endpoint is disabled.\n');
    case localVolumesPath:
      checkWords(segments, 2);
      allow(['PUT', 'DELETE']);
      return { type: root, order: method === 'PUT' ? 'ensure' : 'remove', name: namespace };
    case 'goneLogs': {
      allow(reads);
      if (segments.length === 2 && namespace !== '') return { type: 'gonePods', namespace };
      checkWords(segments, 5);
      const [, , , uid = '', name = ''] = segments;
      return { type: 'goneLogs', namespace, pod, uid, container: name };
    }
    case 'containerLogs':
      checkWords(segments, 4);
      allow(reads);
      return { type: 'logs', namespace, pod, container };
    case 'retry':
      checkWords(segments, 4);
      allow(['POST']);
      return { type: 'retry', namespace, pod, uid: container };
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
