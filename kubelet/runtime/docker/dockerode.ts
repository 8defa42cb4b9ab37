/**
 * dockerode without two parts that no kubelet uses and that cost a process 13 MB and 0.15 s when they are loaded:
 * BuildKit sessions (gRPC and protobuf) and engines behind SSH. They load at the import of dockerode, so that something
 * else has to stand in their place before.
 */

import { createRequire, Module } from 'node:module';
import type Dockerode from 'dockerode';

const require = createRequire(import.meta.url);

export function loadDockerode(): typeof Dockerode {
  leaveOut(require, 'dockerode/lib/session');
  leaveOut(createRequire(require.resolve('dockerode')), 'docker-modem/lib/ssh');
  return require('dockerode');
}

/** Nothing happens to what is loaded already. */
function leaveOut(from: NodeJS.Require, name: string): void {
  const path = from.resolve(name);
  const standIn = new Module(path);
  standIn.exports = () => {
    throw new Error(`${name} is not loaded here`);
  };
  standIn.loaded = true;
  require.cache[path] ??= standIn;
}
