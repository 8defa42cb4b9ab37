/** Which huge pages the kernel keeps for programs that ask for them. They are there from the start, or not at all. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface HugePages {
  /** As resources name it: `2Mi`. */
  readonly size: string;
  /** All pages of this size together. */
  readonly totalBytes: number;
}

const usualFolder = '/sys/kernel/mm/hugepages';

/** Of every size that the processor has, also those of which there are none. */
export function readHugePages(folder = usualFolder): HugePages[] {
  try {
    return readdirSync(folder).flatMap((name) => {
      const kibibytes = kibibytesOf(name);
      if (kibibytes === undefined) return [];
      const count = Number(readFileSync(join(folder, name, 'nr_hugepages'), 'utf8'));
      return [{ size: nameOfSize(kibibytes), totalBytes: count * kibibytes * 1024 }];
    });
  } catch {
    return []; // this kernel has none
  }
}

function kibibytesOf(name: string): number | undefined {
  const found = /^hugepages-([1-9]\d*)kB$/.exec(name)?.[1];
  return found === undefined ? undefined : Number(found);
}

function nameOfSize(kibibytes: number): string {
  if (kibibytes % 2 ** 20 === 0) return `${kibibytes / 2 ** 20}Gi`;
  return kibibytes % 2 ** 10 === 0 ? `${kibibytes / 2 ** 10}Mi` : `${kibibytes}Ki`;
}
