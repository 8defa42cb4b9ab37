/** The kind Node. */

import type { Node } from 'kubernetes-types/core/v1';
import { connectSubresource, defineKind, proxyVerbs, statusSubresource } from '../define-kind.ts';

export const nodes = defineKind<Node>({
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  subresources: [connectSubresource('proxy', 'NodeProxyOptions', proxyVerbs), statusSubresource],
});
