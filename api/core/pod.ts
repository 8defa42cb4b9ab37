/** The kind Pod. */

import type { Pod } from 'kubernetes-types/core/v1';
import { connectSubresource, defineKind, editSubresource, proxyVerbs, statusSubresource } from '../define-kind.ts';
import type { Verb } from '../kind.ts';

const connectVerbs: readonly Verb[] = ['create', 'get'];

export const pods = defineKind<Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  subresources: [
    connectSubresource('attach', 'PodAttachOptions', connectVerbs),
    { name: 'binding', verbs: ['create'], body: { group: '', version: 'v1', kind: 'Binding' } },
    editSubresource('ephemeralcontainers'),
    { name: 'eviction', verbs: ['create'], body: { group: 'policy', version: 'v1', kind: 'Eviction' } },
    connectSubresource('exec', 'PodExecOptions', connectVerbs),
    { name: 'log', verbs: ['get'] },
    connectSubresource('portforward', 'PodPortForwardOptions', connectVerbs),
    connectSubresource('proxy', 'PodProxyOptions', proxyVerbs),
    editSubresource('resize'),
    statusSubresource,
  ],
});
