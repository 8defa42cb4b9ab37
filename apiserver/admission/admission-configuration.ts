/**
 * `AdmissionConfiguration` of upstream: what plugins are told, in the file that `--admission-control-config-file` names.
 * A plugin's part stands in that file, or in another that it names.
 */

import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { errorText } from '../../base/error-text.ts';
import { parseYaml } from '../../machinery/codec/yaml.ts';
import { ConfigurationError, readDocument, readFields, readList, readText } from './configuration-fields.ts';
import { pluginOrder } from './plugin-choice.ts';

const versions = ['v1', 'v1alpha1'].map((version) => `apiserver.config.k8s.io/${version}`);

/** What is said of each plugin, not looked at yet. */
export class PluginConfigurations {
  readonly #documents: ReadonlyMap<string, unknown>;

  constructor(documents: Iterable<readonly [plugin: string, document: unknown]> = []) {
    this.#documents = new Map(documents);
  }

  /** `read` gets undefined where nothing is said. Throws ConfigurationError, which names the plugin. */
  read<T>(plugin: string, read: (document: unknown) => T): T {
    try {
      return read(this.#documents.get(plugin));
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      throw new ConfigurationError(`configuration of the admission plugin ${plugin}: ${error.message}`);
    }
  }
}

/** Throws ConfigurationError. */
export async function readAdmissionConfiguration(file: string): Promise<PluginConfigurations> {
  try {
    const { plugins } = readDocument(await readYaml(file), 'AdmissionConfiguration', versions, ['plugins']);
    const documents = new Map<string, unknown>();
    for (const [index, plugin] of readList(plugins, 'plugins').entries()) {
      const place = `plugins[${index}]`;
      const { name, path, configuration } = readFields(plugin, place, ['name', 'path', 'configuration']);
      const pluginName = readText(name, `${place}.name`);
      if (!pluginOrder.includes(pluginName)) {
        throw new ConfigurationError(`${place}.name: unknown admission plugin ${JSON.stringify(pluginName)}`);
      }
      if (documents.has(pluginName)) throw new ConfigurationError(`${place}.name: duplicate ${pluginName}`);
      const elsewhere = readText(path, `${place}.path`);
      documents.set(pluginName, configuration ?? (elsewhere && (await readYaml(resolve(dirname(file), elsewhere)))));
    }
    return new PluginConfigurations([...documents].filter(([, document]) => document !== ''));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError(`${file}: ${error.message}`);
  }
}

async function readYaml(file: string): Promise<unknown> {
  try {
    const { value, duplicates } = parseYaml(await readFile(file, 'utf8'));
    if (duplicates[0] !== undefined) throw new ConfigurationError(duplicates[0]);
    return value;
  } catch (error) {
    throw error instanceof ConfigurationError ? error : new ConfigurationError(errorText(error), { cause: error });
  }
}
