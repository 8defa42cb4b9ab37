/**
 * What containers and the machine use in the Prometheus text format, under the names and labels that cAdvisor gives it in
 * upstream's kubelet: what dashboards and recording rules read. Pure.
 */

import { dirname } from 'node:path';
import { type MetricFamily, type MetricSample, metricsText } from '../../base/metrics-text.ts';
import { gitVersion } from '../../base/version.ts';
import type { BlockDeviceStats, ContainerStats, InterfaceStats, KernelFigures } from '../runtime/container-stats.ts';
import type { MachineFacts } from './machine-facts.ts';
import { type NodeMeasurement, type PodMeasurement, sumOfPod, type UsageAmount } from './usage-meter.ts';

/** One file system of the machine that pods' files lie on. */
export interface DeviceFileSystem {
  /** `/dev/sda1` */
  readonly device: string;
  readonly capacityBytes: number;
  readonly usedBytes: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

export interface CadvisorInput {
  readonly measurement: NodeMeasurement;
  readonly facts: MachineFacts;
  readonly fileSystems: readonly DeviceFileSystem[];
  /** The machine's own. */
  readonly interfaces: readonly InterfaceStats[];
  /** `8:0` → `/dev/sda`; what has no name is called by its number. */
  deviceName(numbers: string): string;
}

type Labels = Readonly<Record<string, string>>;

interface Measured {
  readonly labels: Labels;
  readonly startedAt: number;
  readonly stats: ContainerStats;
}

/** As the kubelet's cAdvisor labels what belongs to no pod. */
const machineLabels: Labels = { container: '', id: '/', image: '', name: '', namespace: '', pod: '' };

/** `input` undefined: it could not be measured, which is all that there is to say. */
export function cadvisorText(input: CadvisorInput | undefined): string {
  const failed = gauge(
    'container_scrape_error',
    '1 if there was an error while getting container metrics, 0 otherwise',
    [{ value: input === undefined ? 1 : 0 }],
  );
  return metricsText([...(input === undefined ? [] : cadvisorFamilies(input)), failed]);
}

function cadvisorFamilies(input: CadvisorInput): MetricFamily[] {
  const all = measuredOf(input.measurement);
  return [
    ...usageFamilies(all, input),
    ...kernelFamilies(all, input),
    ...networkFamilies(all, input),
    ...fileSystemFamilies(input),
    ...machineFamilies(input.facts),
  ];
}

/** Infra containers, as `POD`, and containers. */
const measuredOf = ({ pods }: NodeMeasurement): Measured[] =>
  pods.flatMap(({ pod, sandbox, sandboxNames, startedAt, containers }) => {
    const labelsOf = (container: string, stats: ContainerStats, names: typeof sandboxNames): Labels => ({
      container,
      id: stats.figures?.path ?? `/${stats.id}`,
      image: names.imageName,
      name: names.runtimeName,
      namespace: pod.namespace,
      pod: pod.name,
    });
    return [
      ...(sandbox ? [{ labels: labelsOf('POD', sandbox, sandboxNames), startedAt, stats: sandbox }] : []),
      ...containers.map((one) => ({
        labels: labelsOf(one.name, one.stats, one),
        startedAt: one.startedAt,
        stats: one.stats,
      })),
    ];
  });

/** A pod as a whole: no container, and no image, which is how rules tell it from its containers. */
function labelsOfPod({ pod: { namespace, name, uid }, sandbox }: PodMeasurement): Labels {
  const group = dirname(sandbox?.figures?.path ?? '');
  const hasOwn = group.includes(uid) || group.includes(uid.replaceAll('-', '_'));
  return { container: '', id: hasOwn ? group : `/pod${uid}`, image: '', name: '', namespace, pod: name };
}

function usageFamilies(all: readonly Measured[], { measurement }: CadvisorInput): MetricFamily[] {
  const { machine, at, pods } = measurement;
  const of = (amount: UsageAmount, { more = {}, divisor = 1 }: { more?: Labels; divisor?: number } = {}) => {
    const sample = (labels: Labels, value: number, measuredAt: number): MetricSample => {
      return { labels: { ...labels, ...more }, value: value / divisor, at: measuredAt };
    };
    return [
      sample(machineLabels, machine[amount], at),
      ...pods.map((pod) => sample(labelsOfPod(pod), sumOfPod(pod, amount), pod.sandbox?.at ?? at)),
      ...all.map(({ labels, stats }) => sample(labels, stats[amount], stats.at)),
    ];
  };
  const failures = (type: string, amount: UsageAmount) =>
    of(amount, { more: { failure_type: type, scope: 'container' } });
  return [
    counter(
      'container_cpu_usage_seconds_total',
      'Cumulative cpu time consumed in seconds.',
      of('cpuNanoseconds', { more: { cpu: 'total' }, divisor: 1e9 }),
    ),
    gauge(
      'container_memory_usage_bytes',
      'Current memory usage in bytes, including all memory regardless of when it was accessed',
      of('memoryUsageBytes'),
    ),
    gauge('container_memory_working_set_bytes', 'Current working set in bytes.', of('workingSetBytes')),
    gauge('container_memory_rss', 'Size of RSS in bytes.', of('rssBytes')),
    counter('container_memory_failures_total', 'Cumulative count of memory allocation failures.', [
      ...failures('pgfault', 'pageFaults'),
      ...failures('pgmajfault', 'majorPageFaults'),
    ]),
    gauge('container_last_seen', 'Last time a container was seen by the exporter', [
      { labels: machineLabels, value: at / 1000, at },
      ...all.map(({ labels, stats }) => ({ labels, value: stats.at / 1000, at: stats.at })),
    ]),
    gauge('container_start_time_seconds', 'Start time of the container since unix epoch in seconds.', [
      { labels: machineLabels, value: machine.startedAt / 1000 },
      ...all.map(({ labels, startedAt }) => ({ labels, value: startedAt / 1000 })),
    ]),
  ];
}

/** What only the kernel's own files say. */
function kernelFamilies(all: readonly Measured[], { measurement, deviceName }: CadvisorInput): MetricFamily[] {
  const told = all.flatMap(({ labels, stats }) =>
    stats.figures === undefined ? [] : [{ labels, at: stats.at, figures: stats.figures }],
  );
  const of = (value: (figures: KernelFigures) => number, isTold = (_: KernelFigures) => true): MetricSample[] =>
    told
      .filter(({ figures }) => isTold(figures))
      .map(({ labels, at, figures }) => ({ labels, value: value(figures), at }));
  const disks = (value: (device: BlockDeviceStats) => number): MetricSample[] =>
    told.flatMap(({ labels, at, figures }) =>
      figures.blockDevices.map((one) => ({
        labels: { ...labels, device: deviceName(one.device) },
        value: value(one),
        at,
      })),
    );
  const hasQuota = ({ limits }: KernelFigures) => limits.cpuQuotaMicroseconds > 0;
  const ofMachine = (value: number): MetricSample => ({ labels: machineLabels, value, at: measurement.at });
  return [
    counter('container_cpu_user_seconds_total', 'Cumulative user cpu time consumed in seconds.', [
      ...of(({ cpuUserNanoseconds }) => cpuUserNanoseconds / 1e9),
    ]),
    counter('container_cpu_system_seconds_total', 'Cumulative system cpu time consumed in seconds.', [
      ...of(({ cpuSystemNanoseconds }) => cpuSystemNanoseconds / 1e9),
    ]),
    counter('container_cpu_cfs_periods_total', 'Number of elapsed enforcement period intervals.', [
      ...of(({ throttling }) => throttling.periods, hasQuota),
    ]),
    counter('container_cpu_cfs_throttled_periods_total', 'Number of throttled period intervals.', [
      ...of(({ throttling }) => throttling.throttledPeriods, hasQuota),
    ]),
    counter('container_cpu_cfs_throttled_seconds_total', 'Total time duration the container has been throttled.', [
      ...of(({ throttling }) => throttling.throttledNanoseconds / 1e9, hasQuota),
    ]),
    gauge('container_memory_cache', 'Number of bytes of page cache memory.', [
      ofMachine(measurement.machine.cacheBytes),
      ...of(({ cacheBytes }) => cacheBytes),
    ]),
    gauge(
      'container_memory_swap',
      'Container swap usage in bytes.',
      of(({ swapBytes }) => swapBytes),
    ),
    gauge('container_memory_mapped_file', 'Size of memory mapped files in bytes.', [
      ...of(({ mappedFileBytes }) => mappedFileBytes),
    ]),
    gauge('container_memory_kernel_usage', 'Size of kernel memory allocated in bytes.', [
      ...of(({ kernelBytes }) => kernelBytes),
    ]),
    gauge('container_memory_max_usage_bytes', 'Maximum memory usage recorded in bytes', [
      ...of(({ maxUsageBytes }) => maxUsageBytes),
    ]),
    counter(
      'container_memory_failcnt',
      'Number of memory usage hits limits',
      of(({ limitHits }) => limitHits),
    ),
    counter('container_oom_events_total', 'Count of out of memory events observed for the container', [
      ...of(({ oomKills }) => oomKills),
    ]),
    gauge(
      'container_processes',
      'Number of processes running inside the container.',
      of(({ processes }) => processes),
    ),
    gauge(
      'container_threads',
      'Number of threads running inside the container',
      of(({ threads }) => threads),
    ),
    gauge(
      'container_threads_max',
      'Maximum number of threads allowed inside the container, infinity if value is zero',
      [...of(({ limits }) => limits.threads)],
    ),
    gauge('container_spec_cpu_period', 'CPU period of the container.', [
      ...of(({ limits }) => limits.cpuPeriodMicroseconds),
    ]),
    gauge('container_spec_cpu_quota', 'CPU quota of the container.', [
      ...of(({ limits }) => limits.cpuQuotaMicroseconds, hasQuota),
    ]),
    gauge(
      'container_spec_cpu_shares',
      'CPU share of the container.',
      of(({ limits }) => limits.cpuShares),
    ),
    gauge('container_spec_memory_limit_bytes', 'Memory limit for the container.', [
      ...of(({ limits }) => limits.memoryBytes),
    ]),
    gauge('container_spec_memory_reservation_limit_bytes', 'Memory reservation limit for the container.', [
      ...of(({ limits }) => limits.memoryReservationBytes),
    ]),
    gauge('container_spec_memory_swap_limit_bytes', 'Memory swap limit for the container.', [
      ...of(({ limits }) => limits.swapBytes),
    ]),
    counter(
      'container_fs_reads_total',
      'Cumulative count of reads completed',
      disks(({ reads }) => reads),
    ),
    counter(
      'container_fs_writes_total',
      'Cumulative count of writes completed',
      disks(({ writes }) => writes),
    ),
    counter(
      'container_fs_reads_bytes_total',
      'Cumulative count of bytes read',
      disks(({ readBytes }) => readBytes),
    ),
    counter('container_fs_writes_bytes_total', 'Cumulative count of bytes written', [
      ...disks(({ writeBytes }) => writeBytes),
    ]),
  ];
}

/** Of the machine, and of pods: of no container, with the names of the infra container that has the pod's network. */
function networkFamilies(all: readonly Measured[], { measurement, interfaces }: CadvisorInput): MetricFamily[] {
  const carriers = [
    { labels: machineLabels, at: measurement.at, interfaces },
    ...all
      .filter(({ labels }) => labels.container === 'POD')
      .map(({ labels, stats }) => ({
        labels: { ...labels, container: '' },
        at: stats.at,
        interfaces: stats.interfaces ?? [],
      })),
  ];
  const of = (value: (one: InterfaceStats) => number): MetricSample[] =>
    carriers.flatMap(({ labels, at, interfaces: carried }) =>
      carried.map((one) => ({ labels: { ...labels, interface: one.name }, value: value(one), at })),
    );
  const family = (way: 'receive' | 'transmit', what: string, help: string, value: (one: InterfaceStats) => number) =>
    counter(`container_network_${way}_${what}_total`, `Cumulative count of ${help}`, of(value));
  return [
    family('receive', 'bytes', 'bytes received', ({ rxBytes }) => rxBytes),
    family('receive', 'packets', 'packets received', ({ rxPackets }) => rxPackets),
    family('receive', 'errors', 'errors encountered while receiving', ({ rxErrors }) => rxErrors),
    family('receive', 'packets_dropped', 'packets dropped while receiving', ({ rxDropped }) => rxDropped),
    family('transmit', 'bytes', 'bytes transmitted', ({ txBytes }) => txBytes),
    family('transmit', 'packets', 'packets transmitted', ({ txPackets }) => txPackets),
    family('transmit', 'errors', 'errors encountered while transmitting', ({ txErrors }) => txErrors),
    family('transmit', 'packets_dropped', 'packets dropped while transmitting', ({ txDropped }) => txDropped),
  ];
}

function fileSystemFamilies({ fileSystems, measurement: { at } }: CadvisorInput): MetricFamily[] {
  const of = (value: (one: DeviceFileSystem) => number): MetricSample[] =>
    fileSystems.map((one) => ({ labels: { ...machineLabels, device: one.device }, value: value(one), at }));
  return [
    gauge('container_fs_usage_bytes', 'Number of bytes that are consumed by the container on this filesystem.', [
      ...of(({ usedBytes }) => usedBytes),
    ]),
    gauge('container_fs_limit_bytes', 'Number of bytes that can be consumed by the container on this filesystem.', [
      ...of(({ capacityBytes }) => capacityBytes),
    ]),
    gauge(
      'container_fs_inodes_total',
      'Number of Inodes',
      of(({ inodes }) => inodes),
    ),
    gauge(
      'container_fs_inodes_free',
      'Number of available Inodes',
      of(({ inodesFree }) => inodesFree),
    ),
  ];
}

function machineFamilies(facts: MachineFacts): MetricFamily[] {
  const labels = { boot_id: facts.bootId, machine_id: facts.machineId, system_uuid: facts.systemUuid };
  const one = (name: string, help: string, value: number) => gauge(name, help, [{ labels, value }]);
  return [
    gauge('cadvisor_version_info', "A metric with a constant '1' value labeled by kernel version, OS and kubelet.", [
      {
        labels: {
          cadvisorRevision: '',
          cadvisorVersion: gitVersion,
          dockerVersion: '',
          kernelVersion: facts.kernelVersion,
          osVersion: facts.osImage,
        },
        value: 1,
      },
    ]),
    one('machine_cpu_cores', 'Number of logical CPU cores.', facts.cpuCores),
    one('machine_cpu_physical_cores', 'Number of physical CPU cores.', facts.physicalCores),
    one('machine_cpu_sockets', 'Number of CPU sockets.', facts.cpuSockets),
    one('machine_memory_bytes', 'Amount of memory installed on the machine.', facts.memoryBytes),
    one('machine_swap_bytes', 'Amount of swap memory available on the machine.', facts.swapBytes),
  ];
}

const family =
  (type: MetricFamily['type']) =>
  (name: string, help: string, samples: readonly MetricSample[]): MetricFamily => ({ name, help, type, samples });
const counter = family('counter');
const gauge = family('gauge');
