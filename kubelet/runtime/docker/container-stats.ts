/** What Docker says a container uses, in our words. Pure. */

import type Dockerode from 'dockerode';
import { parseTime } from '../../../api/time.ts';
import type { ContainerStats, InterfaceStats } from '../container-stats.ts';

/** The kernel's own words; which of them there are depends on the version of its control groups. */
type MemoryWords = Readonly<Record<string, number | undefined>>;

/** Undefined: it does not run. */
export function readStats(id: string, answer: Dockerode.ContainerStats): ContainerStats | undefined {
  // Docker leaves out what it cannot read, whatever its types say.
  const { cpu_stats: cpu, memory_stats: memory, read }: Partial<Dockerode.ContainerStats> = answer;
  const usage = memory?.usage;
  if (usage === undefined || usage === 0) return undefined;
  const words: MemoryWords = { ...memory?.stats };
  const interfaces = readInterfaces(answer);
  return {
    id,
    at: parseTime(read) ?? 0,
    cpuNanoseconds: cpu?.cpu_usage?.total_usage ?? 0,
    memoryUsageBytes: usage,
    // The first version of control groups counts with children under `total_…`; the second always does.
    workingSetBytes: Math.max(0, usage - (words.total_inactive_file ?? words.inactive_file ?? 0)),
    rssBytes: words.total_rss ?? words.anon ?? 0,
    pageFaults: words.total_pgfault ?? words.pgfault ?? 0,
    majorPageFaults: words.total_pgmajfault ?? words.pgmajfault ?? 0,
    ...(interfaces && { interfaces }),
  };
}

function readInterfaces({ networks }: Partial<Dockerode.ContainerStats>): InterfaceStats[] | undefined {
  if (networks === undefined || networks === null) return undefined;
  return Object.entries(networks).map(([name, one]) => ({
    name,
    rxBytes: one.rx_bytes,
    rxPackets: one.rx_packets,
    rxErrors: one.rx_errors,
    rxDropped: one.rx_dropped,
    txBytes: one.tx_bytes,
    txPackets: one.tx_packets,
    txErrors: one.tx_errors,
    txDropped: one.tx_dropped,
  }));
}
