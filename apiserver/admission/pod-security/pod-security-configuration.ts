/** `PodSecurityConfiguration` of upstream: what holds where no label says anything, and who is exempt. */

import { engineSettingNames } from '../../../api/engine-settings.ts';
import { checkDns1123Label, checkDns1123Subdomain } from '../../../kinds/validation/names.ts';
import { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { ConfigurationError, readDocument, readFields, readText, readTexts } from '../configuration-fields.ts';
import {
  type LevelVersion,
  type Mode,
  modes,
  type Policy,
  parseLevel,
  parseVersion,
  policyAsDefault,
  wrongLevel,
  wrongVersion,
} from './level.ts';

export interface PodSecurityConfiguration {
  readonly defaults: Policy;
  readonly exemptions: {
    readonly usernames: ReadonlySet<string>;
    readonly runtimeClasses: ReadonlySet<string>;
    readonly namespaces: ReadonlySet<string>;
    /** Ours: names of settings of the engine that pods may have in any namespace. */
    readonly engineSettings: ReadonlySet<string>;
  };
}

const group = 'pod-security.admission.config.k8s.io';
const versions = ['v1', 'v1beta1', 'v1alpha1'].map((version) => `${group}/${version}`);

export const defaultPodSecurity: PodSecurityConfiguration = {
  defaults: policyAsDefault({ level: 'privileged', version: 'latest' }),
  exemptions: { usernames: new Set(), runtimeClasses: new Set(), namespaces: new Set(), engineSettings: new Set() },
};

/** Throws ConfigurationError, in upstream's words. `undefined`: nobody says anything. */
export function readPodSecurityConfiguration(document: unknown): PodSecurityConfiguration {
  if (document === undefined) return defaultPodSecurity;
  const { defaults, exemptions } = readDocument(document, 'PodSecurityConfiguration', versions, [
    'defaults',
    'exemptions',
  ]);
  const errors = new FieldErrors();
  const read: PodSecurityConfiguration = {
    defaults: readDefaults(defaults, errors),
    exemptions: readExemptions(exemptions, errors),
  };
  if (!errors.empty) {
    throw new ConfigurationError(errors.list.map(({ field, message }) => `${field}: ${message}`).join(', '));
  }
  return read;
}

function readDefaults(value: unknown, errors: FieldErrors): Policy {
  const fields = readFields(
    value,
    'defaults',
    modes.flatMap((mode) => [mode, `${mode}-version`]),
  );
  const read = (mode: Mode): LevelVersion => {
    const level = readText(fields[mode], `defaults.${mode}`) || 'privileged';
    const version = readText(fields[`${mode}-version`], `defaults.${mode}-version`) || 'latest';
    const place = FieldPath.of('defaults');
    if (parseLevel(level) === undefined) errors.invalid(place.child(mode), level, wrongLevel);
    if (parseVersion(version) === undefined) errors.invalid(place.child(`${mode}-version`), version, wrongVersion);
    return { level: parseLevel(level) ?? 'restricted', version: parseVersion(version) ?? 'latest' };
  };
  return { enforce: read('enforce'), audit: read('audit'), warn: read('warn') };
}

function readExemptions(value: unknown, errors: FieldErrors): PodSecurityConfiguration['exemptions'] {
  const fields = readFields(value, 'exemptions', ['usernames', 'runtimeClasses', 'namespaces', 'engineSettings']);
  const read = (name: string, check: (text: string) => readonly string[]): ReadonlySet<string> => {
    const seen = new Set<string>();
    readTexts(fields[name], `exemptions.${name}`).forEach((text, index) => {
      const place = FieldPath.of('exemptions', name).index(index);
      const wrong = check(text);
      if (name === 'usernames' && text === '') errors.required(place);
      else if (wrong.length > 0) errors.invalid(place, text, wrong.join(', '));
      else if (seen.has(text)) errors.duplicate(place, text);
      seen.add(text);
    });
    return seen;
  };
  return {
    namespaces: read('namespaces', checkDns1123Label),
    runtimeClasses: read('runtimeClasses', checkDns1123Subdomain),
    usernames: read('usernames', () => []),
    engineSettings: read('engineSettings', checkEngineSetting),
  };
}

const checkEngineSetting = (name: string): readonly string[] =>
  engineSettingNames.includes(name) ? [] : [`must be one of ${engineSettingNames.join(', ')}`];
