/**
 * A registry of images beside a test's engine, as companies have them: Debian's docker-registry, which shows a
 * certificate of an authority of its own and wants a name and a password.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAuthority, issueCertificate } from '../../base/certificates.ts';
import type { TestEngine } from './docker-engine.ts';
import { eventually } from './eventually.ts';

export interface PrivateRegistry {
  /** With port. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
  /** `app:1` → `10.253.0.2:5443/app:1`. */
  nameOf(image: string): string;
  /** A small busybox image that only the registry has. */
  push(image: string): Promise<void>;
  stop(): Promise<void>;
}

const port = 5443;
const username = 'me';
const password = 'open sesame';
/** Of that password, by bcrypt, the only form that the registry takes. */
const passwordHash = '$2b$04$WKP88yCOu06HizXWIpke1uDm5m7QxGIL5vGBxu0W06Guh56.sVo5e';

/** To be called in a sandbox: what engines trust is said in /etc. */
export async function startPrivateRegistry(engine: TestEngine): Promise<PrivateRegistry> {
  const host = `${engine.nodeAddress}:${port}`;
  const folder = join(engine.folder, 'private-registry');
  const trusted = join('/etc/docker/certs.d', host);
  await mkdir(folder, { recursive: true });
  const authority = await createAuthority('registry');
  const pair = await issueCertificate(authority, {
    ...{ commonName: 'registry', ipAddresses: [engine.nodeAddress], usages: ['server'] },
  });
  const [certificate, key, htpasswd, config] = ['cert.pem', 'key.pem', 'htpasswd', 'config.json'].map((name) =>
    join(folder, name),
  );
  if (!certificate || !key || !htpasswd || !config) throw new Error('never: four names were given');
  await writeFile(certificate, pair.certificate);
  await writeFile(key, pair.key, { mode: 0o600 });
  await writeFile(htpasswd, `${username}:${passwordHash}\n`);
  const settings = {
    ...{ version: 0.1, log: { level: 'error' } },
    storage: { filesystem: { rootdirectory: join(folder, 'storage') } },
    http: { addr: host, tls: { certificate, key } },
    auth: { htpasswd: { realm: 'registry', path: htpasswd } },
  };
  await writeFile(config, JSON.stringify(settings));
  await mkdir(trusted, { recursive: true });
  await writeFile(join(trusted, 'ca.crt'), authority.certificate);
  const child = spawn('nsenter', [`--net=${engine.namespacePath}`, 'docker-registry', 'serve', config], {
    stdio: 'ignore',
  });
  const { docker } = engine;
  const authconfig = { username, password, serveraddress: host };
  const nameOf = (image: string) => `${host}/${image}`;
  await eventually('the registry answers', async () => {
    if (child.exitCode !== null) throw new Error(`the registry ended with ${child.exitCode}`);
    return await docker.checkAuth(authconfig).then(
      () => true,
      () => false,
    );
  });
  return {
    ...{ host, username, password, nameOf },
    async push(image) {
      const name = nameOf(image);
      // Each has an id of its own.
      await engine.importBusybox(name, [`LABEL name=${image}`]);
      const progress = await docker.getImage(name).push({ authconfig });
      await new Promise<void>((resolve, reject) => {
        docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
      });
      await docker.getImage(name).remove();
    },
    async stop() {
      if (child.exitCode === null) {
        const over = once(child, 'exit');
        child.kill('SIGTERM');
        await over;
      }
      await rm(trusted, { recursive: true, force: true });
    },
  };
}
