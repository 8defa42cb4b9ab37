/** projected volumes: ConfigMaps, Secrets, the downward API and tokens of service accounts in one folder. */

import type { PayloadType } from './payload-plugin.ts';
import { defaultFileMode } from './payloads.ts';

export const projectedVolumes: PayloadType = {
  projectionsOf({ projected }) {
    if (!projected) return undefined;
    const mode = projected.defaultMode ?? defaultFileMode;
    return (projected.sources ?? []).map((source) => ({ source, mode }));
  },
  isSecret: ({ projected }) => (projected?.sources ?? []).some((source) => source.secret ?? source.serviceAccountToken),
};
