/** An in-memory store in which a test is asked before and after single calls: to let others go first, or to fail. */

import { type Entry, StoreUnavailableError, type WriteOptions } from '../../apiserver/store/store.ts';
import { MemoryStore } from '../../apiserver/store/testing/memory-store.ts';

type Operation = 'get' | 'create' | 'update' | 'delete';

interface Hook {
  readonly operation: Operation;
  readonly key: RegExp;
  readonly when: 'before' | 'after';
  readonly always: boolean;
  run(): void | Promise<void>;
}

export class HookedStore extends MemoryStore {
  #hooks: readonly Hook[] = [];

  /** The next such call waits for `run`, and fails with what that throws. */
  beforeNext(operation: Operation, key: RegExp, run: Hook['run']): void {
    this.#hooks = [...this.#hooks, { operation, key, run, when: 'before', always: false }];
  }

  /** The next such call happens, and then its caller never hears of it. */
  loseNextAnswer(operation: Operation, key: RegExp): void {
    const run = () => {
      throw new StoreUnavailableError('The connection was lost', { outcomeUnknown: true });
    };
    this.#hooks = [...this.#hooks, { operation, key, run, when: 'after', always: false }];
  }

  /** Such calls do nothing but fail, until `mend`. */
  refuse(operation: Operation, key: RegExp): void {
    const run = () => {
      throw new StoreUnavailableError('The store is away', { outcomeUnknown: false });
    };
    this.#hooks = [...this.#hooks, { operation, key, run, when: 'before', always: true }];
  }

  /** No hooks any more. */
  mend(): void {
    this.#hooks = [];
  }

  override get(key: string): Promise<Entry | undefined> {
    return this.#hooked('get', key, () => super.get(key));
  }

  override create(key: string, value: Buffer, options?: WriteOptions): Promise<number> {
    return this.#hooked('create', key, () => super.create(key, value, options));
  }

  override update(key: string, value: Buffer, revision: number, options?: WriteOptions): Promise<number> {
    return this.#hooked('update', key, () => super.update(key, value, revision, options));
  }

  override delete(key: string, revision: number): Promise<number> {
    return this.#hooked('delete', key, () => super.delete(key, revision));
  }

  async #hooked<T>(operation: Operation, key: string, call: () => Promise<T>): Promise<T> {
    await this.#run('before', operation, key);
    const result = await call();
    await this.#run('after', operation, key);
    return result;
  }

  async #run(when: Hook['when'], operation: Operation, key: string): Promise<void> {
    const hook = this.#hooks.find((one) => one.when === when && one.operation === operation && one.key.test(key));
    if (hook === undefined) return;
    if (!hook.always) this.#hooks = this.#hooks.filter((one) => one !== hook);
    await hook.run();
  }
}
