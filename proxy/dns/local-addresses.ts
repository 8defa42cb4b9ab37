/**
 * Gives this host the addresses at which its own DNS answers, on the loopback device: pods reach them on whichever
 * node they are, and no packet leaves it. They bear a label that names the cluster, by which they are found again after
 * a crash, and told from those of another cluster on this host.
 */

import { isRecord } from '../../api/json-record.ts';
import { ProgramError, type RunProgram } from '../program.ts';

/** `lo:dns-1f2e3d4c`: as long as the name of a device may be. Without a cluster, a pattern for all. */
export const dnsAddressLabel = (clusterId: string | undefined): string =>
  `lo:dns-${clusterId === undefined ? '*' : clusterId.slice(0, 8)}`;

export class LocalAddresses {
  readonly #run: RunProgram;
  readonly #label: string;

  constructor(run: RunProgram, clusterId: string) {
    this.#run = run;
    this.#label = dnsAddressLabel(clusterId);
  }

  /** Idempotent. One that the host has under another label will do. */
  async add(address: string): Promise<void> {
    if ((await this.#read([])).includes(address)) return;
    await this.#run(['ip', 'address', 'add', `${address}/32`, 'dev', 'lo', 'label', this.#label]);
  }

  /** Takes all others of this cluster's away from the host. Idempotent. */
  async keepOnly(wanted: readonly string[]): Promise<void> {
    for (const address of await this.#read(['label', this.#label])) {
      if (wanted.includes(address)) continue;
      await this.#run(['ip', 'address', 'delete', `${address}/32`, 'dev', 'lo']);
    }
  }

  async #read(filter: readonly string[]): Promise<string[]> {
    const argv = ['ip', '-j', '-4', 'address', 'show', 'dev', 'lo', ...filter];
    const text = await this.#run(argv).catch((error: unknown) => {
      // A label that no address has yet is an error for some versions.
      if (error instanceof ProgramError && filter.length > 0) return '';
      throw error;
    });
    const devices: unknown = JSON.parse(text.trim() === '' ? '[]' : text);
    return (Array.isArray(devices) ? devices : []).flatMap((device: unknown) => {
      const addresses = isRecord(device) && Array.isArray(device.addr_info) ? device.addr_info : [];
      return addresses.flatMap((one: unknown) => (isRecord(one) && typeof one.local === 'string' ? [one.local] : []));
    });
  }
}
