import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../../api/types/core/v1.ts';
import { computeDiskTables } from './disk-table.ts';

const mebi = 2 ** 20;
const fs = (capacityBytes: number, availableBytes: number) => ({
  capacityBytes,
  availableBytes,
  inodes: 100,
  inodesFree: 80,
});
const container = (name: string, rootfs: number, logs: number) => ({
  ...{ name, rootfs: { usedBytes: rootfs * mebi }, logs: { usedBytes: logs * mebi } },
});
const summary = {
  node: { fs: fs(100 * mebi, 25 * mebi), runtime: { containerFs: fs(200 * mebi, 100 * mebi) } },
  pods: [
    { podRef: { namespace: 'default', name: 'small' }, containers: [container('a', 1, 2)] },
    {
      podRef: { namespace: 'default', name: 'large' },
      containers: [container('a', 3, 4), container('b', 0, 0)],
      volume: [{ name: 'v', usedBytes: 5 * mebi - 1 }],
    },
  ],
};
const pod = (image: string, imageID: string): Pod => ({
  metadata: { name: 'p' },
  status: { containerStatuses: [{ name: 'a', image, imageID, ready: true, restartCount: 0 }] },
});
const node = {
  status: {
    images: [
      { names: ['busybox@sha256:1', 'busybox:1'], sizeBytes: 4 * mebi },
      { names: ['app@sha256:2'], sizeBytes: 1 },
    ],
  },
};
const pods = [pod('busybox:1', 'sha256:0'), pod('x', 'docker.io/app@sha256:2'), pod('y', 'sha256:3')];

describe('computeDiskTables', () => {
  it('has file systems, pods and images, the largest first', () => {
    assert.deepEqual(computeDiskTables({ summary, node, pods, each: false }), {
      fileSystems: [
        ['FILESYSTEM', 'SIZE', 'USED', 'AVAILABLE', 'USED(%)', 'INODES(%)'],
        ['nodefs', '100Mi', '75Mi', '25Mi', '75%', '20%'],
        ['imagefs', '200Mi', '100Mi', '100Mi', '50%', '20%'],
      ],
      pods: [
        ['NAMESPACE', 'NAME', 'ROOTFS', 'LOGS', 'VOLUMES', 'TOTAL'],
        ['default', 'large', '3Mi', '4Mi', '5Mi', '12Mi'],
        ['default', 'small', '1Mi', '2Mi', '0Mi', '3Mi'],
      ],
      images: [
        ['IMAGE', 'SIZE', 'PODS'],
        ['busybox:1', '4Mi', '1'],
        ['app@sha256:2', '1Mi', '1'],
      ],
    });
  });

  it('has each container and volume where they are asked for', () => {
    const { pods: rows } = computeDiskTables({ summary, node, pods, each: true });
    assert.deepEqual(rows.slice(0, 4), [
      ['NAMESPACE', 'POD', 'NAME', 'WHAT', 'SIZE'],
      ['default', 'large', 'volume/v', 'files', '5Mi'],
      ['default', 'large', 'container/a', 'logs', '4Mi'],
      ['default', 'large', 'container/a', 'rootfs', '3Mi'],
    ]);
  });

  it('is empty where nothing is known', () => {
    const empty = computeDiskTables({ summary: 'no summary', node: {}, pods: [], each: false });
    assert.deepEqual([empty.fileSystems.length, empty.pods.length, empty.images.length], [1, 1, 1]);
  });
});
