/** Plays recorded scenarios against a server: requests one after the other, watches beside them, each step graded. */

import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { GoldenAnswer, GoldenConnection } from './golden-connection.ts';
import { isObject, Placeholders, withoutManagedFields } from './placeholders.ts';

/** One step: what is sent, and what upstream answered. */
export interface Step {
  readonly send?: string;
  readonly body?: unknown;
  readonly raw?: string;
  readonly pad?: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly as?: { readonly user: string; readonly groups?: readonly string[] };
  readonly bare?: boolean;
  readonly wait?: number;
  readonly until?: number;
  readonly save?: Readonly<Record<string, string>>;
  readonly pick?: readonly string[];
  readonly names?: boolean;
  readonly text?: boolean;
  readonly heads?: readonly string[];
  readonly open?: string;
  readonly collect?: string;
  readonly take?: number;
  readonly waitMs?: number;
  readonly ended?: boolean;
  readonly want: StepOutcome;
}

export interface Scenario {
  readonly id: string;
  readonly steps: readonly Step[];
  readonly managedFields?: boolean;
  readonly plain?: boolean;
  readonly nsLabels?: Readonly<Record<string, string>>;
}

export interface StepOutcome {
  readonly code: number;
  readonly answer?: unknown;
  readonly text?: string;
  readonly events?: readonly unknown[];
  readonly ended?: boolean;
  readonly warnings?: readonly string[];
  readonly heads?: Readonly<Record<string, unknown>>;
}

interface Watch {
  readonly response: IncomingMessage;
  readonly events: unknown[];
  ended: boolean;
}

const tries = 100;
const retryMs = 100;
const defaultCollectMs = 5_000;

/** What each step got, in order. */
export async function playScenario(
  connections: { readonly own: GoldenConnection; readonly bare: GoldenConnection },
  scenario: Scenario,
  namespace: string,
): Promise<StepOutcome[]> {
  const sent = JSON.stringify(scenario.steps.map(({ want: _, ...step }) => step));
  const play = new Play(connections, scenario, new Placeholders(namespace, sent), namespace);
  const outcomes: StepOutcome[] = [];
  try {
    for (const step of scenario.steps) outcomes.push(await play.step(step));
  } finally {
    play.end();
  }
  return outcomes;
}

class Play {
  readonly #connections: { readonly own: GoldenConnection; readonly bare: GoldenConnection };
  readonly #scenario: Scenario;
  readonly #placeholders: Placeholders;
  readonly #values: Record<string, string>;
  readonly #watches = new Map<string, Watch>();

  constructor(
    connections: { readonly own: GoldenConnection; readonly bare: GoldenConnection },
    scenario: Scenario,
    placeholders: Placeholders,
    namespace: string,
  ) {
    this.#connections = connections;
    this.#scenario = scenario;
    this.#placeholders = placeholders;
    this.#values = { ns: namespace };
  }

