/** What to do when etcd does not start, by its own words. Nothing here may ever lead to losing what it keeps. Pure. */

import { join } from 'node:path';

interface Advice {
  readonly words: RegExp;
  readonly text: (folder: string) => string;
}

const nothingLost = 'Nothing is lost: containers go on running meanwhile.';

/** The first that fits counts. */
const advices: readonly Advice[] = [
  {
    words: /no space left|disk quota exceeded/i,
    text: (folder) => `The disk is full: make room where ${folder} is, then start again. ${nothingLost}`,
  },
  {
    words: /read-only file system|input\/output error/i,
    text: (folder) => `The disk under ${folder} fails: see "dmesg", and copy that folder elsewhere. ${nothingLost}`,
  },
  {
    words: /permission denied|operation not permitted/i,
    text: (folder) =>
      `It may not use ${folder}: that folder must belong to the user who starts Longshore. ${nothingLost}`,
  },
  {
    words: /address already in use/i,
    text: (folder) => `Another etcd uses ${folder}: "fuser -v ${join(folder, 'client:0')}" shows which. ${nothingLost}`,
  },
  {
    words: /too many open files|cannot allocate memory|out of memory/i,
    text: () => `This machine has too little left for it: end what needs so much, then start again. ${nothingLost}`,
  },
  {
    words:
      /crc mismatch|checksum|corrupt|invalid database|unexpected eof|unmarshal|not found wal|no such snapshot|page .* already freed/i,
    text: (folder) =>
      `Its data cannot be read. Keep them whatever you try: cp -a ${folder} ${folder}.kept\n` +
      `Then put a backup of ${join(folder, 'data')} in their place and start again. Containers go on running meanwhile.`,
  },
];

export function adviceOnEtcd(endOfOutput: string, folder: string): string {
  const found = advices.find(({ words }) => words.test(endOfOutput));
  return found?.text(folder) ?? `Whatever you try, keep a copy of ${folder} first. ${nothingLost}`;
}
