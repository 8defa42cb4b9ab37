/** What is watched of a node: upstream's eviction signals, the resource that each is about, and the condition that says so. */

export const signals = [
  'memory.available',
  'allocatableMemory.available',
  'nodefs.available',
  'nodefs.inodesFree',
  'imagefs.available',
  'imagefs.inodesFree',
  'containerfs.available',
  'containerfs.inodesFree',
  'pid.available',
] as const;
export type Signal = (typeof signals)[number];

export const isSignal = (text: string): text is Signal => signals.some((signal) => signal === text);

/** As messages call what is short. */
export type PressedResource = 'memory' | 'ephemeral-storage' | 'inodes' | 'pids';

export type PressureCondition = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure';
/** In the order in which messages list them. */
export const pressureConditions: readonly PressureCondition[] = ['MemoryPressure', 'DiskPressure', 'PIDPressure'];

interface SignalFacts {
  readonly resource: PressedResource;
  readonly condition: PressureCondition;
}

const disk = { resource: 'ephemeral-storage', condition: 'DiskPressure' } as const;
const inodes = { resource: 'inodes', condition: 'DiskPressure' } as const;
const memory = { resource: 'memory', condition: 'MemoryPressure' } as const;

const facts: Readonly<Record<Signal, SignalFacts>> = {
  'memory.available': memory,
  'allocatableMemory.available': memory,
  'nodefs.available': disk,
  'nodefs.inodesFree': inodes,
  'imagefs.available': disk,
  'imagefs.inodesFree': inodes,
  'containerfs.available': disk,
  'containerfs.inodesFree': inodes,
  'pid.available': { resource: 'pids', condition: 'PIDPressure' },
};

export const resourceOf = (signal: Signal): PressedResource => facts[signal].resource;
export const conditionOf = (signal: Signal): PressureCondition => facts[signal].condition;

/** Bytes, inodes or processes. */
export interface Observation {
  readonly available: number;
  readonly capacity: number;
}

/** A signal that is not there could not be observed. */
export type Observations = Readonly<Partial<Record<Signal, Observation>>>;
