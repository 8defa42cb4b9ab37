import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAuthority } from '../../base/certificates.ts';
import { introductionData, readIntroduction, serverOf } from './introduction.ts';

describe('the introduction of a cluster', async () => {
  const [one, two] = [(await createAuthority('a')).certificate, (await createAuthority('b')).certificate];

  it('is read as it was written, with every authority', () => {
    const read = readIntroduction({ data: introductionData('https://10.0.0.1:6443', one + two) });
    assert.deepEqual(read, { server: 'https://10.0.0.1:6443', authorities: [one, two] });
  });

  const hostile: readonly unknown[] = [
    undefined,
    null,
    {},
    { data: 1 },
    { data: { kubeconfig: 7 } },
    { data: { kubeconfig: ': : [' } },
    { data: { kubeconfig: 'clusters: 1' } },
    { data: { kubeconfig: 'clusters: [{cluster: {certificate-authority-data: eA==}}]' } },
    { data: introductionData('https://x', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n') },
  ];
  for (const object of hostile) {
    it(`has no authority in ${JSON.stringify(object)?.slice(0, 60)}`, () =>
      assert.deepEqual(readIntroduction(object).authorities, []));
  }

  it('names the server as people type it', () =>
    assert.deepEqual(
      ['https://10.0.0.1:6443', 'https://10.0.0.1:7443'].map((server) => serverOf({ server, authorities: [] })),
      ['10.0.0.1', '10.0.0.1:7443'],
    ));
});
