/** Administrative access to devices that others use is for claims of namespaces that are marked for it, as upstream has it. */

import { own } from '../../api/json-record.ts';
import { namespaces } from '../../api/resources/core.ts';
import { resourceClaims, resourceClaimTemplates } from '../../api/resources/resource.ts';
import type { DeviceClaim } from '../../api/types/resource/v1.ts';
import { FieldErrors, FieldPath, invalidObject } from '../../machinery/field-errors.ts';
import { type AdmissionPlugin, onWrite } from '../registry/admission.ts';
import type { ObjectReader } from '../registry/object-reader.ts';

const label = 'resource.kubernetes.io/admin-access';
const why = `admin access to devices requires the \`${label}: true\` label on the containing namespace`;

export const createDeviceAdminAccess = (objects: ObjectReader): AdmissionPlugin => {
  async function check(claim: DeviceClaim | undefined, path: FieldPath, namespace = ''): Promise<FieldErrors> {
    const errors = new FieldErrors();
    const asks = (claim?.requests ?? []).map(({ exactly }) => exactly?.adminAccess === true);
    if (!asks.includes(true)) return errors;
    const found = await objects.find(namespaces, { name: namespace });
    if (own(found?.metadata.labels ?? {}, label) === 'true') return errors;
    for (const [index, isAsked] of asks.entries())
      if (isAsked) errors.forbidden(path.child('requests').index(index).child('exactly', 'adminAccess'), why);
    return errors;
  }
  return {
    name: 'DeviceAdminAccess',
    validate: [
      onWrite(['CREATE'], resourceClaims, async ({ object, kind, name, namespace }) => {
        const { list } = await check(object.spec?.devices, FieldPath.of('spec', 'devices'), namespace);
        if (list.length > 0) throw invalidObject(kind, name, list);
      }),
      onWrite(['CREATE'], resourceClaimTemplates, async ({ object, kind, name, namespace }) => {
        const { list } = await check(object.spec?.spec?.devices, FieldPath.of('spec', 'spec', 'devices'), namespace);
        if (list.length > 0) throw invalidObject(kind, name, list);
      }),
    ],
  };
};
