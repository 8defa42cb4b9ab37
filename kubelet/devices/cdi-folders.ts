/** The CDI specs that lie in folders of this node. What cannot be read is told, and keeps nothing else from being read. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText } from '../../base/error-text.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import { type CdiDevice, parseCdiSpec } from './cdi-spec.ts';
import { readBounded } from './read-bounded.ts';

/** Where specs lie on every machine, also on those whose engine does not read them. Later folders win. */
export const usualCdiFolders: readonly string[] = ['/etc/cdi', '/var/run/cdi'];

const mostFiles = 256;

export interface FoundCdiDevices {
  readonly devices: readonly CdiDevice[];
  readonly troubles: readonly string[];
}

export async function readCdiFolders(folders: readonly string[]): Promise<FoundCdiDevices> {
  const troubles: string[] = [];
  const devices = new Map<string, CdiDevice>();
  for (const folder of folders) {
    const note = (error: unknown, what: string) => troubles.push(`${what}: ${errorText(error)}`);
    const names = await ifFilePresent(readdir(folder)).catch((error: unknown) => void note(error, 'CDI specs'));
    for (const name of (names ?? []).filter(isSpecName).sort().slice(0, mostFiles)) {
      try {
        const text = await ifFilePresent(readBounded(join(folder, name)));
        for (const device of text === undefined ? [] : parseCdiSpec(text)) devices.set(device.id, device);
      } catch (error) {
        note(error, `CDI spec ${join(folder, name)}`);
      }
    }
  }
  return { devices: [...devices.values()], troubles };
}

const isSpecName = (name: string): boolean => /\.(json|yaml)$/.test(name);
