/** Reads what a kubelet says at `/metrics/resource`, in the Prometheus text format. Pure. */

/** Counters and gauges of one thing at one time. */
export interface Point {
  /** Wall time of the node in milliseconds. */
  readonly at: number;
  /** CPU time since it was started. */
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  /** Wall time in milliseconds; undefined: not told. */
  readonly startedAt?: number | undefined;
}

export interface NodeSample {
  readonly node: Point | undefined;
  /** Of each pod, by `namespace/name`, its containers by name. */
  readonly pods: ReadonlyMap<string, ReadonlyMap<string, Point>>;
}

interface Draft {
  at?: number;
  cpuSeconds?: number;
  memoryBytes?: number;
  startedAt?: number;
}

type Setter = (draft: Draft, value: number, at: number) => void;

const setCpu: Setter = (draft, value, at) => Object.assign(draft, { cpuSeconds: value, at });
const setMemory: Setter = (draft, value) => Object.assign(draft, { memoryBytes: value });

const ofContainers: Readonly<Record<string, Setter>> = {
  container_cpu_usage_seconds_total: setCpu,
  container_memory_working_set_bytes: setMemory,
  container_start_time_seconds: (draft, value) => Object.assign(draft, { startedAt: value * 1000 }),
};
const ofNode: Readonly<Record<string, Setter>> = {
  node_cpu_usage_seconds_total: setCpu,
  node_memory_working_set_bytes: setMemory,
};

const linePattern = /^([a-z_]+)(?:\{(.*)\})? (\S+)(?: (\d+))?$/;
const labelPattern = /([a-z_]+)="((?:[^"\\]|\\.)*)"/g;

/** `now` stands in for times that are not told: wall time in milliseconds. What cannot be read is left out. */
export function parseExposition(text: string, now: number): NodeSample {
  const node: Draft = {};
  const pods = new Map<string, Map<string, Draft>>();
  for (const line of text.split('\n')) {
    const [, name = '', labels = '', word, time] = linePattern.exec(line) ?? [];
    const value = Number(word);
    if (!Number.isFinite(value) || value < 0) continue;
    const at = time === undefined ? now : Number(time);
    if (Object.hasOwn(ofNode, name)) ofNode[name]?.(node, value, at);
    else if (Object.hasOwn(ofContainers, name)) ofContainers[name]?.(draftOf(pods, labels), value, at);
  }
  return {
    node: finished(node),
    pods: new Map([...pods].map(([pod, drafts]) => [pod, finishedAll(drafts)])),
  };
}

function draftOf(pods: Map<string, Map<string, Draft>>, text: string): Draft {
  const labels = new Map([...text.matchAll(labelPattern)].map(([, name = '', value = '']) => [name, value]));
  const key = `${labels.get('namespace')}/${labels.get('pod')}`;
  const drafts = pods.get(key) ?? new Map<string, Draft>();
  pods.set(key, drafts);
  const container = labels.get('container') ?? '';
  const draft = drafts.get(container) ?? {};
  drafts.set(container, draft);
  return draft;
}

function finished({ at, cpuSeconds, memoryBytes, startedAt }: Draft): Point | undefined {
  if (at === undefined || cpuSeconds === undefined || memoryBytes === undefined) return undefined;
  return { at, cpuSeconds, memoryBytes, startedAt };
}

function finishedAll(drafts: ReadonlyMap<string, Draft>): Map<string, Point> {
  const points = new Map<string, Point>();
  for (const [name, draft] of drafts) {
    const point = finished(draft);
    if (point !== undefined) points.set(name, point);
  }
  return points;
}
