/** The kind DeviceClass. */

import { deviceClasses } from '../../api/resources/resource.ts';
import { defineKind } from '../define-kind.ts';

export const deviceClassKind = defineKind(deviceClasses);
