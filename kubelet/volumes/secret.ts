/** secret volumes: the keys of a Secret as files, in memory. */

import type { PayloadType } from './payload-plugin.ts';
import { defaultFileMode } from './payloads.ts';

export const secretVolumes: PayloadType = {
  projectionsOf({ secret }) {
    if (!secret) return undefined;
    const { secretName = '', defaultMode: mode = defaultFileMode, ...rest } = secret;
    return [{ source: { secret: { ...rest, name: secretName } }, mode }];
  },
  isSecret: () => true,
};
