import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { advancePressure, noPressure, type PressureState } from './met-thresholds.ts';
import type { Observations, Signal } from './signals.ts';
import { parseThresholds } from './thresholds.ts';

const thresholds = parseThresholds({
  hard: 'nodefs.available<10%,pid.available<100',
  soft: 'memory.available<200',
  softGracePeriod: 'memory.available=30s',
  minimumReclaim: 'nodefs.available=50',
});

const observing = (available: Partial<Record<Signal, number>>): Observations =>
  Object.fromEntries(
    Object.entries(available).map(([signal, amount]) => [signal, { available: amount, capacity: 1000 }]),
  );

type Step = [second: number, available: Partial<Record<Signal, number>>, due: string[], conditions: string[]];

function play(steps: readonly Step[]): void {
  let state: PressureState = noPressure;
  for (const [second, available, due, conditions] of steps) {
    state = advancePressure(state, {
      thresholds,
      observations: observing(available),
      now: second * 1000,
      transitionMs: 60_000,
    });
    assert.deepEqual([second, state.due.map(({ signal }) => signal), state.conditions], [second, due, conditions]);
  }
}

describe('advancePressure', () => {
  it('acts on a hard threshold at once, until enough is reclaimed; the condition stays for a while', () => {
    play([
      [0, { 'nodefs.available': 100 }, [], []],
      [10, { 'nodefs.available': 99 }, ['nodefs.available'], ['DiskPressure']],
      [20, { 'nodefs.available': 149 }, ['nodefs.available'], ['DiskPressure']],
      [30, { 'nodefs.available': 150 }, [], ['DiskPressure']],
      [79, { 'nodefs.available': 500 }, [], ['DiskPressure']],
      [80, { 'nodefs.available': 500 }, [], []],
      [90, { 'nodefs.available': 149 }, [], []],
    ]);
  });

  it('acts on a soft one when its time is up, counted from where it began to be met', () => {
    play([
      [0, { 'memory.available': 199 }, [], ['MemoryPressure']],
      [29, { 'memory.available': 10 }, [], ['MemoryPressure']],
      [30, { 'memory.available': 10 }, ['memory.available'], ['MemoryPressure']],
      [40, { 'memory.available': 200 }, [], ['MemoryPressure']],
      [50, { 'memory.available': 199 }, [], ['MemoryPressure']],
      [79, { 'memory.available': 199 }, [], ['MemoryPressure']],
      [80, { 'memory.available': 199 }, ['memory.available'], ['MemoryPressure']],
    ]);
  });

  it('takes memory first, and what is not observed for not met', () => {
    const scarce = { 'pid.available': 1, 'nodefs.available': 1, 'memory.available': 1 };
    play([
      [0, scarce, ['nodefs.available', 'pid.available'], ['MemoryPressure', 'DiskPressure', 'PIDPressure']],
      [
        30,
        scarce,
        ['memory.available', 'nodefs.available', 'pid.available'],
        ['MemoryPressure', 'DiskPressure', 'PIDPressure'],
      ],
      [40, {}, [], ['MemoryPressure', 'DiskPressure', 'PIDPressure']],
    ]);
  });
});
