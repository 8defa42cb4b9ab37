import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodDiskUsage } from '../stats/disk-usage.ts';
import { makePod, type PodSpec } from '../testing/make-pod.ts';
import { computeStorageExcess } from './storage-limits.ts';

const amount = (bytes: number) => ({ bytes, inodes: 1 });
const limited = (name: string, limit?: string) => ({
  name,
  image: 'i',
  ...(limit !== undefined && { resources: { limits: { 'ephemeral-storage': limit } } }),
});

/** Each container: what it wrote, and its logs. */
const using = (
  containers: Readonly<Record<string, readonly [number, number]>>,
  volumes: Readonly<Record<string, number>> = {},
): PodDiskUsage => ({
  at: 0,
  containers: Object.entries(containers).map(([name, [rootfs, logs]]) => ({
    name,
    rootfs: amount(rootfs),
    logs: amount(logs),
  })),
  volumes: Object.entries(volumes).map(([name, bytes]) => ({ name, used: amount(bytes) })),
});

const volume = (emptyDir: object): Partial<PodSpec> => ({ volumes: [{ name: 'v', emptyDir }] });
const mebi = 2 ** 20;

const cases: [string, Partial<PodSpec>, PodDiskUsage, string | undefined][] = [
  ['nothing is limited', { containers: [limited('a')] }, using({ a: [9e9, 9e9] }, { v: 9e9 }), undefined],
  ['a volume at its limit', volume({ sizeLimit: '1Mi' }), using({}, { v: mebi }), undefined],
  [
    'a volume beyond it',
    volume({ sizeLimit: '1Mi' }),
    using({}, { v: mebi + 1 }),
    'Usage of EmptyDir volume "v" exceeds the limit "1Mi". ',
  ],
  ['a volume in memory', volume({ sizeLimit: '1Mi', medium: 'Memory' }), using({}, { v: 2 * mebi }), undefined],
  ['no limit at all', volume({ sizeLimit: '0' }), using({}, { v: 2 * mebi }), undefined],
  ['a container at its limit', { containers: [limited('a', '2Mi')] }, using({ a: [mebi, mebi] }), undefined],
  [
    'a container beyond it, and another that has room',
    { containers: [limited('a', '2Mi'), limited('b', '8Mi')] },
    using({ a: [mebi, mebi + 1], b: [0, 0] }),
    'Container a exceeded its local ephemeral storage limit "2Mi". ',
  ],
  [
    'the whole pod, by a volume',
    { containers: [limited('a', '2Mi'), limited('b', '2Mi')], ...volume({}) },
    using({ a: [mebi, 0], b: [mebi, 0] }, { v: 3 * mebi }),
    'Pod ephemeral local storage usage exceeds the total limit of containers 4Mi. ',
  ],
];

describe('computeStorageExcess', () => {
  for (const [name, spec, usage, expected] of cases)
    it(name, () => assert.equal(computeStorageExcess(makePod(spec), usage), expected));
});
