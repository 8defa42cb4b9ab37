/** Which kept logs have to go. Pure. */

export interface KeptLog {
  readonly container: string;
  readonly attempt: number;
  readonly bytes: number;
  /** Wall time in milliseconds. */
  readonly keptAt: number;
}

export interface KeptPodLogs {
  readonly uid: string;
  readonly logs: readonly KeptLog[];
}

export interface LogBudget {
  readonly nodeBytes: number;
  /** Of all pods together: each takes a file, however little is in it. */
  readonly nodeLogs: number;
  readonly podBytes: number;
  /** Generations of one container. */
  readonly attempts: number;
  readonly maxAgeMs: number;
}

export interface LogToDrop {
  readonly uid: string;
  readonly log: KeptLog;
}

/**
 * The oldest go first: of a pod that has too much, and then of the node. Asked after each log that is kept, of all that
 * are there: no pod is looked for among the others.
 */
export function findLogsToDrop(pods: readonly KeptPodLogs[], budget: LogBudget, now: number): LogToDrop[] {
  const { nodeBytes, nodeLogs, podBytes, attempts, maxAgeMs } = budget;
  const dropped = new Set<LogToDrop>();
  const drop = (entries: readonly LogToDrop[], mostBytes: number, mostLogs: number) => {
    let bytes = 0;
    let count = 0;
    for (const entry of entries.toSorted((a, b) => b.log.keptAt - a.log.keptAt || b.log.attempt - a.log.attempt)) {
      if (dropped.has(entry)) continue;
      count += 1;
      if (count > mostLogs || bytes + entry.log.bytes > mostBytes) dropped.add(entry);
      else bytes += entry.log.bytes;
    }
  };
  const all = pods.map(({ uid, logs }) => logs.map((log) => ({ uid, log })));
  for (const ofPod of all) {
    for (const entry of ofPod) if (now - entry.log.keptAt > maxAgeMs) dropped.add(entry);
    for (const container of new Set(ofPod.map(({ log }) => log.container))) {
      const generations = ofPod.filter(({ log }) => log.container === container);
      drop(generations, podBytes, attempts);
    }
    drop(ofPod, podBytes, Number.POSITIVE_INFINITY);
  }
  drop(all.flat(), nodeBytes, nodeLogs);
  return [...dropped];
}
