/** The cluster that real programs meet: `npm start` in the sandbox, and a real kubectl in front of it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { inspect } from 'node:util';
import { debianKubectl, Kubectl, type KubectlBinary, type KubectlOptions, sdkKubectls } from '../support/kubectl.ts';
import { LocalCluster } from '../support/local-cluster.ts';

export class World {
  readonly cluster: LocalCluster;
  readonly #kubectl: Kubectl;

  private constructor(cluster: LocalCluster, kubectl: Kubectl) {
    this.cluster = cluster;
    this.#kubectl = kubectl;
  }

  static async start(): Promise<World> {
    const binary = await newestKubectl();
    const cluster = await LocalCluster.start({ flags: ['--no-demo'] });
    return new World(cluster, await Kubectl.open(binary, cluster.kubeconfig));
  }

  /** What kubectl writes to its standard output; throws with what it wrote instead when it fails. */
  async kubectl(words: readonly string[], options: KubectlOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.#kubectl.run(words, { timeoutMs: 180_000, ...options });
    if (code !== 0) throw new Error(`kubectl ${words.join(' ')} ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  /** What it writes to its standard error, whether it fails or not. */
  async kubectlErrors(words: readonly string[], options: KubectlOptions = {}): Promise<string> {
    return (await this.#kubectl.run(words, options)).stderr;
  }

  async apply(object: object, flags: readonly string[] = []): Promise<string> {
    return await this.kubectl(['apply', '--server-side', ...flags, '-f', '-'], { stdin: JSON.stringify(object) });
  }

  /** Why an object is refused; throws when it is not. */
  async whyRefused(object: object, verb = 'create'): Promise<string> {
    const { code, stdout, stderr } = await this.#kubectl.run([verb, '-f', '-'], { stdin: JSON.stringify(object) });
    if (code === 0) throw new Error(`It was accepted: ${stdout}\n${inspect(object, { depth: 6 })}`);
    return stderr;
  }

  async get<T = unknown>(words: readonly string[]): Promise<T> {
    const value: T = JSON.parse(await this.kubectl(['get', ...words, '-o', 'json']));
    return value;
  }

  async stop(): Promise<void> {
    await this.#kubectl.close();
    await this.cluster.remove();
  }
}

/** Where the machine has none of its own, it is Debian's, which is downloaded at the first time. */
export const newestKubectl = async (): Promise<KubectlBinary> =>
  (await sdkKubectls()).at(-1) ?? (await debianKubectl());

export interface ProgramOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** All that a program writes; throws with it when it fails. */
export async function runToEnd(words: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const [command = '', ...arguments_] = words;
  const { stdin = '', env = {}, timeoutMs = 300_000 } = options;
  const child = spawn(command, arguments_, { stdio: 'pipe', env: { ...process.env, ...env }, timeout: timeoutMs });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.stdin.on('error', () => {}); // it ended without reading its input
  child.stdin.end(stdin);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code ?? signal}: ${output}`);
  return output;
}
