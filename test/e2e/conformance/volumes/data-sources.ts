/** Ways to get files from a ConfigMap or a Secret. */

import type { Json } from '../../../conformance/api-user.ts';

export interface Options {
  readonly items?: readonly Json[];
  readonly defaultMode?: number;
  readonly optional?: boolean;
}

/** One way to get files from an object. */
export interface Source {
  readonly plural: string;
  encode(data: Readonly<Record<string, string>>): Json;
  volume(name: string, options: Options): Json;
}

export const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');

export const configMap: Source = {
  plural: 'configmaps',
  encode: (data) => ({ data }),
  volume: (name, options) => ({ configMap: { name, ...options } }),
};
export const secret: Source = {
  plural: 'secrets',
  encode: (data) => ({ data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])) }),
  volume: (secretName, options) => ({ secret: { secretName, ...options } }),
};
const projected = (source: Source, key: string): Source => ({
  ...source,
  volume: (name, { defaultMode, ...options }) => ({
    projected: { ...(defaultMode !== undefined && { defaultMode }), sources: [{ [key]: { name, ...options } }] },
  }),
});
export const projectedConfigMap = projected(configMap, 'configMap');
export const projectedSecret = projected(secret, 'secret');

/** The object, for its collection. */
export const objectOf = (source: Source, name: string, data: Readonly<Record<string, string>>): Json => ({
  metadata: { name },
  ...source.encode(data),
});

/** Of the collection. */
export const pathOf = (source: Source, namespace: string): string => `/api/v1/namespaces/${namespace}/${source.plural}`;

/** Three keys, the second of which is asked for. */
export const data = { 'data-1': 'value-1', 'data-2': 'value-2', 'data-3': 'value-3' };

/** Each below `/etc`, under its name. */
export const mounted = (volumes: Readonly<Record<string, Json>>): { spec: Json; volumeMounts: Json[] } => ({
  spec: { volumes: Object.entries(volumes).map(([name, volume]) => ({ name, ...volume })) },
  volumeMounts: Object.keys(volumes).map((name) => ({ name, mountPath: `/etc/${name}`, readOnly: true })),
});
