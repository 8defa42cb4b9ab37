/** Answers for `/metrics/cadvisor`: measured when asked for, and kept for those who ask soon after. */

import { readFile, stat, statfs } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import { cadvisorText, type DeviceFileSystem } from '../stats/cadvisor-metrics.ts';
import { type MachineFacts, parseProcessors, parseSwapBytes, readDeviceName } from '../stats/machine-facts.ts';
import { readNodeInterfaces } from '../stats/node-interfaces.ts';
import type { NodeMeasurement, UsageMeter } from '../stats/usage-meter.ts';
import { AnswerCache } from './answer-cache.ts';

export interface CadvisorAnswersOptions {
  readonly meter: Pick<UsageMeter, 'measure'>;
  readonly machine: Pick<
    MachineFacts,
    'memoryBytes' | 'machineId' | 'systemUuid' | 'bootId' | 'kernelVersion' | 'osImage'
  >;
  /** On the file system that pods' files lie on. */
  readonly dataDir: string;
  readonly clock: Clock;
}

/** Two Prometheus servers that ask at the same time cost as much as one. */
const keepMs = 5_000;
export class CadvisorAnswers {
  readonly #options: CadvisorAnswersOptions;
  readonly #kept: AnswerCache<string>;
  readonly #deviceNames = new Map<string, string>();
  #facts: MachineFacts | undefined;

  constructor(options: CadvisorAnswersOptions) {
    this.#options = options;
    this.#kept = new AnswerCache(options.clock, 1);
  }

  /** As upstream's, an answer that says so when it cannot be measured. */
  async text(onFailure: (error: unknown) => void): Promise<string> {
    try {
      return await this.#kept.get('', async () => ({ answer: await this.#measure(), forMs: keepMs }));
    } catch (error) {
      onFailure(error);
      return cadvisorText(undefined);
    }
  }

  async #measure(): Promise<string> {
    const measurement = await this.#options.meter.measure('all');
    await this.#nameDevices(measurement);
    this.#facts ??= await this.#readFacts();
    return cadvisorText({
      measurement,
      facts: this.#facts,
      fileSystems: [await this.#readFileSystem()],
      interfaces: await readNodeInterfaces(),
      deviceName: (numbers) => this.#deviceNames.get(numbers) ?? numbers,
    });
  }

  async #nameDevices({ pods }: NodeMeasurement): Promise<void> {
    const all = pods.flatMap(({ sandbox, containers }) => [sandbox, ...containers.map(({ stats }) => stats)]);
    for (const stats of all) {
      for (const { device } of stats?.figures?.blockDevices ?? [])
        if (!this.#deviceNames.has(device)) this.#deviceNames.set(device, await readDeviceName(device));
    }
  }

  async #readFacts(): Promise<MachineFacts> {
    const [cpuinfo, meminfo] = await Promise.all(['cpuinfo', 'meminfo'].map((name) => read(`/proc/${name}`)));
    const { memoryBytes, machineId, systemUuid, bootId, kernelVersion, osImage } = this.#options.machine;
    return {
      ...{ memoryBytes, machineId, systemUuid, bootId, kernelVersion, osImage },
      ...parseProcessors(cpuinfo ?? ''),
      swapBytes: parseSwapBytes(meminfo ?? ''),
    };
  }

  async #readFileSystem(): Promise<DeviceFileSystem> {
    const { dataDir } = this.#options;
    const [{ bsize, blocks, bfree, files, ffree }, { dev }] = await Promise.all([statfs(dataDir), stat(dataDir)]);
    return {
      device: await readDeviceName(`${majorOf(dev)}:${minorOf(dev)}`),
      capacityBytes: blocks * bsize,
      usedBytes: (blocks - bfree) * bsize,
      inodes: files,
      inodesFree: ffree,
    };
  }
}

const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

/** As the C library takes them apart. */
const majorOf = (dev: number): number => Math.floor(dev / 256) % 4096;
const minorOf = (dev: number): number => (dev % 256) + 256 * (Math.floor(dev / 2 ** 20) % 4096);
