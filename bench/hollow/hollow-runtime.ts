/** What hollow nodes run: nothing. Every image is there, and every container runs until it is asked to end. */

import type { Limiter } from '../../base/limiter.ts';
import type { ContainerConfig, ImageDetails, SandboxConfig } from '../../kubelet/runtime/runtime.ts';
import { FakeRuntime } from '../../kubelet/runtime/testing/fake-runtime.ts';

/** In the words of the fake runtime. */
const patient = ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 1; done'];
/** A script in which the fake runtime finds an end. */
const ending = /(?:^|; )exit \d+/;

/** How long a start keeps its place: with so many places, that is how many pods start in a second. */
const startMs = 400;

export class HollowRuntime extends FakeRuntime {
  readonly #starts: Limiter;

  /** `starts`: of all nodes of the process. */
  constructor(starts: Limiter) {
    super();
    this.#starts = starts;
  }

  /** Each node would have a machine to itself; here they wait for each other, or none would have time for its heartbeat. */
  override async createSandbox(config: SandboxConfig): Promise<string> {
    const leave = await this.#starts.enter();
    setTimeout(leave, startMs).unref();
    return await super.createSandbox(config);
  }

  override async inspectImage(name: string): Promise<ImageDetails | undefined> {
    this.addImage(name);
    return await super.inspectImage(name);
  }

  /** `sh -c "…; exit 3"` ends so at once; all else runs. */
  override async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const [program = '', flag = '', script = ''] = config.command ?? [];
    const ends = program.endsWith('sh') && flag === '-c' && ending.test(script);
    return await super.createContainer(sandboxId, { ...config, command: ends ? ['sh', '-c', script] : patient });
  }
}
