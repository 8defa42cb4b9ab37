import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseProcessors, parseSwapBytes } from './machine-facts.ts';

describe('facts of a machine', () => {
  it('tell threads from cores and sockets', () => {
    const processor = (number: number, socket: number, core: number) =>
      `processor\t: ${number}\nphysical id\t: ${socket}\ncore id\t\t: ${core}\n`;
    const all = [processor(0, 0, 0), processor(1, 0, 0), processor(2, 0, 1), processor(3, 1, 0)].join('\n');
    assert.deepEqual(parseProcessors(all), { cpuCores: 4, physicalCores: 3, cpuSockets: 2 });
    // Not every architecture says where a processor is.
    const arm = 'processor\t: 0\nBogoMIPS\t: 50\n\nprocessor\t: 1\nBogoMIPS\t: 50\n\nHardware\t: x\n';
    assert.deepEqual(parseProcessors(arm), { cpuCores: 2, physicalCores: 2, cpuSockets: 1 });
    assert.deepEqual(parseProcessors(''), { cpuCores: 1, physicalCores: 1, cpuSockets: 1 });
    assert.equal(parseSwapBytes('MemTotal: 1 kB\nSwapTotal:       2048 kB\n'), 2048 * 1024);
    assert.equal(parseSwapBytes(''), 0);
  });
});
