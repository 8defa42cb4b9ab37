import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allParts, type DiskParts } from '../stats/disk-usage.ts';
import { makePod } from '../testing/make-pod.ts';
import { rankPods } from './pod-ranking.ts';
import type { PodUsage } from './pod-usage.ts';
import type { Signal } from './signals.ts';

interface Played {
  readonly name: string;
  readonly requests?: Record<string, string>;
  readonly priority?: number;
  readonly memory?: number;
  readonly processes?: number;
  /** Bytes of what the containers wrote, their logs, their volumes; inodes are a tenth of them. */
  readonly disk?: readonly [rootfs: number, logs: number, volumes: number];
}

function play({ name, requests = {}, priority = 0, memory, processes = 0, disk }: Played): PodUsage {
  const amount = (bytes = 0) => ({ bytes, inodes: bytes / 10 });
  return {
    pod: makePod(
      { priority, containers: [{ name: 'a', image: 'i', resources: { requests } }] },
      { metadata: { namespace: 'default', name, uid: name, resourceVersion: '1', creationTimestamp: '' } },
    ),
    memory: memory === undefined ? undefined : { workingSetBytes: memory, processes, containers: [] },
    disk: disk && {
      at: 0,
      containers: [{ name: 'a', rootfs: amount(disk[0]), logs: amount(disk[1]) }],
      volumes: [{ name: 'v', used: amount(disk[2]) }],
    },
  };
}

const cases: [string, Signal, readonly Played[], string[], DiskParts?][] = [
  [
    'memory: who uses more than asked for, by priority, by how much more',
    'memory.available',
    [
      { name: 'within', memory: 900, requests: { memory: '1000' }, priority: -5 },
      { name: 'important', memory: 900, requests: { memory: '100' }, priority: 10 },
      { name: 'slightly', memory: 300, requests: { memory: '290' } },
      { name: 'much', memory: 290, requests: { memory: '100' } },
      { name: 'well-within', memory: 10, requests: { memory: '1000' }, priority: -5 },
    ],
    ['much', 'slightly', 'important', 'within', 'well-within'],
  ],
  [
    'memory: who was not measured goes first',
    'memory.available',
    [
      { name: 'known', memory: 900 },
      { name: 'unknown', priority: 5 },
      { name: 'idle', memory: 0 },
    ],
    ['unknown', 'known', 'idle'],
  ],
  [
    'disk: all that a pod has on one file system',
    'nodefs.available',
    [
      { name: 'logs', disk: [0, 500, 0] },
      { name: 'layer', disk: [600, 0, 0] },
      { name: 'asked', disk: [900, 0, 0], requests: { 'ephemeral-storage': '1k' } },
      { name: 'volume', disk: [0, 0, 700] },
    ],
    ['volume', 'layer', 'logs', 'asked'],
  ],
  [
    'disk: only what lies on the one that is full',
    'imagefs.available',
    [
      { name: 'layer', disk: [5, 1, 0] },
      { name: 'volume', disk: [0, 0, 700] },
    ],
    ['layer', 'volume'],
    { rootfs: true, logs: true, volumes: false },
  ],
  [
    'inodes: requests of bytes do not count',
    'nodefs.inodesFree',
    [
      { name: 'few', disk: [10, 0, 0] },
      { name: 'many', disk: [50, 0, 0], requests: { 'ephemeral-storage': '1Gi' } },
    ],
    ['many', 'few'],
  ],
  [
    'pids: by priority, then by how many there are',
    'pid.available',
    [
      { name: 'quiet', memory: 1, processes: 3 },
      { name: 'forks', memory: 1, processes: 900 },
      { name: 'important', memory: 1, processes: 5000, priority: 1 },
    ],
    ['forks', 'quiet', 'important'],
  ],
];

describe('rankPods', () => {
  for (const [name, signal, pods, expected, parts = allParts] of cases)
    it(name, () => {
      const ranked = rankPods(pods.map(play), signal, parts).map(({ pod }) => pod.metadata.name);
      assert.deepEqual(ranked, expected);
    });
});
