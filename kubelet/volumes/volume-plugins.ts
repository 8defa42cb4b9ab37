/** The types of volumes that this node supports: a new one is a file beside this one and a line here. */

import type { ClaimedVolumes } from '../references/claimed-volumes.ts';
import { ClaimPlugin } from './claim.ts';
import { configMapVolumes } from './config-map.ts';
import { downwardApiVolumes } from './downward-api.ts';
import { EmptyDirPlugin } from './empty-dir.ts';
import { HostPathPlugin } from './host-path.ts';
import type { LocalVolumes } from './local-volumes.ts';
import { PayloadPlugin, type PayloadSources } from './payload-plugin.ts';
import { projectedVolumes } from './projected.ts';
import { secretVolumes } from './secret.ts';
import type { VolumePlugin } from './volume-plugin.ts';

/** Those whose files the kubelet writes. */
export const payloadTypes = [configMapVolumes, secretVolumes, downwardApiVolumes, projectedVolumes];

export interface VolumeSources extends PayloadSources {
  readonly claims: ClaimedVolumes;
  readonly localVolumes: Pick<LocalVolumes, 'pathOf'>;
}

export function createVolumePlugins(sources: VolumeSources): VolumePlugin[] {
  return [
    new EmptyDirPlugin(sources.folders),
    new HostPathPlugin(),
    new ClaimPlugin(sources.claims, sources.localVolumes),
    ...payloadTypes.map((type) => new PayloadPlugin(type, sources)),
  ];
}
