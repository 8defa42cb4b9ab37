import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeMacAddress, computeSettingsOfHost } from './engine-settings.ts';

const rate = [{ path: '/dev/sda', rate: 7 }];
const asRate = [{ Path: '/dev/sda', Rate: 7 }];

describe('computeSettingsOfHost', () => {
  it('says nothing of what nobody asks for', () => assert.deepEqual(computeSettingsOfHost({}), {}));

  it("is what was asked for, in the engine's words", () => {
    const ulimits = [{ name: 'nofile', soft: 1, hard: 2 }];
    assert.deepEqual(
      computeSettingsOfHost({
        ...{ ulimits, init: false, deviceCgroupRules: ['c 1:3 r'], storageOptions: { size: '1G' }, runtime: 'runsc' },
        ...{ cpusetCpus: '0', cpusetMems: '1', blkioWeight: 300, blkioWeightDevices: rate, oomKillDisable: true },
        ...{ readBytesRates: rate, writeBytesRates: rate, readOperationsRates: rate, writeOperationsRates: rate },
      }),
      {
        ...{ Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }], Init: false, DeviceCgroupRules: ['c 1:3 r'] },
        ...{ StorageOpt: { size: '1G' }, Runtime: 'runsc', CpusetCpus: '0', CpusetMems: '1', BlkioWeight: 300 },
        ...{ BlkioWeightDevice: [{ Path: '/dev/sda', Weight: 7 }], OomKillDisable: true },
        ...{ BlkioDeviceReadBps: asRate, BlkioDeviceWriteBps: asRate },
        ...{ BlkioDeviceReadIOps: asRate, BlkioDeviceWriteIOps: asRate },
      },
    );
  });

  it('takes options of logging without a driver for those of our own', () => {
    const logOptions = { 'max-size': '1m' };
    assert.deepEqual(computeSettingsOfHost({ logOptions }).LogConfig, { Type: 'local', Config: logOptions });
    assert.deepEqual(computeSettingsOfHost({ logDriver: 'syslog' }).LogConfig, { Type: 'syslog', Config: {} });
  });
});

describe('computeMacAddress', () => {
  const macAddress = '02:42:ac:11:00:02';
  const onEndpoint = { NetworkingConfig: { EndpointsConfig: { pods: { MacAddress: macAddress } } } };
  for (const [apiVersion, options] of [
    ['1.41', { MacAddress: macAddress }],
    ['1.43', { MacAddress: macAddress }],
    ['1.44', onEndpoint],
    ['1.52', onEndpoint],
  ] as const)
    it(`is said where API ${apiVersion} looks for it`, () =>
      assert.deepEqual(computeMacAddress({ macAddress }, { networkName: 'pods', apiVersion }), options));

  it('is nothing where nobody asks', () =>
    assert.deepEqual(computeMacAddress({}, { networkName: 'pods', apiVersion: '1.52' }), {}));
});
