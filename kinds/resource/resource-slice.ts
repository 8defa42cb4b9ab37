/** The kind ResourceSlice. */

import { resourceSlices } from '../../api/resources/resource.ts';
import { defineKind } from '../define-kind.ts';

export const resourceSliceKind = defineKind(resourceSlices);
