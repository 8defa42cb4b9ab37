/** Single requests made to hurt: size, depth, back-tracking, huge patches. */

import type { FuzzRequest } from './requests.ts';

export function heavyRequests(): FuzzRequest[] {
  const configMaps = '/api/v1/namespaces/default/configmaps';
  const post = (text: string, contentType = 'application/json'): FuzzRequest => ({
    method: 'POST',
    path: configMaps,
    headers: { 'content-type': contentType },
    body: Buffer.from(text),
  });
  const patch = (text: string, contentType: string): FuzzRequest => ({
    method: 'PATCH',
    path: `${configMaps}/heavy`,
    headers: { 'content-type': contentType },
    body: Buffer.from(text),
  });
  const operations = Array.from({ length: 10_000 }, (_, i) => ({ op: 'add', path: `/data/k${i}`, value: 'v' }));
  const doubling = Array.from({ length: 60 }, () => ({ op: 'copy', from: '/data', path: '/data/again' }));
  const aliases = Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i},*a${i},*a${i},*a${i}]`).join(
    '\n',
  );
  return [
    post('['.repeat(1_500_000)),
    post(`{"data":${'{"a":'.repeat(400_000)}1${'}'.repeat(400_000)}}`),
    post(
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{${Array.from({ length: 100_000 }, (_, i) => `"k":"${i}"`).join()}}}`,
    ),
    post(`${'x'.repeat(3 * 1024 * 1024 + 1)}`),
    post(`a0: &a0 [x]\n${aliases}`, 'application/yaml'),
    post(`${'- '.repeat(200_000)}x`, 'application/yaml'),
    post(`${'{a: '.repeat(100_000)}`, 'application/yaml'),
    patch(JSON.stringify(operations), 'application/json-patch+json'),
    patch(JSON.stringify(doubling), 'application/json-patch+json'),
    patch(`{"metadata":{"labels":{"${'a'.repeat(100_000)}!":"x"}}}`, 'application/merge-patch+json'),
    patch(`${'{"data":'.repeat(300_000)}`, 'application/strategic-merge-patch+json'),
    patch(`${'a: [\n'.repeat(100_000)}`, 'application/apply-patch+yaml'),
    { method: 'GET', path: `${configMaps}?labelSelector=${'a%20in%20('.repeat(900)}`, headers: {} },
    { method: 'GET', path: `${configMaps}?labelSelector=${'%28'.repeat(4000)}`, headers: {} },
    { method: 'GET', path: `${configMaps}/${'a-'.repeat(5000)}!`, headers: {} },
  ];
}
