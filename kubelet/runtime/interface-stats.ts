/** What the interfaces of a network namespace have carried: `/proc/PID/net/dev`. Pure. */

import type { InterfaceStats } from './container-stats.ts';

/** Without the loopback. */
export function parseInterfaces(netDev: string): InterfaceStats[] {
  return netDev.split('\n').flatMap((line) => {
    const [, name = '', figures = ''] = /^\s*([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    if (name === '' || name === 'lo') return [];
    const [rxBytes = 0, rxPackets = 0, rxErrors = 0, rxDropped = 0, , , , , ...sent] = figures.split(/\s+/).map(Number);
    const [txBytes = 0, txPackets = 0, txErrors = 0, txDropped = 0] = sent;
    return [{ name, rxBytes, rxPackets, rxErrors, rxDropped, txBytes, txPackets, txErrors, txDropped }];
  });
}
