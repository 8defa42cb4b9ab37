/** downwardAPI volumes: what a pod says of itself as files. */

import type { PayloadType } from './payload-plugin.ts';
import { defaultFileMode } from './payloads.ts';

export const downwardApiVolumes: PayloadType = {
  projectionsOf({ downwardAPI }) {
    if (!downwardAPI) return undefined;
    const { items = [], defaultMode: mode = defaultFileMode } = downwardAPI;
    return [{ source: { downwardAPI: { items } }, mode }];
  },
  isSecret: () => false,
};
