/** The types of volumes that this node supports: a new one is a file beside this one and a line here. */

import { ClaimPlugin, type ClaimPluginOptions } from './claim.ts';
import { configMapVolumes } from './config-map.ts';
import { CsiPlugin } from './csi/csi-plugin.ts';
import type { CsiVolumes } from './csi/csi-volumes.ts';
import { downwardApiVolumes } from './downward-api.ts';
import { EmptyDirPlugin } from './empty-dir.ts';
import { HostPathPlugin } from './host-path.ts';
import { ImagePlugin, type ImagePluginOptions } from './image.ts';
import type { NfsPlugin } from './nfs.ts';
import { PayloadPlugin, type PayloadSources } from './payload-plugin.ts';
import { projectedVolumes } from './projected.ts';
import { secretVolumes } from './secret.ts';
import type { VolumePlugin } from './volume-plugin.ts';

/** Those whose files the kubelet writes. */
export const payloadTypes = [configMapVolumes, secretVolumes, downwardApiVolumes, projectedVolumes];

/** What plugins work with. */
export interface VolumeSources extends PayloadSources, ImagePluginOptions, ClaimPluginOptions {
  readonly csi: CsiVolumes;
  readonly nfs: NfsPlugin;
}

export function createVolumePlugins(sources: VolumeSources): VolumePlugin[] {
  return [
    new EmptyDirPlugin(sources.folders),
    new HostPathPlugin(),
    new ClaimPlugin(sources),
    new CsiPlugin(sources.csi),
    new ImagePlugin(sources),
    sources.nfs,
    ...payloadTypes.map((type) => new PayloadPlugin(type, sources)),
  ];
}
