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
  readonly podBytes: number;
  /** Generations of one container. */
  readonly attempts: number;
  readonly maxAgeMs: number;
}

export interface LogToDrop {
  readonly uid: string;
  readonly log: KeptLog;
}

/** The oldest go first: of a pod that has too much, and then of the node. */
export function findLogsToDrop(pods: readonly KeptPodLogs[], budget: LogBudget, now: number): LogToDrop[] {
  const all = pods.flatMap(({ uid, logs }) => logs.map((log) => ({ uid, log })));
  const dropped = new Set<LogToDrop>();
  const drop = (entries: readonly LogToDrop[], limit: number, isTooMuch: (bytes: number, count: number) => boolean) => {
    let bytes = 0;
    let count = 0;
    for (const entry of entries.toSorted((a, b) => b.log.keptAt - a.log.keptAt || b.log.attempt - a.log.attempt)) {
      if (dropped.has(entry)) continue;
      bytes += entry.log.bytes;
      count += 1;
      if (isTooMuch(bytes, count) || bytes > limit) {
        dropped.add(entry);
        bytes -= entry.log.bytes;
      }
    }
  };
  for (const entry of all) if (now - entry.log.keptAt > budget.maxAgeMs) dropped.add(entry);
  for (const { uid } of pods) {
    const ofPod = all.filter((entry) => entry.uid === uid);
    for (const container of new Set(ofPod.map(({ log }) => log.container))) {
      const generations = ofPod.filter(({ log }) => log.container === container);
      drop(generations, budget.podBytes, (_, count) => count > budget.attempts);
    }
    drop(ofPod, budget.podBytes, () => false);
  }
  drop(all, budget.nodeBytes, () => false);
  return [...dropped];
}
