/** A CustomResourceDefinition, `things.example.com`, whose `spec` has this schema in each of its versions. */
export const definitionOf = (spec: object, versions = 1): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions: Array.from({ length: versions }, (_, i) => ({
      name: `v${i + 1}`,
      served: true,
      storage: i === 0,
      schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
    })),
  },
});
