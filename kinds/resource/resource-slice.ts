/** The kind ResourceSlice. */

import { resourceSlices } from '../../api/resources/resource.ts';
import { defineKind } from '../define-kind.ts';

export const resourceSliceKind = defineKind(resourceSlices, {
  selectableFields: [
    { name: 'spec.driver', value: ({ spec }) => spec?.driver ?? '' },
    { name: 'spec.nodeName', value: ({ spec }) => spec?.nodeName ?? '' },
  ],
  strategy: { returnDeletedObject: true },
});
