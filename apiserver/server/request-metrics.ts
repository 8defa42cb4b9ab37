/** What `/metrics` tells about requests, under upstream's names. */

import type { BoundCounter, BoundHistogram, CounterSeries, HistogramSeries, Labels } from '../../base/bound-metrics.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { FlowControl } from '../flow-control/flow-control.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { connections } from '../request/request-info.ts';

const durationBuckets = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
];

const seriesLabels = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'];

interface Series {
  readonly total: CounterSeries;
  /** Watches have none. */
  readonly duration: HistogramSeries | undefined;
}

export class RequestMetrics {
  readonly #total: BoundCounter;
  readonly #duration: BoundHistogram;
  /** Streams that are open: labels, and how many. */
  readonly #longRunning = new Map<string, { readonly labels: Labels; count: number }>();
  /** By all the values of their labels. */
  readonly #series = new Map<string, Series>();
  readonly #durations = new Map<string, HistogramSeries>();

  constructor(metrics: Metrics, flows: Pick<FlowControl, 'inFlight'>) {
    this.#total = metrics.boundCounter({
      name: 'apiserver_request_total',
      help: "Requests answered, by what they asked for and the answer's code.",
    });
    this.#duration = metrics.boundHistogram({
      name: 'apiserver_request_duration_seconds',
      help: "Time from a request's arrival to the end of its answer; watches are not counted.",
      buckets: durationBuckets,
    });
    metrics.gauge(
      {
        name: 'apiserver_longrunning_requests',
        help: 'Watches and other streams that are open.',
        labels: seriesLabels,
      },
      (gauge) => {
        for (const { labels, count } of this.#longRunning.values()) gauge.set(labels, count);
      },
    );
    metrics.gauge(
      { name: 'apiserver_current_inflight_requests', help: 'Requests in work.', labels: ['request_kind'] },
      (gauge) => {
        for (const kind of ['readOnly', 'mutating'] as const) gauge.set({ request_kind: kind }, flows.inFlight[kind]);
      },
    );
  }

  /** A stream begins. What is returned is to be called at its end. */
  beginLongRunning(request: ApiRequest): () => void {
    const verb = reportedVerb(request);
    const name = isServed(request) ? nameOf(request) : unknown;
    const id = `${verb} ${name}`;
    const open = this.#longRunning.get(id) ?? { labels: labelsOf(verb, name), count: 0 };
    this.#longRunning.set(id, open);
    open.count += 1;
    return () => {
      open.count -= 1;
    };
  }

  observe(request: ApiRequest): void {
    const verb = dryRunOf(request) + reportedVerb(request);
    const code = request.outgoing.statusCode;
    const series = this.#series.get(idOf(verb, nameOf(request), code)) ?? this.#newSeries(verb, request, code);
    series.total.inc();
    series.duration?.observe(request.elapsedMs / 1000);
  }

  #newSeries(verb: string, request: ApiRequest, code: number): Series {
    // What nobody serves could be anything, and must not become a label.
    const name = isServed(request) ? nameOf(request) : unknown;
    const id = idOf(verb, name, code);
    let series = this.#series.get(id);
    if (series === undefined) {
      const [word = '', dryRun = ''] = verb.split('/').reverse();
      series = this.#bind(`${verb} ${name}`, { ...labelsOf(word, name), dry_run: dryRun }, code);
      this.#series.set(id, series);
    }
    return series;
  }

  #bind(id: string, labels: Labels, code: number): Series {
    const total = this.#total.bind({ ...labels, code });
    if (labels.verb === 'WATCH') return { total, duration: undefined };
    let duration = this.#durations.get(id);
    if (duration === undefined) {
      duration = this.#duration.bind(labels);
      this.#durations.set(id, duration);
    }
    return { total, duration };
  }
}

const idOf = (verb: string, name: string, code: number): string => `${verb} ${name} ${code}`;
const unknown = '// unknown ';

/** `apps/v1/deployments scale resource` */
function nameOf({ info, method }: ApiRequest): string {
  if (!info.isResource) return `// /${firstPart(info.path)} `;
  const isOne = info.name !== undefined || method === 'POST';
  const scope = isOne ? 'resource' : info.namespace !== undefined ? 'namespace' : 'cluster';
  return `${info.group}/${info.version}/${info.plural} ${info.subresource ?? ''} ${scope}`;
}

function labelsOf(verb: string, name: string): Labels {
  const [path = '', subresource = '', scope = ''] = name.split(' ');
  const [group = '', version = '', resource = ''] = path.split('/');
  return { verb, group, version, resource, subresource, scope, component: 'apiserver' };
}

const reportedVerbs: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
};
const plainMethods: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** What dashboards ask for: neither what was sent nor what is authorized, but something between. */
function reportedVerb(request: ApiRequest): string {
  const { info, method } = request;
  if (!info.isResource) return method === 'HEAD' ? 'GET' : plainMethods.includes(method) ? method : 'other';
  if (connections.includes(info.subresource ?? '')) return 'CONNECT';
  const { verb } = info;
  if (verb === 'patch' && request.header('content-type').startsWith('application/apply-patch+')) return 'APPLY';
  return reportedVerbs[verb] ?? 'other';
}

/** `All/`, or nothing. */
const dryRunOf = ({ rawQuery, query }: ApiRequest): string =>
  rawQuery.includes('dryRun=') && query.get('dryRun') === 'All' ? 'All/' : '';

const plainPaths: readonly string[] = ['api', 'apis', 'healthz', 'livez', 'metrics', 'openapi', 'readyz', 'version'];
const firstPart = (path: string): string => path.split('/', 2)[1] ?? '';

function isServed({ info, kinds }: ApiRequest): boolean {
  if (!info.isResource) return plainPaths.includes(firstPart(info.path));
  const kind = kinds.find(info);
  return (
    kind !== undefined &&
    (info.subresource === undefined || kind.subresources.some(({ name }) => name === info.subresource))
  );
}
