/** The kind ComponentStatus. */

import { componentStatuses } from '../../../api/resources/core.ts';
import { defineKind } from '../../define-kind.ts';

export const componentStatusKind = defineKind(componentStatuses, {
  shortNames: ['cs'],
  servedBy: 'readOnly',
});
