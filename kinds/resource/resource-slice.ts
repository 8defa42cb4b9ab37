/** The kind ResourceSlice. */

import type { KubernetesObject } from '../../api/object.ts';
import { resourceSlices } from '../../api/resources/resource.ts';
import { defineKind } from '../define-kind.ts';

export const resourceSliceKind = defineKind(resourceSlices);
