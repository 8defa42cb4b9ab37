import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type EngineSettings, readEngineSettings } from './engine-settings.ts';

const read = (name: string, value: string) => readEngineSettings({ [`docker.longshore.dev/${name}`]: value });

describe('readEngineSettings', () => {
  const good: readonly (readonly [string, string, EngineSettings])[] = [
    [
      ...(['ulimit', 'nofile=1024:2048, core=0,memlock=-1'] as const),
      {
        ulimits: [
          { name: 'nofile', soft: 1024, hard: 2048 },
          { name: 'core', soft: 0, hard: 0 },
          { name: 'memlock', soft: -1, hard: -1 },
        ],
      },
    ],
    ['init', 'true', { init: true }],
    ['device-cgroup-rule', 'c 1:3 rmw,b 7:* r', { deviceCgroupRules: ['c 1:3 rmw', 'b 7:* r'] }],
    ['log-driver', 'json-file', { logDriver: 'json-file' }],
    ['log-opt', 'max-size=1m,tag={{.Name}}=x', { logOptions: { 'max-size': '1m', tag: '{{.Name}}=x' } }],
    ['storage-opt', 'size=1G', { storageOptions: { size: '1G' } }],
    ['runtime', 'io.containerd.runsc.v1', { runtime: 'io.containerd.runsc.v1' }],
    ['cpuset-cpus', '0-1,3', { cpusetCpus: '0-1,3' }],
    ['cpuset-mems', '0', { cpusetMems: '0' }],
    ['blkio-weight', '300', { blkioWeight: 300 }],
    ['blkio-weight-device', '/dev/sda:300', { blkioWeightDevices: [{ path: '/dev/sda', rate: 300 }] }],
    ['device-read-bps', '/dev/sda:10mb', { readBytesRates: [{ path: '/dev/sda', rate: 10_485_760 }] }],
    ['device-write-bps', '/dev/sda:512', { writeBytesRates: [{ path: '/dev/sda', rate: 512 }] }],
    ['device-read-iops', '/dev/sda:7', { readOperationsRates: [{ path: '/dev/sda', rate: 7 }] }],
    ['device-write-iops', '/dev/sda:7', { writeOperationsRates: [{ path: '/dev/sda', rate: 7 }] }],
    ['oom-kill-disable', 'false', { oomKillDisable: false }],
    ['mac-address', '02:42:ac:11:00:02', { macAddress: '02:42:ac:11:00:02' }],
  ];
  for (const [name, value, settings] of good)
    it(`reads ${name}`, () => assert.deepEqual(read(name, value), { settings, wrong: [] }));

  for (const [name, value, problem] of [
    ['ulimit', 'nofile', /such as nofile=1024:2048/],
    ['ulimit', 'files=1', /such as nofile=1024:2048, of core, cpu/],
    ['ulimit', 'nofile=2:1', /no soft limit of nofile above the hard one/],
    ['ulimit', 'nofile=-1:1', /no soft limit of nofile above the hard one/],
    ['init', 'yes', /true or false/],
    ['device-cgroup-rule', 'x 1:3 r', /such as c 1:3 rmw/],
    ['log-driver', '', /logging driver/],
    ['log-opt', 'max-size', /name=value/],
    ['log-opt', 'a=1,,b=2', /commas/],
    ['runtime', '../runc', /a runtime of the engine/],
    ['cpuset-cpus', '1-', /0-3,5/],
    ['blkio-weight', '5', /from 10 to 1000/],
    ['blkio-weight', '1e2', /from 10 to 1000/],
    ['device-read-bps', 'sda:1mb', /\/dev\/NAME:RATE/],
    ['device-read-bps', '/dev/../etc:1mb', /\/dev\/NAME:RATE/],
    ['device-read-bps', '/dev/sda:fast', /bytes a second/],
    ['device-read-iops', '/dev/sda:0', /whole number/],
    ['mac-address', '01:42:ac:11:00:02', /such as 02:42/],
    ['privileged', 'true', /^must be one of ulimit, init,/],
    ['constructor', 'x', /^must be one of/],
    ['', 'x', /^must be one of/],
  ] as const)
    it(`refuses ${name} ${JSON.stringify(value)}`, () => {
      const { settings, wrong } = read(name, value);
      assert.deepEqual(settings, {});
      assert.deepEqual(
        wrong.map(({ key }) => key),
        [`docker.longshore.dev/${name}`],
      );
      assert.match(wrong[0]?.problem ?? '', problem);
    });

  it('looks at no other annotations', () =>
    assert.deepEqual(readEngineSettings({ 'example.com/init': 'true', x: 1 }), { settings: {}, wrong: [] }));
});
