import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';
import { descriptionsOfTypes } from '../machinery/openapi/descriptions.ts';
import { type CompressedDocument, OpenApiDocuments } from '../machinery/openapi/openapi-documents.ts';
import { openApiFacts } from '../machinery/schema/schema.ts';
import { kinds } from './kind-table.ts';

const documents = new OpenApiDocuments(() => kinds, 'v1.0.0');

interface Document {
  readonly paths: Record<string, Record<string, Record<string, unknown>>>;
  readonly components: { readonly schemas: Record<string, Record<string, unknown>> };
  readonly definitions: Record<string, Record<string, unknown>>;
}
async function read(document: CompressedDocument | undefined): Promise<Document> {
  assert.ok(document);
  return JSON.parse(gunzipSync(await document.gzip()).toString()) as Document;
}

describe('OpenAPI 3', () => {
  const index = JSON.parse(documents.index()) as { paths: Record<string, { serverRelativeURL: string }> };

  it('has a document for every group version, named by hash', () => {
    for (const path of [
      'api/v1',
      'apis/apps/v1',
      'apis/autoscaling/v1',
      'apis/autoscaling/v2',
      'apis',
      'apis/batch',
      'version',
    ]) {
      assert.match(
        index.paths[path]?.serverRelativeURL ?? '',
        new RegExp(`^/openapi/v3/${path}\\?hash=[0-9A-F]{128}$`),
      );
      assert.ok(documents.v3(path));
    }
    assert.equal(documents.v3('apis/none/v1'), undefined);
    assert.equal(documents.v3(''), undefined);
  });

  it('tells kubectl that the server validates fields', async () => {
    for (const path of Object.keys(index.paths)) {
      for (const methods of Object.values((await read(documents.v3(path))).paths)) {
        const { parameters, 'x-kubernetes-group-version-kind': kind } = methods.patch ?? {};
        if (methods.patch === undefined) continue;
        assert.ok(kind);
        assert.ok((parameters as { name: string }[]).some(({ name }) => name === 'fieldValidation'));
      }
    }
  });

  it('resolves every reference within the document', async () => {
    for (const path of Object.keys(index.paths)) {
      const document = await read(documents.v3(path));
      for (const [, name = ''] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
        assert.ok(document.components.schemas[name], `${name} in ${path}`);
      }
    }
  });

  it('names kinds, merge keys and unions', async () => {
    const { schemas } = (await read(documents.v3('api/v1'))).components;
    assert.deepEqual(schemas['io.k8s.api.core.v1.Pod']?.['x-kubernetes-group-version-kind'], [
      { group: '', kind: 'Pod', version: 'v1' },
    ]);
    const podSpec = schemas['io.k8s.api.core.v1.PodSpec'] as { properties: Record<string, Record<string, unknown>> };
    const { containers } = podSpec.properties;
    assert.equal(containers?.['x-kubernetes-patch-merge-key'], 'name');
    assert.match(String(containers?.description), /containers/i);
    const intOrString = schemas['io.k8s.apimachinery.pkg.util.intstr.IntOrString'];
    assert.deepEqual(intOrString, { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] });
  });

  it('names operations as clients know them', async () => {
    const { paths } = await read(documents.v3('api/v1'));
    const id = (path: string, method: string) => paths[path]?.[method]?.operationId;
    assert.equal(id('/api/v1/namespaces/{namespace}/pods', 'post'), 'createCoreV1NamespacedPod');
    assert.equal(id('/api/v1/namespaces/{namespace}/pods', 'delete'), 'deleteCoreV1CollectionNamespacedPod');
    assert.equal(id('/api/v1/pods', 'get'), 'listCoreV1PodForAllNamespaces');
    assert.equal(id('/api/v1/namespaces/{namespace}/pods/{name}/log', 'get'), 'readCoreV1NamespacedPodLog');
    assert.equal(id('/api/v1/nodes/{name}/status', 'put'), 'replaceCoreV1NodeStatus');
    const rbac = await read(documents.v3('apis/rbac.authorization.k8s.io/v1'));
    const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    assert.equal(rbac.paths[roles]?.post?.operationId, 'createRbacAuthorizationV1ClusterRole');
  });

  it('has a sentence for nearly every field', () => {
    const sentences = descriptionsOfTypes();
    const fields = Object.entries(openApiFacts().definitions).flatMap(([name, { properties }]) =>
      Object.keys(properties ?? {}).map((field) => sentences[name]?.[field]),
    );
    const known = fields.filter((sentence) => sentence !== undefined).length;
    // The facts are of a later version than the package.
    assert.ok(known / fields.length > 0.8, `${known} of ${fields.length}`);
  });
});

describe('OpenAPI 2', () => {
  it('resolves every reference', async () => {
    const document = await read(documents.v2('json'));
    for (const [, name = ''] of JSON.stringify(document).matchAll(/"#\/definitions\/([^"]+)"/g))
      assert.ok(document.definitions[name], name);
    assert.ok(document.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale']);
  });

  it('is written in protobuf as gnostic reads it', async () => {
    const { root } = protobuf.parse(`
      syntax = "proto3";
      message Any { string yaml = 2; }
      message NamedAny { string name = 1; Any value = 2; }
      message Schema { string _ref = 1; string description = 4; repeated string required = 19; Properties properties = 25; repeated NamedAny vendor_extension = 31; }
      message NamedSchema { string name = 1; Schema value = 2; }
      message Properties { repeated NamedSchema additional_properties = 1; }
      message Definitions { repeated NamedSchema additional_properties = 1; }
      message Operation { string operation_id = 5; }
      message PathItem { Operation get = 2; Operation patch = 8; }
      message NamedPathItem { string name = 1; PathItem value = 2; }
      message Paths { repeated NamedPathItem path = 2; }
      message Document { string swagger = 1; Paths paths = 8; Definitions definitions = 9; }`);
    const type = root.lookupType('Document');
    const document = type.toObject(type.decode(gunzipSync(await documents.v2('protobuf').gzip()))) as Record<
      string,
      never
    >;
    const { swagger, paths, definitions } = document as unknown as {
      swagger: string;
      paths: { path: { name: string; value: { patch?: { operationId: string } } }[] };
      definitions: {
        additionalProperties: {
          name: string;
          value: { required?: string[]; vendorExtension?: { name: string; value: { yaml: string } }[] };
        }[];
      };
    };
    assert.equal(swagger, '2.0');
    assert.ok(paths.path.some(({ value }) => value.patch?.operationId === 'patchAppsV1NamespacedDeployment'));
    const pod = definitions.additionalProperties.find(({ name }) => name === 'io.k8s.api.core.v1.Pod')?.value;
    assert.deepEqual(JSON.parse(pod?.vendorExtension?.[0]?.value.yaml ?? ''), [
      { group: '', kind: 'Pod', version: 'v1' },
    ]);
    assert.deepEqual(
      definitions.additionalProperties.find(({ name }) => name === 'io.k8s.api.core.v1.PodSpec')?.value.required,
      ['containers'],
    );
  });
});
