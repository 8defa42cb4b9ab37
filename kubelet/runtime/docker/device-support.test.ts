import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDeviceSupport } from './device-support.ts';

const runc = { path: 'runc' };

describe('readDeviceSupport', () => {
  const none = { cdiFolders: [], drivers: [] };
  for (const [title, info, support] of [
    ['an engine that says nothing of devices', { Runtimes: { runc }, ServerVersion: '20.10.24' }, none],
    [
      'an old one with the runtime of NVIDIA',
      { Runtimes: { runc, nvidia: { path: 'nvidia-container-runtime' } } },
      { ...none, drivers: ['nvidia'] },
    ],
    ['one on which CDI is switched off', { Runtimes: { runc }, CDISpecDirs: [] }, none],
    [
      'one that reads CDI specs',
      { CDISpecDirs: ['/etc/cdi', '/var/run/cdi'] },
      { ...none, cdiFolders: ['/etc/cdi', '/var/run/cdi'] },
    ],
    [
      'one that lists what it found',
      {
        CDISpecDirs: ['/etc/cdi'],
        DiscoveredDevices: [
          { Source: 'cdi', ID: 'nvidia.com/gpu=0' },
          { Source: 'other', ID: 'x' },
        ],
      },
      { ...none, cdiFolders: ['/etc/cdi'], cdiDevices: ['nvidia.com/gpu=0'] },
    ],
    [
      'one that found nothing',
      { CDISpecDirs: ['/etc/cdi'], DiscoveredDevices: [] },
      { ...none, cdiFolders: ['/etc/cdi'], cdiDevices: [] },
    ],
    [
      'something else than an engine',
      {
        CDISpecDirs: [1, 'relative', ''],
        Runtimes: 'nvidia',
        DiscoveredDevices: [null, { Source: 'cdi' }, { Source: 'cdi', ID: 'x'.repeat(600) }],
      },
      { ...none, cdiDevices: [] },
    ],
    ['no answer at all', undefined, none],
  ] as const) {
    it(`reads ${title}`, () => assert.deepEqual(readDeviceSupport(info), support));
  }
});
