/**
 * What Docker can do for a container and a pod has no field for: by annotations `docker.longshore.dev/NAME` of the pod,
 * for all its containers. Names and values are those of `docker run`, several values with commas between them. Pure.
 */

import { isRecord } from './json-record.ts';

export const engineSettingPrefix = 'docker.longshore.dev/';

export interface Ulimit {
  readonly name: string;
  /** -1: no limit. */
  readonly soft: number;
  readonly hard: number;
}

/** How fast, or with which weight, a container may use a device of blocks. */
export interface DeviceRate {
  readonly path: string;
  readonly rate: number;
}

export interface EngineSettings {
  readonly ulimits?: readonly Ulimit[];
  readonly init?: boolean;
  readonly deviceCgroupRules?: readonly string[];
  readonly logDriver?: string;
  readonly logOptions?: Readonly<Record<string, string>>;
  readonly storageOptions?: Readonly<Record<string, string>>;
  readonly runtime?: string;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly blkioWeight?: number;
  readonly blkioWeightDevices?: readonly DeviceRate[];
  readonly readBytesRates?: readonly DeviceRate[];
  readonly writeBytesRates?: readonly DeviceRate[];
  readonly readOperationsRates?: readonly DeviceRate[];
  readonly writeOperationsRates?: readonly DeviceRate[];
  readonly oomKillDisable?: boolean;
  /** Of the pod's interface. */
  readonly macAddress?: string;
}

/** What is wrong with a value, for whoever wrote it. */
class SettingError extends Error {}

type Reader = (value: string) => EngineSettings;

const readers: Readonly<Record<string, Reader>> = {
  ulimit: (value) => ({ ulimits: listOf(value).map(readUlimit) }),
  init: (value) => ({ init: readFlag(value) }),
  'device-cgroup-rule': (value) => ({
    deviceCgroupRules: listOf(value).map((rule) =>
      matched(rule, /^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}$/, 'such as c 1:3 rmw'),
    ),
  }),
  'log-driver': (value) => ({ logDriver: matched(value, word, 'the name of a logging driver') }),
  'log-opt': (value) => ({ logOptions: readPairs(value) }),
  'storage-opt': (value) => ({ storageOptions: readPairs(value) }),
  runtime: (value) => ({ runtime: matched(value, word, 'the name of a runtime of the engine') }),
  'cpuset-cpus': (value) => ({ cpusetCpus: matched(value, cpuset, 'such as 0-3,5') }),
  'cpuset-mems': (value) => ({ cpusetMems: matched(value, cpuset, 'such as 0-3,5') }),
  'blkio-weight': (value) => ({ blkioWeight: readNumber(value, { from: 10, to: 1000 }) }),
  'blkio-weight-device': (value) => ({
    blkioWeightDevices: readRates(value, (text) => readNumber(text, { from: 10, to: 1000 })),
  }),
  'device-read-bps': (value) => ({ readBytesRates: readRates(value, readBytes) }),
  'device-write-bps': (value) => ({ writeBytesRates: readRates(value, readBytes) }),
  'device-read-iops': (value) => ({ readOperationsRates: readRates(value, readCount) }),
  'device-write-iops': (value) => ({ writeOperationsRates: readRates(value, readCount) }),
  'oom-kill-disable': (value) => ({ oomKillDisable: readFlag(value) }),
  'mac-address': (value) => ({
    macAddress: matched(value, /^[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}$/, 'such as 02:42:ac:11:00:02'),
  }),
};

const word = /^[a-zA-Z0-9][a-zA-Z0-9_./:-]{0,127}$/;
const cpuset = /^\d{1,4}(-\d{1,4})?(,\d{1,4}(-\d{1,4})?){0,127}$/;
const ulimitNames = [
  ...['core', 'cpu', 'data', 'fsize', 'locks', 'memlock', 'msgqueue', 'nice', 'nofile', 'nproc', 'rss', 'rtprio'],
  ...['rttime', 'sigpending', 'stack'],
];

