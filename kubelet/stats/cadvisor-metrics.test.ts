import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerStats, InterfaceStats, KernelFigures } from '../runtime/container-stats.ts';
import { cadvisorText } from './cadvisor-metrics.ts';

const uid = '0a1b-2c3d';
const eth0: InterfaceStats = {
  ...{ name: 'eth0', rxBytes: 7, rxPackets: 1, rxErrors: 0, rxDropped: 0 },
  ...{ txBytes: 8, txPackets: 1, txErrors: 0, txDropped: 0 },
};
const usage = { memoryUsageBytes: 3, rssBytes: 1, pageFaults: 0, majorPageFaults: 0 };
const figuresAt = (path: string): KernelFigures => ({
  ...{ path, cpuUserNanoseconds: 0, cpuSystemNanoseconds: 0, cacheBytes: 0, swapBytes: 0, mappedFileBytes: 0 },
  ...{ kernelBytes: 0, maxUsageBytes: 0, limitHits: 0, oomKills: 0, processes: 1, threads: 1, blockDevices: [] },
  throttling: { periods: 0, throttledPeriods: 0, throttledNanoseconds: 0 },
  limits: {
    ...{ threads: 0, cpuPeriodMicroseconds: 0, cpuQuotaMicroseconds: 0, cpuShares: 0 },
    ...{ memoryBytes: 0, memoryReservationBytes: 0, swapBytes: 0 },
  },
});

function linesOf(group: string, series: string): string[] {
  const stats = (id: string, more: Pick<ContainerStats, 'cpuNanoseconds' | 'workingSetBytes'>): ContainerStats => ({
    ...{ id, at: 1_000, ...usage, ...more, figures: figuresAt(`${group}/${id}`) },
  });
  const text = cadvisorText({
    measurement: {
      at: 1_000,
      machine: { ...usage, cpuNanoseconds: 9e9, workingSetBytes: 900, availableBytes: 0, cacheBytes: 0, startedAt: 0 },
      pods: [
        {
          pod: { namespace: 'n', name: 'p', uid },
          startedAt: 0,
          sandbox: { ...stats('i', { cpuNanoseconds: 1e9, workingSetBytes: 10 }), interfaces: [eth0] },
          sandboxNames: { runtimeName: 'k8s_POD', imageName: 'pause' },
          containers: [
            {
              ...{ name: 'c', runtimeName: 'k8s_c', imageName: 'app:1', startedAt: 0 },
              stats: stats('c', { cpuNanoseconds: 2e9, workingSetBytes: 20 }),
            },
          ],
        },
      ],
    },
    facts: {
      ...{ memoryBytes: 0, machineId: '', systemUuid: '', bootId: '', kernelVersion: '', osImage: '' },
      ...{ cpuCores: 1, physicalCores: 1, cpuSockets: 1, swapBytes: 0 },
    },
    fileSystems: [],
    interfaces: [],
    deviceName: (numbers) => numbers,
  });
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${series}{`))
    .map((line) => line.slice(series.length).replace(/ 1000$/, ''));
}

describe('cadvisorText', () => {
  it('tells of the machine, of a pod as a whole, of its infra container and of its containers', () => {
    assert.deepEqual(linesOf(`/kubepods/pod${uid}`, 'container_memory_working_set_bytes'), [
      '{container="",id="/",image="",name="",namespace="",pod=""} 900',
      `{container="",id="/kubepods/pod${uid}",image="",name="",namespace="n",pod="p"} 30`,
      `{container="POD",id="/kubepods/pod${uid}/i",image="pause",name="k8s_POD",namespace="n",pod="p"} 10`,
      `{container="c",id="/kubepods/pod${uid}/c",image="app:1",name="k8s_c",namespace="n",pod="p"} 20`,
    ]);
    const cpu = linesOf(`/kubepods/pod${uid}`, 'container_cpu_usage_seconds_total');
    assert.deepEqual(
      cpu.map((line) => line.split(' ')[1]),
      ['9', '3', '1', '2'],
    );
  });

  it('names a pod by its control group, be it a folder or a slice, and by its uid where it has none', () => {
    const slice = '/kubepods.slice/kubepods-pod0a1b_2c3d.slice';
    for (const [group, id] of [
      [slice, slice],
      ['/docker', `/pod${uid}`],
    ] as const)
      assert.ok(linesOf(group, 'container_memory_rss')[1]?.includes(`id="${id}"`), group);
  });

  it('tells of the network once for each pod, as that of no container', () => {
    assert.deepEqual(linesOf(`/kubepods/pod${uid}`, 'container_network_receive_bytes_total'), [
      `{container="",id="/kubepods/pod${uid}/i",image="pause",name="k8s_POD",namespace="n",pod="p",interface="eth0"} 7`,
    ]);
  });

  it('says so when nothing could be measured', () => {
    assert.match(cadvisorText(undefined), /^container_scrape_error 1$/m);
  });
});
