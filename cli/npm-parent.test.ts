import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { packageRoot } from '../base/package-root.ts';

const child = `
  import { watchNpmParent } from './cli/npm-parent.ts';
  const hour = setTimeout(() => {}, 3_600_000);
  const end = () => { console.log('gone'); clearTimeout(hour); };
  const watching = watchNpmParent(end, { everyMs: 20 });
  console.log('up');
  await watching;
`;

describe('watchNpmParent', () => {
  it('tells when the shell of npm is killed', async () => {
    const environment = { ...process.env, npm_command: 'start', CHILD: child };
    const script = '"$NODE" --import tsx --input-type=module -e "$CHILD"; true';
    const shell = spawn('sh', ['-c', script], {
      cwd: packageRoot,
      env: { ...environment, NODE: process.execPath },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const written = text(shell.stdout); // until the child, too, has closed it
    await once(shell.stdout, 'data');
    shell.kill('SIGKILL');
    assert.equal(await written, 'up\ngone\n');
  });
});

describe('the scripts of npm', () => {
  it('take the place of their shell, so that a signal to npm reaches them', () => {
    const { scripts }: { scripts: Record<string, string> } = JSON.parse(
      readFileSync(join(packageRoot, 'package.json'), 'utf8'),
    );
    const stay = Object.entries(scripts).filter(([, line]) => /^node [^&]*$/.test(line));
    assert.deepEqual(stay, []);
  });
});
