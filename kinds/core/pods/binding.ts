/** The kind Binding. */

import { bindings } from '../../../api/resources/core.ts';
import { defineKind } from '../../define-kind.ts';

export const bindingKind = defineKind(bindings, {
  servedBy: 'binding',
});
