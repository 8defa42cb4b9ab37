import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeStorage, parseUpperFolder } from './storage.ts';

const containerdStore = [
  ['Backing Filesystem', 'extfs'],
  ['driver-type', 'io.containerd.snapshotter.v1'],
];

describe('computeStorage', () => {
  const cases: [string, object, string, string][] = [
    ['the usual folder', { DockerRootDir: '/var/lib/docker', DriverStatus: [] }, '/var/lib/docker', '/var/lib/docker'],
    ['a folder of its own', { DockerRootDir: '/data/docker', DriverStatus: null }, '/data/docker', '/data/docker'],
    [
      "the machine's containerd",
      {
        DockerRootDir: '/var/lib/docker',
        DriverStatus: containerdStore,
        Containerd: { Address: '/run/containerd/containerd.sock' },
      },
      '/var/lib/containerd',
      '/var/lib/docker',
    ],
    [
      "the engine's own containerd",
      {
        DockerRootDir: '/data/docker',
        DriverStatus: containerdStore,
        Containerd: { Address: '/var/run/docker/containerd/containerd.sock' },
      },
      '/data/docker/containerd/daemon',
      '/data/docker',
    ],
    [
      'a containerd of which nothing is said',
      { DriverStatus: containerdStore },
      '/var/lib/containerd',
      '/var/lib/docker',
    ],
  ];
  for (const [name, info, imageFolder, logFolder] of cases)
    it(name, () => assert.deepEqual(computeStorage(info), { imageFolder, logFolder }));
});

describe('parseUpperFolder', () => {
  it("finds the layer of a container's root", () => {
    const text = [
      '600 500 0:50 / /proc rw,nosuid - proc proc rw',
      '601 500 0:51 / / rw,relatime - overlay overlay rw,lowerdir=/l/1/fs:/l/2/fs,upperdir=/var/lib/my\\040disk/7/fs,workdir=/w',
    ].join('\n');
    assert.equal(parseUpperFolder(text), '/var/lib/my disk/7/fs');
  });

  it('finds nothing where the root is no overlay', () => {
    assert.equal(parseUpperFolder('601 500 8:1 / / rw - ext4 /dev/sda1 rw'), undefined);
    assert.equal(parseUpperFolder('601 500 0:51 / / ro - overlay overlay ro,lowerdir=/l/1/fs:/l/2/fs'), undefined);
  });
});
