/** kubecfg in this process, against a cluster: what it writes and the code it ends with. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { runKubecfg } from '../../cli/run-kubecfg.ts';
import type { Connection } from '../../client/connection.ts';
import { renderKubeconfig } from '../../cluster/kubeconfig.ts';

export interface KubecfgResult {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** What it is given to read. Default: the test's own input. */
  readonly input?: Readable;
  /** Called with all that it has written so far. */
  readonly onOutput?: (out: string) => void;
  /** Whether a person at a terminal reads what it writes. Default false. */
  readonly isTTY?: boolean;
  /** More of its environment. */
  readonly environment?: NodeJS.ProcessEnv;
}

export class TestKubecfg {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** With a home of its own, in which the only kubeconfig is one for this connection. */
  static async open(connection: Connection): Promise<TestKubecfg> {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-kubecfg-'));
    const kubeconfig = renderKubeconfig({
      server: connection.servers.join(','),
      certificateAuthority: connection.certificateAuthority ?? '',
      user: 'test',
      client: { certificate: connection.clientCertificate ?? '', key: connection.clientKey ?? '' },
    });
    await writeFile(join(folder, 'kubeconfig'), kubeconfig, { mode: 0o600 });
    return new TestKubecfg(folder);
  }

  /** Words are separated by blanks; for words with blanks in them give a list. */
  async run(
    line: string | readonly string[],
    { signal = new AbortController().signal, input, onOutput = () => {}, isTTY = false, environment }: RunOptions = {},
  ): Promise<KubecfgResult> {
    let out = '';
    let errors = '';
    const code = await runKubecfg(typeof line === 'string' ? line.split(' ') : line, {
      out: {
        isTTY,
        write(text) {
          out += Buffer.from(text).toString();
          onOutput(out);
        },
      },
      errors: { write: (text) => (errors += Buffer.from(text).toString()) },
      signal,
      ...(input && { input }),
      environment: { HOME: this.#folder, KUBECONFIG: join(this.#folder, 'kubeconfig'), ...environment },
    });
    return { code, out, errors };
  }

  /** What it writes; throws when it fails. */
  async must(line: string | readonly string[]): Promise<string> {
    const { code, out, errors } = await this.run(line);
    if (code !== 0) throw new Error(`kubecfg ${String(line)} ended with ${code}: ${errors}`);
    return out;
  }

  /** A file with this text; its path. */
  async file(name: string, content: string | object): Promise<string> {
    const path = join(this.#folder, name);
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
