/** What the machine's own interfaces have carried. */

import { readFile } from 'node:fs/promises';
import type { InterfaceStats } from '../runtime/container-stats.ts';
import { parseInterfaces } from '../runtime/interface-stats.ts';

/** The ends of pods' own interfaces, and bridges of the engine: what they carry is counted elsewhere. */
const inner = /^(veth|docker|br-|cali|cni)/;

export async function readNodeInterfaces(): Promise<InterfaceStats[]> {
  const text = await readFile('/proc/self/net/dev', 'utf8').catch(() => '');
  return parseInterfaces(text).filter(({ name }) => !inner.test(name));
}
