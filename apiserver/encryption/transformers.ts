/** Which transformer a place in the store has, by the rules of a configuration. */

import type { Clock } from '../../base/clock.ts';
import { compareText } from '../../base/compare.ts';
import { ownGroup } from '../store/own-group.ts';
import type { Cipher } from './ciphers/cipher.ts';
import { Transformer } from './ciphers/transformer.ts';
import { ciphersOf } from './ciphers.ts';
import {
  type EncryptionConfiguration,
  isResourceNamed,
  type KmsProvider,
  splitAtDot,
} from './encryption-configuration.ts';
import { KmsCipher } from './kms/kms-cipher.ts';
import { GrpcKmsClient } from './kms/kms-client.ts';

const root = '/registry/';
/** Treated as Secrets; all else that the API server keeps for itself is left as it is. */
export const ownKeysPrefix = `${root}${ownGroup}/keys/`;
const secrets = { group: '', plural: 'secrets' };

interface Rule {
  readonly resources: readonly string[];
  readonly transformer: Transformer;
}

export class Transformers {
  readonly kms: readonly KmsCipher[];
  readonly #rules: readonly Rule[];
  /** By `group/resource` as it stands in a key. */
  readonly #found = new Map<string, Transformer | undefined>();

  /** `kept`: providers of the configuration before, which go on where they are named as they were. */
  constructor(configuration: EncryptionConfiguration, kms: ReadonlyMap<string, KmsCipher>) {
    this.kms = [...kms.values()];
    this.#rules = configuration.rules.flatMap(({ resources, providers }) => {
      const [first, ...rest] = providers.flatMap((provider): readonly Cipher[] => ciphersOf(provider, kms));
      return first === undefined ? [] : [{ resources, transformer: new Transformer([first, ...rest]) }];
    });
  }

  of(place: string): Transformer | undefined {
    const group = place.indexOf('/', root.length);
    const end = place.indexOf('/', group + 1);
    if (group < 0 || end < 0 || !place.startsWith(root)) return undefined;
    const name = place.slice(root.length, end);
    let transformer = this.#found.get(name);
    if (transformer === undefined && !this.#found.has(name)) {
      transformer = this.#ruleFor(name);
      this.#found.set(name, transformer);
    }
    return transformer;
  }

  #ruleFor(name: string): Transformer | undefined {
    const [group = '', plural = ''] = name.split('/');
    if (group === ownGroup) return plural === 'keys' ? this.#transformerFor(secrets) : undefined;
    return this.#transformerFor({ group: group === 'core' ? '' : group, plural });
  }

  #transformerFor(resource: { readonly group: string; readonly plural: string }): Transformer | undefined {
    const isNamed = (name: string): boolean => isResourceNamed(name, resource);
    return this.#rules.find(({ resources }) => resources.some(isNamed))?.transformer;
  }

  /** Below these places there may be resources that the rules mean, which nobody but the store knows. */
  get roots(): string[] {
    const named = this.#rules.flatMap(({ resources }) => resources).map(rootOf);
    const roots = [...new Set(named)].sort(compareText);
    return roots.filter((place) => !roots.some((other) => other !== place && place.startsWith(other)));
  }

  /** What the rules concern, of these store prefixes. */
  encryptedOf(prefixes: Iterable<string>): string[] {
    return [...prefixes].filter((prefix) => this.of(prefix) !== undefined);
  }
}

/** `widgets.example.com`: `/registry/example.com/widgets/`; `*.example.com`: `/registry/example.com/`; `*.*`: all. */
function rootOf(resource: string): string {
  if (resource === '*.*') return root;
  const [plural, group] = splitAtDot(resource);
  const place = `${root}${group === '' ? 'core' : group}/`;
  return plural === '*' ? place : `${place}${plural}/`;
}

/** Clients of key services, by name: those of `before` that are still named as they were, and new ones. */
export function kmsCiphersOf(
  { rules }: EncryptionConfiguration,
  before: ReadonlyMap<string, { readonly provider: KmsProvider; readonly cipher: KmsCipher }>,
  clock: Clock,
): Map<string, { readonly provider: KmsProvider; readonly cipher: KmsCipher }> {
  const providers = rules.flatMap((rule) => rule.providers).filter((one) => one.type === 'kms');
  return new Map(
    providers.map((provider) => {
      const { name, endpoint, timeoutMs } = provider;
      const known = before.get(name);
      if (known?.provider.endpoint === endpoint && known.provider.timeoutMs === timeoutMs) return [name, known];
      const client = new GrpcKmsClient({ name, endpoint, timeoutMs });
      return [name, { provider, cipher: new KmsCipher({ name, client, clock }) }];
    }),
  );
}
