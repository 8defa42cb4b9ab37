/** Answers for `/metrics/resource` and `/stats/summary`: what the node and its pods use. */

import { statfs } from 'node:fs/promises';
import { resourceMetricsText } from '../stats/resource-metrics.ts';
import { type FileSystemUsage, statsSummary } from '../stats/stats-summary.ts';
import type { NodeMeasurement, UsageMeter } from '../stats/usage-meter.ts';

export interface UsageAnswersOptions {
  readonly meter: Pick<UsageMeter, 'measure'>;
  readonly nodeName: string;
  /** On the file system that pods' files lie on. */
  readonly dataDir: string;
}

/** Rates over less than this say little; over more they are old. */
const rateWindowMs = { least: 1_000, most: 120_000 };

export class UsageAnswers {
  readonly #options: UsageAnswersOptions;
  /** What rates begin at, and what they will begin at next. */
  #older: NodeMeasurement | undefined;
  #newer: NodeMeasurement | undefined;

  constructor(options: UsageAnswersOptions) {
    this.#options = options;
  }

  /** As upstream's, an answer without usage when it cannot be measured. */
  async metrics(onFailure: (error: unknown) => void): Promise<string> {
    try {
      return resourceMetricsText(await this.#measure());
    } catch (error) {
      onFailure(error);
      return resourceMetricsText(undefined);
    }
  }

  /** Throws when it cannot be measured. */
  async summary(query: URLSearchParams): Promise<object> {
    const { nodeName, dataDir } = this.#options;
    const measurement = await this.#measure();
    const fileSystem = query.get('only_cpu_and_memory') === 'true' ? undefined : await readFileSystem(dataDir);
    return statsSummary({ nodeName, measurement, previous: this.#previousOf(measurement), fileSystem });
  }

  async #measure(): Promise<NodeMeasurement> {
    const measurement = await this.#options.meter.measure();
    if (this.#newer === undefined || measurement.at - this.#newer.at >= rateWindowMs.least) {
      this.#older = this.#newer;
      this.#newer = measurement;
    }
    return measurement;
  }

  #previousOf(measurement: NodeMeasurement): NodeMeasurement | undefined {
    const found = [this.#newer, this.#older].find((one) => one && measurement.at - one.at >= rateWindowMs.least);
    return found && measurement.at - found.at <= rateWindowMs.most ? found : undefined;
  }
}

async function readFileSystem(folder: string): Promise<FileSystemUsage> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(folder);
  return {
    availableBytes: bavail * bsize,
    capacityBytes: blocks * bsize,
    usedBytes: (blocks - bfree) * bsize,
    inodesFree: ffree,
    inodes: files,
    inodesUsed: files - ffree,
  };
}
