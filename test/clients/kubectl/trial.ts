/** A cluster as one kubectl sees it, and a record of which commands were shown to work there. */

import assert from 'node:assert/strict';
import type { Client } from '../../../client/client.ts';
import { KindRegistry } from '../../../kinds/kind-registry.ts';
import { kinds } from '../../../kinds/kind-table.ts';
import type { Kubectl, KubectlOptions, KubectlResult } from '../../support/kubectl.ts';
import type { ShownCommand } from './commands.ts';

const registry = new KindRegistry(kinds);

export interface KubectlCase {
  readonly name: string;
  /** First minor version of kubectl that has it. */
  readonly since?: number;
  run(trial: Trial): Promise<void>;
}

/** What a command has to print, and what has to be so afterwards. */
export interface Shows extends KubectlOptions {
  readonly prints: string | RegExp;
  /** Throws when the command had not the effect that it is for. A command that only reads has none. */
  readonly effect?: () => Promise<unknown>;
  /** Default 0. */
  readonly code?: number;
}

export class Trial {
  readonly kubectl: Kubectl;
  readonly client: Client;
  /** Of its own, so that several versions can try the same at once. */
  readonly namespace: string;
  /** Kept out of names of cluster-scoped objects of other versions. */
  readonly suffix: string;
  readonly shown: ShownCommand[] = [];

  constructor(kubectl: Kubectl, client: Client, namespace: string) {
    this.kubectl = kubectl;
    this.client = client;
    this.namespace = namespace;
    this.suffix = kubectl.version.replace('.', '-');
  }

  get minor(): number {
    return Number(this.kubectl.version.split('.')[1]);
  }

  run(command: string, options: KubectlOptions = {}): Promise<KubectlResult> {
    return this.kubectl.run(['-n', this.namespace, ...splitWords(command)], options);
  }

  /** Starts it and leaves it to the caller. */
  start(command: string): ReturnType<Kubectl['start']> {
    return this.kubectl.start(['-n', this.namespace, ...splitWords(command)]);
  }

  /** Runs it and checks what it printed and did: the command counts as shown. Returns what it printed. */
  async shows(command: string, { prints, effect, code = 0, ...options }: Shows): Promise<string> {
    const { code: ended, stdout, stderr } = await this.run(command, options);
    assert.equal(ended, code, `kubectl ${command}: ${stderr}`);
    if (typeof prints === 'string') assert.equal(stdout, prints, `kubectl ${command}`);
    else assert.match(stdout, prints, `kubectl ${command}`);
    await effect?.();
    this.note(command, effect !== undefined);
    return stdout;
  }

  /** For a command that was started and checked by the case itself. */
  note(command: string, hasEffect = true): void {
    this.shown.push({ command, hasEffect });
  }

  /** Runs it, expects success, returns what it printed: for what a case needs, not for what it shows. */
  async ok(command: string, options: KubectlOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, options);
    assert.equal(code, 0, `kubectl ${command}: ${stderr}`);
    return stdout;
  }

  /** Runs it, expects refusal, returns what it said. */
  async refused(command: string, options: KubectlOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, options);
    assert.notEqual(code, 0, `kubectl ${command} did not fail: ${stdout}`);
    return stderr;
  }

  /** The object as the API has it now. */
  async read(kind: string, name: string, apiVersion = 'v1'): Promise<Loose> {
    const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    const row = registry.findByName({ group: group ?? '', version: version ?? '', kind });
    assert.ok(row, `no kind ${kind}`);
    const key = row.namespaced ? { namespace: this.namespace, name } : { name };
    return (await this.client.get(row, key)) as unknown as Loose;
  }

  /** Checks fields of an object as the API has it now: `{ 'spec.replicas': 3 }`. */
  async holds(kind: string, name: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    const [apiVersion = 'v1', kindName = kind] = kind.includes(' ') ? kind.split(' ') : ['v1', kind];
    const object = await this.read(kindName, name, apiVersion);
    for (const [path, wanted] of Object.entries(fields)) assert.deepEqual(at(object, path), wanted, path);
  }

  async isGone(kind: string, name: string, apiVersion = 'v1'): Promise<void> {
    await assert.rejects(this.read(kind, name, apiVersion), /not found/);
  }

  /** Writes an object's status, as a controller or kubelet would. */
  async setStatus(path: string, status: object): Promise<void> {
    await this.client.raw('PATCH', `${path}/status`, {
      body: { status },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
  }
}

/** JSON of unknown shape, read by path: `at(pod, 'spec.containers.0.image')`. */
export type Loose = Record<string, unknown>;

export function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node as Loose | undefined)?.[key], value);
}

/** Splits at spaces outside single quotes. */
function splitWords(command: string): string[] {
  return [...command.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''));
}
