/** The kind ControllerRevision. */

import type { ControllerRevision } from 'kubernetes-types/apps/v1';
import { defineKind } from '../define-kind.ts';

export const controllerRevisions = defineKind<ControllerRevision>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
});
