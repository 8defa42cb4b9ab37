import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type NodeSample, type Point, parseExposition } from './exposition.ts';
import { goDuration, usageOfNode, usageOfPod } from './usage.ts';

const point = (at: number, cpuSeconds: number, rest: Partial<Point> = {}): Point => ({
  at,
  cpuSeconds,
  memoryBytes: 3 << 20,
  ...rest,
});

const podSample = (containers: Readonly<Record<string, Point>>): NodeSample => ({
  node: undefined,
  pods: new Map([['a/p', new Map(Object.entries(containers))]]),
});

const usageOf = (before: Point | undefined, after: Point) => {
  const pair = { before: podSample(before ? { c: before } : {}), after: podSample({ c: after }) };
  return usageOfPod(pair, 'a/p');
};

describe('usage from two samples', () => {
  it('is the difference over the time between them', () => {
    const found = usageOf(point(10_000, 5, { startedAt: 0 }), point(25_000, 8.75, { startedAt: 0 }));
    assert.deepEqual(found, {
      at: 25_000,
      windowMs: 15_000,
      containers: [{ name: 'c', usage: { cpu: '250m', memory: '3Mi' } }],
    });
  });

  const unknown: readonly (readonly [what: string, before: Point | undefined, after: Point])[] = [
    ['a counter that fell', point(0, 5), point(15_000, 1)],
    ['no time between them', point(15_000, 5), point(15_000, 6)],
    ['a clock that went back', point(15_000, 5), point(10_000, 6)],
    ['one sample only', undefined, point(15_000, 1)],
    ['a container that has just been started', point(0, 5, { startedAt: -9 }), point(15_000, 1, { startedAt: 9_000 })],
  ];
  for (const [what, before, after] of unknown)
    it(`says nothing of ${what}`, () => assert.equal(usageOf(before, after), undefined));

  it('reckons a container that was started anew from its start', () => {
    const found = usageOf(point(0, 500, { startedAt: -9 }), point(30_000, 10, { startedAt: 10_000 }));
    assert.deepEqual(found?.containers, [{ name: 'c', usage: { cpu: '500m', memory: '3Mi' } }]);
    assert.equal(found?.windowMs, 20_000);
  });

  it('says nothing of a pod of which one container is unknown', () => {
    const before = podSample({ one: point(0, 1) });
    const after = podSample({ one: point(15_000, 2), two: point(15_000, 2) });
    assert.equal(usageOfPod({ before, after }, 'a/p'), undefined);
    assert.equal(usageOfPod({ before, after }, 'a/q'), undefined);
  });

  it('of a node', () => {
    const sample = (node: Point | undefined): NodeSample => ({ node, pods: new Map() });
    const used = usageOfNode({ before: sample(point(0, 1)), after: sample(point(3_000, 2)) });
    assert.deepEqual(used?.usage, { cpu: '333333333n', memory: '3Mi' });
    assert.equal(usageOfNode({ before: sample(point(0, 1)), after: sample(undefined) }), undefined);
  });

  it('windows are written as Go writes them', () => {
    const texts = [0, 850, 2_004, 15_000, 75_000, 3_600_000].map(goDuration);
    assert.deepEqual(texts, ['0s', '850ms', '2.004s', '15s', '1m15s', '1h0m0s']);
  });
});

describe('the text of a kubelet', () => {
  it('is read by node, pod and container; what cannot be read is left out', () => {
    const text = [
      '# TYPE container_cpu_usage_seconds_total counter',
      'container_cpu_usage_seconds_total{container="c",namespace="a",pod="p"} 1.5 1000',
      'container_cpu_usage_seconds_total{container="d",namespace="a",pod="p"} NaN 1000',
      'container_memory_working_set_bytes{container="c",namespace="a",pod="p"} 4096 1000',
      'container_memory_working_set_bytes{container="d",namespace="a",pod="p"} 4096 1000',
      'container_start_time_seconds{container="c",namespace="a",pod="p"} 0.5',
      'node_cpu_usage_seconds_total 7 1000',
      'node_memory_working_set_bytes 8192 1000',
      'constructor 1',
      'garbage {{{',
    ].join('\n');
    const { node, pods } = parseExposition(text, 5_000);
    assert.deepEqual(node, { at: 1000, cpuSeconds: 7, memoryBytes: 8192, startedAt: undefined });
    const c = { at: 1000, cpuSeconds: 1.5, memoryBytes: 4096, startedAt: 500 };
    assert.deepEqual(pods, new Map([['a/p', new Map([['c', c]])]]));
    assert.equal(parseExposition('', 0).node, undefined);
  });
});
