import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SystemdCgroups } from './systemd-cgroups.ts';

describe('SystemdCgroups', () => {
  it('says what a slice is given before anything starts in it, and takes it back', async () => {
    const calls: string[] = [];
    const cgroups = new SystemdCgroups(
      { driver: 'systemd', version: 2, top: 'none-kubepods.slice' },
      async (name, args) => {
        calls.push([name, ...args].join(' '));
      },
    );
    await cgroups.set('none-kubepods-pod1.slice', { cpuShares: 2, memoryBytes: 0 });
    await cgroups.remove('none-kubepods-pod1.slice');
    assert.deepEqual(calls, [
      'systemctl set-property --runtime -- none-kubepods-pod1.slice CPUWeight=1 MemoryMax=infinity',
      'systemctl start -- none-kubepods-pod1.slice',
      'systemctl stop -- none-kubepods-pod1.slice',
      'systemctl revert -- none-kubepods-pod1.slice',
    ]);
  });
});
