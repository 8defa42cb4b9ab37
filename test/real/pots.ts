/** The kind that clients of other languages work on. */

export const pots = {
  definition: {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'pots.potters.example.com' },
    spec: {
      group: 'potters.example.com',
      scope: 'Namespaced',
      names: { plural: 'pots', singular: 'pot', kind: 'Pot', shortNames: ['pt'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: {
                spec: {
                  type: 'object',
                  required: ['clay'],
                  properties: {
                    clay: { type: 'string' },
                    glaze: { type: 'string' },
                    size: { type: 'integer', minimum: 1, default: 1 },
                  },
                },
                status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
              },
            },
          },
        },
      ],
    },
  },
  named: (name: string, spec: object) => ({
    apiVersion: 'potters.example.com/v1',
    kind: 'Pot',
    metadata: { name, namespace: 'default' },
    spec,
  }),
} as const;
