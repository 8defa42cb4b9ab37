import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { pods } from '../../api/resources/core.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import type { PodMetrics } from './pod-groups.ts';
import {
  replicasForAverage,
  replicasForShare,
  replicasForTotal,
  replicasForUtilization,
} from './replica-calculator.ts';

const now = Date.UTC(2030, 0, 2);
const tolerances = { up: 0.1, down: 0.1 };

interface Picture {
  phase?: string;
  ready?: boolean;
  going?: boolean;
  startedSecondsAgo?: number;
  request?: string;
}

function pod(
  name: string,
  { phase = 'Running', ready = true, going, startedSecondsAgo = 3600, request = '100m' }: Picture = {},
) {
  const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
  const condition = { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: ago(startedSecondsAgo - 5) };
  return storedObject(pods, {
    metadata: { name, ...(going && { deletionTimestamp: ago(1) }) },
    spec: { containers: [{ name: 'c', ...(request && { resources: { requests: { cpu: request } } }) }] },
    status: { phase, startTime: ago(startedSecondsAgo), conditions: [condition] },
  });
}

const used = (...values: number[]): PodMetrics =>
  new Map(values.map((value, i) => [`p${i}`, { value, at: now - 10_000, windowMs: 30_000 }]));
const workload = (list: ReturnType<typeof pod>[], currentReplicas = list.length) => ({
  pods: list,
  currentReplicas,
  tolerances,
  now,
});
const cpu = { percent: 50, resource: 'cpu' };

describe('replicas by utilization', () => {
  const cases: readonly (readonly [
    title: string,
    pods: ReturnType<typeof pod>[],
    metrics: PodMetrics,
    replicas: number,
  ])[] = [
    ['twice as much as wanted: twice as many', [pod('p0'), pod('p1')], used(100, 100), 4],
    ['half of it: half as many', [pod('p0'), pod('p1'), pod('p2'), pod('p3')], used(25, 25, 25, 25), 2],
    ['nearly right: nothing', [pod('p0'), pod('p1')], used(54, 50), 2],
    [
      'a pod that starts counts as idle upwards',
      [pod('p0'), pod('p1', { ready: false, startedSecondsAgo: 20 })],
      used(90, 100),
      2,
    ],
    ['a pod that was not measured counts as idle upwards', [pod('p0'), pod('p1')], used(200), 4],
    ['and as busy downwards', [pod('p0'), pod('p1'), pod('p2')], used(10, 10), 3],
    ['one that goes counts for nothing', [pod('p0'), pod('p1', { going: true })], used(100, 100), 2],
    ['one that has failed neither', [pod('p0'), pod('p1', { phase: 'Failed' })], used(100, 100), 2],
  ];
  for (const [title, list, metrics, replicas] of cases) {
    it(title, () => assert.equal(replicasForUtilization(workload(list), metrics, cpu).replicas, replicas));
  }

  it('shows what is used, in percent of the requests and on average', () => {
    const { utilization, usage } = replicasForUtilization(workload([pod('p0'), pod('p1')]), used(80, 41), cpu);
    assert.deepEqual([utilization, usage], [60, 60]);
  });

  const failures: readonly (readonly [message: RegExp, pods: ReturnType<typeof pod>[], metrics: PodMetrics])[] = [
    [/^no pods returned by selector while calculating replica count$/, [], used(1)],
    [
      /^did not receive metrics for targeted pods \(pods might be unready\)$/,
      [pod('p0', { phase: 'Pending' })],
      used(1),
    ],
    [/^missing request for cpu in container c of Pod p0$/, [pod('p0', { request: '' })], used(1)],
  ];
  for (const [message, list, metrics] of failures) {
    it(`says: ${message.source}`, () =>
      assert.throws(() => replicasForUtilization(workload(list), metrics, cpu), { message }));
  }
});

describe('replicas by other measures', () => {
  it('on average', () =>
    assert.equal(replicasForAverage(workload([pod('p0'), pod('p1')]), used(300, 100), { average: 100 }).replicas, 4));
  it('in all', () => assert.equal(replicasForTotal(workload([pod('p0'), pod('p1')]), 300, 100).replicas, 6));
  it('in all, from nothing', () => assert.equal(replicasForTotal(workload([], 0), 300, 100).replicas, 3));
  it('a share each', () =>
    assert.deepEqual(replicasForShare({ replicas: 2, tolerances }, 500, 100), { replicas: 5, usage: 250 }));
  it('a share each, nearly right', () =>
    assert.equal(replicasForShare({ replicas: 5, tolerances }, 510, 100).replicas, 5));

  it('what is missing never turns the direction', () => {
    const picture = fc.record({
      phase: fc.constantFrom('Running', 'Pending', 'Failed'),
      ready: fc.boolean(),
      going: fc.boolean(),
    });
    const measured = fc.option(fc.nat(400), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.tuple(picture, measured), { minLength: 1, maxLength: 8 }), (list) => {
        const all = list.map(([one], i) => pod(`p${i}`, one));
        const metrics = new Map(
          list.flatMap(([, value], i): [string, { value: number; at: number; windowMs: number }][] =>
            value === undefined ? [] : [[`p${i}`, { value, at: now, windowMs: 1 }]],
          ),
        );
        const counted = list.filter(
          ([{ phase, going }, value]) => phase === 'Running' && !going && value !== undefined,
        );
        if (counted.length === 0) return;
        const mean = counted.reduce((sum, [, value]) => sum + (value ?? 0), 0) / counted.length;
        const { replicas } = replicasForAverage(workload(all), metrics, { average: 100 });
        const isComplete = list.every(
          ([{ phase, going }, value]) => phase === 'Running' && !going && value !== undefined,
        );
        if (!isComplete && mean > 101 && list.some(([, value]) => value === undefined))
          assert.ok(replicas >= Math.min(all.length, counted.length));
        assert.ok(replicas >= 0 && replicas <= Math.max(all.length, Math.ceil((mean / 100) * all.length) + 1));
      }),
      { numRuns: 200 },
    );
  });
});