export const engineSettingNames: readonly string[] = Object.keys(readers);

export interface WrongSetting {
  /** Of the annotation. */
  readonly key: string;
  readonly value: string;
  readonly problem: string;
}

/** What the annotations ask for, and what of them cannot be. */
export function readEngineSettings(annotations: unknown): {
  readonly settings: EngineSettings;
  readonly wrong: readonly WrongSetting[];
} {
  const wrong: WrongSetting[] = [];
  let settings: EngineSettings = {};
  for (const [key, value] of engineAnnotationsOf(annotations)) {
    const read = Object.hasOwn(readers, nameOf(key)) ? readers[nameOf(key)] : undefined;
    try {
      if (read === undefined) throw new SettingError(`must be one of ${engineSettingNames.join(', ')}`);
      settings = { ...settings, ...read(value) };
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      wrong.push({ key, value, problem: error.message });
    }
  }
  return { settings, wrong };
}

/** Key and value of those that are Docker's, in order of their keys. */
export const engineAnnotationsOf = (annotations: unknown): [string, string][] =>
  Object.entries(isRecord(annotations) ? annotations : {})
    .filter((pair): pair is [string, string] => pair[0].startsWith(engineSettingPrefix) && typeof pair[1] === 'string')
    .sort(([a], [b]) => (a < b ? -1 : 1));

const nameOf = (key: string): string => key.slice(engineSettingPrefix.length);

function listOf(value: string): string[] {
  const items = value.split(',').map((item) => item.trim());
  if (items.includes('')) throw new SettingError('must be values with commas between them');
  return items;
}

function matched(value: string, pattern: RegExp, like: string): string {
  if (!pattern.test(value)) throw new SettingError(`must be ${like}`);
  return value;
}

function readFlag(value: string): boolean {
  if (value !== 'true' && value !== 'false') throw new SettingError('must be true or false');
  return value === 'true';
}

function readNumber(value: string, { from, to }: { readonly from: number; readonly to: number }): number {
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= from && number <= to)) throw new SettingError(`must be a whole number from ${from} to ${to}`);
  return number;
}

const readCount = (value: string): number => readNumber(value, { from: 1, to: Number.MAX_SAFE_INTEGER });

function readBytes(value: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,12})([kmg]?)b?$/i.exec(value) ?? [];
  if (digits === '') throw new SettingError('must be bytes a second, such as 10mb');
  return Number(digits) * 1024 ** ['', 'k', 'm', 'g'].indexOf(unit.toLowerCase());
}

function readUlimit(text: string): Ulimit {
  const like = 'such as nofile=1024:2048';
  const [, name = '', soft = '', hard = soft] = /^([a-z]+)=(-1|\d{1,15})(?::(-1|\d{1,15}))?$/.exec(text) ?? [];
  if (!ulimitNames.includes(name)) throw new SettingError(`must be ${like}, of ${ulimitNames.join(', ')}`);
  const isOver = Number(hard) !== -1 && (Number(soft) === -1 || Number(soft) > Number(hard));
  if (isOver) throw new SettingError(`must have no soft limit of ${name} above the hard one`);
  return { name, soft: Number(soft), hard: Number(hard) };
}

function readPairs(value: string): Record<string, string> {
  const pairs = listOf(value).map((item) => {
    const at = item.indexOf('=');
    if (at <= 0) throw new SettingError('must be name=value, with commas between them');
    return [item.slice(0, at), item.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

function readRates(value: string, read: (text: string) => number): DeviceRate[] {
  return listOf(value).map((item) => {
    const [, path = '', rate = ''] = /^(\/dev\/[^:\0]{1,200}):(.+)$/.exec(item) ?? [];
    if (path === '' || path.split('/').includes('..')) throw new SettingError('must be /dev/NAME:RATE');
    return { path, rate: read(rate) };
  });
}
