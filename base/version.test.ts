import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { packageRoot } from './package-root.ts';
import { gitVersion, longshoreVersion, probeUserAgent, userAgentOf } from './version.ts';

it('the version is that of the package, and names the API of Kubernetes 1.36', () => {
  const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
  assert.equal(longshoreVersion, version);
  assert.equal(gitVersion, `v1.36.0+longshore.${version}`);
  assert.equal(probeUserAgent, 'kube-probe/1.36');
  assert.equal(userAgentOf('kubecfg'), `kubecfg/${gitVersion}`);
});