  async step(step: Step): Promise<StepOutcome> {
    if (step.collect !== undefined) return await this.#collect(step.collect, step);
    if (step.pad !== undefined) this.#values.pad = 'x'.repeat(step.pad);
    const request = this.#request(step);
    if (step.wait !== undefined) await delay(step.wait);
    const connection = step.bare ? this.#connections.bare : this.#connections.own;
    if (step.open !== undefined) {
      const watch = await openWatch(connection, request);
      this.#watches.set(step.open, watch);
      return withHeads({ code: watch.response.statusCode ?? 0 }, watch.response.headers, step);
    }
    let answer = await connection.request(request);
    for (let attempt = 0; step.until !== undefined && answer.code !== step.until && attempt < tries; attempt += 1) {
      await delay(retryMs);
      answer = await connection.request(request);
    }
    this.#save(step, answer);
    return withHeads(this.#outcome(step, answer), answer.headers, step);
  }

  end(): void {
    for (const { response } of this.#watches.values()) response.destroy();
  }

  #request(step: Step) {
    const { send = '' } = step;
    const space = send.indexOf(' ');
    const body = step.raw ?? (step.body === undefined ? undefined : JSON.stringify(step.body));
    const headers: Record<string, string | readonly string[] | null> = {};
    for (const [name, value] of Object.entries(step.headers ?? {}))
      headers[name] = typeof value === 'string' ? this.#fill(value) : (value?.map((one) => this.#fill(one)) ?? null);
    if (step.as) {
      headers['impersonate-user'] = this.#fill(step.as.user);
      if (step.as.groups) headers['impersonate-group'] = step.as.groups.map((group) => this.#fill(group));
    }
    if (body !== undefined && headers['content-type'] === undefined)
      headers['content-type'] = step.type ?? 'application/json';
    return {
      method: send.slice(0, space),
      path: this.#fill(send.slice(space + 1)),
      headers,
      body: body === undefined ? undefined : this.#fill(body),
    };
  }

  #fill(template: string): string {
    return template.replace(/\{(\w+)\}/g, (all, name: string) => this.#values[name] ?? all);
  }

  #save({ save = {} }: Step, { headers, json }: GoldenAnswer): void {
    for (const [name, pointer] of Object.entries(save)) {
      const value = pointer.startsWith('header:') ? headers[pointer.slice('header:'.length)] : at(json, pointer);
      if (value === undefined) delete this.#values[name];
      else this.#values[name] = String(value);
    }
  }

  #outcome(step: Step, answer: GoldenAnswer): StepOutcome {
    const { code } = answer;
    const warnings = this.#warnings(answer);
    if (step.pick) {
      const picked = step.pick.filter((pointer) => pointer !== 'warnings');
      const found = picked.map((pointer) => [
        pointer,
        this.#placeholders.of(at(answer.json, pointer), pointer.split('/').pop()),
      ]);
      return { code, answer: Object.fromEntries(found), ...(step.pick.includes('warnings') && warnings) };
    }
    if (step.names && isObject(answer.json) && Array.isArray(answer.json.items)) {
      return { code, answer: answer.json.items.map((item) => this.#nameOf(item)) };
    }
    if (step.text || answer.json === undefined)
      return { code, text: this.#placeholders.text(answer.text), ...warnings };
    return { code, answer: this.#placeholders.of(this.#shown(answer.json)), ...warnings };
  }

  #nameOf(item: { readonly metadata: { readonly namespace?: string; readonly name: string } }): string {
    const { namespace, name } = item.metadata;
    return this.#placeholders.text(namespace && namespace !== this.#values.ns ? `${namespace}/${name}` : name);
  }

  #warnings({ headers }: GoldenAnswer): { readonly warnings?: readonly string[] } {
    const lines = [headers.warning ?? []].flat().flatMap((line) => [...line.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)]);
    const texts = lines.map((match) => this.#placeholders.text((match[1] ?? '').replace(/\\(.)/g, '$1')));
    return texts.length > 0 ? { warnings: texts } : {};
  }

  async #collect(name: string, step: Step): Promise<StepOutcome> {
    const watch = this.#watches.get(name);
    if (watch === undefined) throw new Error(`No watch ${name} is open`);
    const { take = 0, waitMs = defaultCollectMs } = step;
    const deadline = performance.now() + waitMs;
    while (watch.events.length < take && !watch.ended && performance.now() < deadline) await delay(20);
    const events = watch.events.splice(0, take).map((event) => this.#placeholders.of(this.#shown(withBookmark(event))));
    return { code: watch.response.statusCode ?? 0, events, ...(step.ended && { ended: watch.ended }) };
  }

  #shown(value: unknown): unknown {
    return this.#scenario.managedFields ? value : withoutManagedFields(value);
  }
}

/** Where bookmarks stand is the server's choice. */
function withBookmark(event: unknown): unknown {
  if (!isObject(event) || event.type !== 'BOOKMARK' || !isObject(event.object) || !isObject(event.object.metadata))
    return event;
  return {
    ...event,
    object: { ...event.object, metadata: { ...event.object.metadata, resourceVersion: '<bookmark>' } },
  };
}

function at(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce((node: unknown, key) => {
      if (key.startsWith('=') && Array.isArray(node))
        return node.find((item) => (item.metadata?.name ?? item.name) === key.slice(1));
      if (node === null || typeof node !== 'object') return undefined;
      return (node as Record<string, unknown>)[key.replaceAll('~1', '/')];
    }, value);
}

function withHeads(outcome: StepOutcome, headers: IncomingMessage['headers'], { heads }: Step): StepOutcome {
  if (heads === undefined) return outcome;
  return { ...outcome, heads: Object.fromEntries(heads.map((name) => [name, headers[name] ?? null])) };
}

async function openWatch(
  connection: GoldenConnection,
  request: Parameters<GoldenConnection['open']>[0],
): Promise<Watch> {
  const response = await connection.open(request);
  const watch: Watch = { response, events: [], ended: false };
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') watch.events.push(JSON.parse(line));
  });
  response.on('close', () => {
    watch.ended = true;
  });
  response.on('error', () => undefined); // `close` follows
  return watch;
}
