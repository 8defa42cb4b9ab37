/** Definitions of widgets, each in a group of its own, as tests of custom resources make them. */

import { randomBytes } from 'node:crypto';
import { type ApiUser, at, type Json } from '../conformance/api-user.ts';
import { eventually } from './eventually.ts';

export const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export interface WidgetOptions {
  /** Of version v1. */
  readonly schema?: Json;
  /** Further fields of version v1, or of all of them. */
  readonly version?: Json;
  /** Further fields of the definition's spec. */
  readonly spec?: Json;
}

const anything: Json = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** A definition that is established. */
export class Widgets {
  readonly group = `g${randomBytes(4).toString('hex')}.example.com`;
  readonly #user: ApiUser;

  private constructor(user: ApiUser) {
    this.#user = user;
  }

  static async define(user: ApiUser, { schema = anything, version = {}, spec = {} }: WidgetOptions = {}) {
    const widgets = new Widgets(user);
    const { group, name } = widgets;
    const v1 = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...version };
    const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'], categories: ['all'] };
    const full = { group, scope: 'Namespaced', names, versions: [v1], ...spec };
    await user.post(definitions, { metadata: { name }, spec: full });
    await widgets.has('Established');
    return widgets;
  }

  /** Of the definition. */
  get name(): string {
    return `widgets.${this.group}`;
  }

  get definition(): string {
    return `${definitions}/${this.name}`;
  }

  /** The path of all of them, in the namespace if one is given. */
  path(namespace?: string, version = 'v1'): string {
    const place = namespace === undefined ? '' : `namespaces/${namespace}/`;
    return `/apis/${this.group}/${version}/${place}widgets`;
  }

  widget(name: string, rest: Json = {}): Json {
    const { metadata = {}, ...more } = rest as { metadata?: Json };
    return { apiVersion: `${this.group}/v1`, kind: 'Widget', metadata: { name, ...metadata }, ...more };
  }

  /** Resolves once the condition is true. */
  async has(type: string): Promise<void> {
    await eventually(`the definition is ${type}`, async () => {
      const conditions = at(await this.#user.get(this.definition), 'status.conditions');
      return Array.isArray(conditions) && conditions.some((one: Json) => one.type === type && one.status === 'True');
    });
  }
}
