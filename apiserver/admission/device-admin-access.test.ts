import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { namespaces } from '../../api/resources/core.ts';
import { resourceClaimKind } from '../../kinds/resource/resource-claim.ts';
import { resourceClaimTemplateKind } from '../../kinds/resource/resource-claim-template.ts';
import { askAdmission, PlacedObjects } from '../../test/support/admission-question.ts';
import { createDeviceAdminAccess } from './device-admin-access.ts';

describe('administrative access to devices', () => {
  const objects = new PlacedObjects();
  objects.put(namespaces, { metadata: { name: 'plain' } });
  objects.put(namespaces, { metadata: { name: 'admins', labels: { 'resource.kubernetes.io/admin-access': 'true' } } });
  const plugins = [createDeviceAdminAccess(objects)];
  const spec = (adminAccess: boolean) => ({
    devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'gpu', adminAccess } }] },
  });
  const claim = async (namespace: string, adminAccess: boolean) => {
    const object = { metadata: { name: 'c', namespace }, spec: spec(adminAccess) };
    return (await askAdmission(plugins, { kind: resourceClaimKind, namespace, object })).refused;
  };

  it('is for namespaces that are marked', async () => {
    assert.match(
      await claim('plain', true),
      /spec\.devices\.requests\[0\]\.exactly\.adminAccess: Forbidden: admin access to devices requires/,
    );
    assert.equal(await claim('admins', true), '');
    assert.equal(await claim('plain', false), '');
  });
  it('is asked of templates too', async () => {
    const object = { metadata: { name: 't', namespace: 'plain' }, spec: { spec: spec(true) } };
    const { refused } = await askAdmission(plugins, { kind: resourceClaimTemplateKind, namespace: 'plain', object });
    assert.match(refused, /spec\.spec\.devices\.requests\[0\]\.exactly\.adminAccess: Forbidden/);
  });
});
