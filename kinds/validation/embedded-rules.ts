/** What is asked of a resource inside another, where kinds say it: its name may be any that fits into a path. */

import type { EmbeddedRules } from '../../machinery/structural/embedded-metadata.ts';
import { validateObjectMeta } from './metadata-validation.ts';
import { checkDns1035Label, checkPathSegment } from './names.ts';

export const embeddedRules: EmbeddedRules = {
  checkKind: checkDns1035Label,
  validateMetadata(metadata, path, errors) {
    const namespaced = (metadata.namespace ?? '') !== '';
    // It need not have a name.
    const named = metadata.name ? metadata : { ...metadata, name: 'unnamed' };
    validateObjectMeta(named, { namespaced, nameErrors: checkPathSegment, path }, errors);
  },
};
