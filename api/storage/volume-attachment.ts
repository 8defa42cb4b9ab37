/** The kind VolumeAttachment. */

import type { VolumeAttachment } from 'kubernetes-types/storage/v1';
import { defineKind, statusSubresource } from '../define-kind.ts';

export const volumeAttachments = defineKind<VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  namespaced: false,
  subresources: [statusSubresource],
});
