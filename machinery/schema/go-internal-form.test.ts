import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goDifference, goInternalForm } from './go-internal-form.ts';
import { shapeOf } from './shape.ts';

const hostPath = shapeOf('io.k8s.api.core.v1.HostPathVolumeSource');
const claim = shapeOf('io.k8s.api.core.v1.PersistentVolumeClaimSpec');

describe('the internal form', () => {
  it('names every field as Go does, the empty ones too', () => {
    assert.deepEqual(goInternalForm(shapeOf('io.k8s.api.core.v1.AzureDiskVolumeSource'), { diskName: 'd' }), {
      DiskName: 'd',
      DataDiskURI: '',
      CachingMode: null,
      FSType: null,
      ReadOnly: null,
      Kind: null,
    });
  });

  it('keeps the order that it is given, and structs by value', () => {
    assert.deepEqual(goInternalForm(claim, { selector: {} }, ['selector', 'resources', 'dataSource']), {
      Selector: {},
      Resources: { Limits: null, Requests: null },
      DataSource: null,
    });
  });
});

describe('a difference', () => {
  const form = (path: string) => goInternalForm(hostPath, { path, type: '' });

  it('shows what changed between the lines around it', () => {
    assert.equal(
      goDifference(form('/x'), form('/y')),
      '@@ -1,4 +1,4 @@\n {\n- "Path": "/x",\n+ "Path": "/y",\n  "Type": ""\n }\n',
    );
  });

  it('is empty where nothing changed', () => assert.equal(goDifference(form('/x'), form('/x')), ''));
});
