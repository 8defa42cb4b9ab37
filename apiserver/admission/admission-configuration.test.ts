import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readAdmissionConfiguration } from './admission-configuration.ts';
import { ConfigurationError } from './configuration-fields.ts';
import { readEventLimits } from './event-rate-limit.ts';
import { readPodSecurityConfiguration } from './pod-security/pod-security-configuration.ts';

const head = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n';

describe('an AdmissionConfiguration', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'admission-'));
  });
  after(() => rm(folder, { recursive: true }));
  async function read(text: string) {
    const file = join(folder, 'admission.yaml');
    await writeFile(file, text);
    return await readAdmissionConfiguration(file);
  }

  it('tells each plugin its part, from this file or another', async () => {
    await writeFile(
      join(folder, 'events.yaml'),
      'apiVersion: eventratelimit.admission.k8s.io/v1alpha1\nkind: Configuration\nlimits: [{type: Server, qps: 5, burst: 9}]\n',
    );
    const told = await read(`${head}plugins:
- name: PodSecurity
  configuration:
    apiVersion: pod-security.admission.config.k8s.io/v1
    kind: PodSecurityConfiguration
    defaults: {enforce: baseline, enforce-version: v1.30}
- name: EventRateLimit
  path: events.yaml
`);
    const { defaults } = told.read('PodSecurity', readPodSecurityConfiguration);
    assert.deepEqual(defaults.enforce, { level: 'baseline', version: 30 });
    assert.deepEqual(told.read('EventRateLimit', readEventLimits), [
      { type: 'Server', qps: 5, burst: 9, cacheSize: 4096 },
    ]);
    assert.equal(
      told.read('PodNodeSelector', (document) => document),
      undefined,
    );
  });

  for (const [what, text, says] of [
    [
      'that is none',
      'kind: Pod\napiVersion: v1\n',
      /expected apiserver\.config\.k8s\.io\/v1, Kind=AdmissionConfiguration/,
    ],
    ['of no YAML', 'a: [', /yaml/],
    [
      'with an unknown plugin',
      `${head}plugins: [{name: Podsecurity}]\n`,
      /plugins\[0\]\.name: unknown admission plugin "Podsecurity"/,
    ],
    [
      'with a plugin twice',
      `${head}plugins: [{name: PodSecurity}, {name: PodSecurity}]\n`,
      /plugins\[1\]\.name: duplicate/,
    ],
    [
      'with an unknown field',
      `${head}plugins: [{name: PodSecurity, config: {}}]\n`,
      /unknown field "plugins\[0\]\.config"/,
    ],
    ['with a key twice', `${head}plugins: []\nplugins: []\n`, /key "plugins" already set/],
    ['that names a file that is not there', `${head}plugins: [{name: PodSecurity, path: gone.yaml}]\n`, /ENOENT/],
  ] as const) {
    it(`${what} stops the start, and says where`, async () => {
      await assert.rejects(
        read(text),
        (error) => error instanceof ConfigurationError && says.test(error.message) && error.message.includes(folder),
      );
    });
  }

  it('whose part a plugin does not understand is refused in its name', async () => {
    const told = await read(`${head}plugins: [{name: PodSecurity, configuration: {kind: PodSecurity}}]\n`);
    assert.throws(
      () => told.read('PodSecurity', readPodSecurityConfiguration),
      /the admission plugin PodSecurity: expected/,
    );
  });
});
