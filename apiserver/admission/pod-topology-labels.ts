/** A pod says in which zone and region its node stands: what runs in it can read its own labels, but no node. */

import { isRecord } from '../../api/json-record.ts';
import { regionLabel, zoneLabel } from '../../api/labels.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import { type AdmissionPlugin, onWrite } from '../registry/admission.ts';
import type { ObjectReader } from '../registry/object-reader.ts';

export const createPodTopologyLabels = (objects: ObjectReader): AdmissionPlugin => ({
  name: 'PodTopologyLabels',

  admit: [
    {
      handles: { operations: ['CREATE'], resource: pods, subresource: 'binding' },
      async run({ object }) {
        if (object !== undefined) await copyLabels(objects, object, nodeOfBinding(object));
      },
    },
    onWrite(['CREATE'], pods, ({ object }) => copyLabels(objects, object, object.spec?.nodeName ?? '')),
  ],
});

function nodeOfBinding(binding: object): string {
  const target = isRecord(binding) ? binding.target : undefined;
  if (!isRecord(target) || (target.kind ?? 'Node') !== 'Node') return '';
  return typeof target.name === 'string' ? target.name : '';
}

/** What is there stays. */
async function copyLabels(objects: ObjectReader, object: KubernetesObject, nodeName: string): Promise<void> {
  if (nodeName === '' || nodeName.includes('/')) return;
  const node = await objects.find(nodes, { name: nodeName });
  const found = Object.entries(node?.metadata.labels ?? {}).filter(([key]) => key === zoneLabel || key === regionLabel);
  if (found.length === 0) return;
  object.metadata ??= {};
  object.metadata.labels = { ...Object.fromEntries(found), ...object.metadata.labels };
}
