/** Answers for `/metrics/resource` and `/stats/summary`: what the node and its pods use. */

import type { DiskFigures } from '../stats/disk-summary.ts';
import { resourceMetricsText } from '../stats/resource-metrics.ts';
import { statsSummary } from '../stats/stats-summary.ts';
import type { NodeMeasurement, UsageMeter } from '../stats/usage-meter.ts';

export interface UsageAnswersOptions {
  readonly meter: Pick<UsageMeter, 'measure'>;
  readonly nodeName: string;
  /** What is known of disks; throws when they cannot be read. */
  readonly readDisk: () => Promise<DiskFigures>;
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
    const { nodeName, readDisk } = this.#options;
    const measurement = await this.#measure();
    const disk = query.get('only_cpu_and_memory') === 'true' ? undefined : await readDisk();
    return statsSummary({ nodeName, measurement, previous: this.#previousOf(measurement), disk });
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
