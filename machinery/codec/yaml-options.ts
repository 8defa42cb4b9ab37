import type { DumpOptions } from 'js-yaml';

/** As Go prints YAML: keys in order, lists not indented, double quotes, long lines left alone. */
export const yamlOptions: DumpOptions = {
  noRefs: true,
  sortKeys: true,
  noArrayIndent: true,
  quotingType: '"',
  lineWidth: -1,
};
