/** configMap volumes: the keys of a ConfigMap as files. */

import type { PayloadType } from './payload-plugin.ts';
import { defaultFileMode } from './payloads.ts';

export const configMapVolumes: PayloadType = {
  projectionsOf: ({ configMap }) =>
    configMap ? [{ source: { configMap }, mode: configMap.defaultMode ?? defaultFileMode }] : undefined,
  isSecret: () => false,
};
