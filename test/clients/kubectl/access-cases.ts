/** kubectl on who may do what: auth, impersonation, certificates; and top, which needs what is not there. */

import assert from 'node:assert/strict';
import { signingRequest } from './manifests.ts';
import type { KubectlCase } from './trial.ts';

export const accessCases: readonly KubectlCase[] = [
  {
    name: 'certificate approve and deny',
    async run(t) {
      for (const [name, verb, type] of [
        [`ann-${t.suffix}`, 'approve', 'Approved'],
        [`bob-${t.suffix}`, 'deny', 'Denied'],
      ] as const) {
        await t.ok('create -f -', { stdin: signingRequest(name) });
        await t.shows(`certificate ${verb} ${name}`, {
          prints: new RegExp(`/${name} (approved|denied)\n$`),
          effect: () =>
            t.holds('certificates.k8s.io/v1 CertificateSigningRequest', name, { 'status.conditions.0.type': type }),
        });
      }
    },
  },
  {
    name: 'auth can-i, for one verb and all; impersonation',
    async run(t) {
      await t.shows('auth can-i create pods', { prints: 'yes\n' });
      await t.shows('auth can-i create pods --as=nobody', { code: 1, prints: /^no/ });
      await t.shows('auth can-i --list', { prints: /^\*\.\* +\[\] +\[\] +\[\*\]$/m });
    },
  },
  {
    name: 'auth whoami and impersonation',
    since: 28,
    async run(t) {
      await t.shows('auth whoami', { prints: /system:masters/ });
      await t.shows('auth whoami --as=ann --as-group=system:masters', { prints: /Username +ann/ });
      assert.match(await t.refused('get pods --as=nobody'), /Forbidden.*User "nobody" cannot list resource "pods"/s);
    },
  },
  {
    name: 'top says that there are no metrics',
    async run(t) {
      for (const what of ['nodes', 'pods']) {
        assert.match(await t.refused(`top ${what}`), /[Mm]etrics/);
        t.note(`top ${what}`);
      }
    },
  },
];
