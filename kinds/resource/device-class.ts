/** The kind DeviceClass. */

import { deviceClasses } from '../../api/resources/resource.ts';
import { FieldPath } from '../../machinery/field-errors.ts';
import { defineKind } from '../define-kind.ts';
import { validateConfiguration, validateSelectors } from './device-claim.ts';

const maxConfig = 32;

export const deviceClassKind = defineKind(deviceClasses, {
  strategy: {
    compilesExpressions: true,
    generationOf: ({ spec }) => ({ spec }),
    validate({ spec }, errors) {
      const path = FieldPath.of('spec');
      validateSelectors(spec?.selectors ?? [], path.child('selectors'), errors);
      const config = spec?.config ?? [];
      if (config.length > maxConfig) errors.tooMany(path.child('config'), config.length, maxConfig);
      else for (const [i, one] of config.entries()) validateConfiguration(one, path.child('config').index(i), errors);
    },
  },
});
