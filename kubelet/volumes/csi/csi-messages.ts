/** The node's part of the Container Storage Interface, version 1, as it is on the wire: `csi.v1.Node`, `csi.v1.Identity`. */

import type { PluginMethod } from '../../plugins/plugin-channel.ts';
import { defineMessages } from '../../plugins/wire-messages.ts';

export const csiMessages = defineMessages({
  Empty: {},
  GetPluginInfoResponse: { name: 'string 1', vendorVersion: 'string 2' },
  BlockVolume: {},
  MountVolume: { fsType: 'string 1', mountFlags: 'repeated string 2', volumeMountGroup: 'string 3' },
  AccessMode: { mode: 'int32 1' },
  VolumeCapability: { block: 'BlockVolume 1', mount: 'MountVolume 2', accessMode: 'AccessMode 3' },
  CapacityRange: { requiredBytes: 'int64 1', limitBytes: 'int64 2' },
  NodeStageVolumeRequest: {
    volumeId: 'string 1',
    publishContext: 'map 2',
    stagingTargetPath: 'string 3',
    volumeCapability: 'VolumeCapability 4',
    secrets: 'map 5',
    volumeContext: 'map 6',
  },
  NodeUnstageVolumeRequest: { volumeId: 'string 1', stagingTargetPath: 'string 2' },
  NodePublishVolumeRequest: {
    volumeId: 'string 1',
    publishContext: 'map 2',
    stagingTargetPath: 'string 3',
    targetPath: 'string 4',
    volumeCapability: 'VolumeCapability 5',
    readonly: 'bool 6',
    secrets: 'map 7',
    volumeContext: 'map 8',
  },
  NodeUnpublishVolumeRequest: { volumeId: 'string 1', targetPath: 'string 2' },
  NodeGetVolumeStatsRequest: { volumeId: 'string 1', volumePath: 'string 2', stagingTargetPath: 'string 3' },
  VolumeUsage: { available: 'int64 1', total: 'int64 2', used: 'int64 3', unit: 'int32 4' },
  VolumeCondition: { abnormal: 'bool 1', message: 'string 2' },
  NodeGetVolumeStatsResponse: { usage: 'repeated VolumeUsage 1', volumeCondition: 'VolumeCondition 2' },
  NodeExpandVolumeRequest: {
    volumeId: 'string 1',
    volumePath: 'string 2',
    capacityRange: 'CapacityRange 3',
    stagingTargetPath: 'string 4',
    volumeCapability: 'VolumeCapability 5',
    secrets: 'map 6',
  },
  NodeExpandVolumeResponse: { capacityBytes: 'int64 1' },
  Rpc: { type: 'int32 1' },
  NodeServiceCapability: { rpc: 'Rpc 1' },
  NodeGetCapabilitiesResponse: { capabilities: 'repeated NodeServiceCapability 1' },
  Topology: { segments: 'map 1' },
  NodeGetInfoResponse: { nodeId: 'string 1', maxVolumesPerNode: 'int64 2', accessibleTopology: 'Topology 3' },
});

const m = csiMessages;
const node = (name: string): string => `/csi.v1.Node/${name}`;

export const csiMethods = {
  nodeGetInfo: { path: node('NodeGetInfo'), request: m.Empty, response: m.NodeGetInfoResponse },
  nodeGetCapabilities: {
    path: node('NodeGetCapabilities'),
    request: m.Empty,
    response: m.NodeGetCapabilitiesResponse,
  },
  nodeStageVolume: { path: node('NodeStageVolume'), request: m.NodeStageVolumeRequest, response: m.Empty },
  nodeUnstageVolume: { path: node('NodeUnstageVolume'), request: m.NodeUnstageVolumeRequest, response: m.Empty },
  nodePublishVolume: { path: node('NodePublishVolume'), request: m.NodePublishVolumeRequest, response: m.Empty },
  nodeUnpublishVolume: { path: node('NodeUnpublishVolume'), request: m.NodeUnpublishVolumeRequest, response: m.Empty },
  nodeGetVolumeStats: {
    path: node('NodeGetVolumeStats'),
    request: m.NodeGetVolumeStatsRequest,
    response: m.NodeGetVolumeStatsResponse,
  },
  nodeExpandVolume: {
    path: node('NodeExpandVolume'),
    request: m.NodeExpandVolumeRequest,
    response: m.NodeExpandVolumeResponse,
  },
} as const satisfies Record<string, PluginMethod>;

/** What a driver's node part says that it can do. */
export const nodeCapability = {
  stageUnstage: 1,
  volumeStats: 2,
  expand: 3,
  volumeCondition: 4,
  singleNodeMultiWriter: 5,
  volumeMountGroup: 6,
} as const;

export const accessMode = {
  singleNodeWriter: 1,
  singleNodeReaderOnly: 2,
  multiNodeReaderOnly: 3,
  multiNodeSingleWriter: 4,
  multiNodeMultiWriter: 5,
  singleNodeSingleWriter: 6,
  singleNodeMultiWriter: 7,
} as const;
