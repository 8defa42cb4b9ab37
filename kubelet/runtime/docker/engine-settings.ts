/** What a pod asks of the engine by annotations, as the engine's own fields. Pure. */

import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import type { DeviceRate, EngineSettings } from '../../../api/engine-settings.ts';

/** For each container of the pod. What is not asked for is not among them. */
export function computeSettingsOfHost(settings: EngineSettings): HostConfig {
  const { ulimits, init, deviceCgroupRules, logDriver, logOptions, storageOptions, blkioWeight } = settings;
  return {
    ...(ulimits && { Ulimits: ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })) }),
    ...(init !== undefined && { Init: init }),
    ...(deviceCgroupRules && { DeviceCgroupRules: [...deviceCgroupRules] }),
    ...((logDriver || logOptions) && { LogConfig: { Type: logDriver ?? 'local', Config: { ...logOptions } } }),
    ...(storageOptions && { StorageOpt: { ...storageOptions } }),
    ...computeRuntime(settings),
    ...(settings.cpusetCpus !== undefined && { CpusetCpus: settings.cpusetCpus }),
    ...(settings.cpusetMems !== undefined && { CpusetMems: settings.cpusetMems }),
    ...(blkioWeight !== undefined && { BlkioWeight: blkioWeight }),
    ...(settings.blkioWeightDevices && {
      BlkioWeightDevice: settings.blkioWeightDevices.map(({ path, rate }) => ({ Path: path, Weight: rate })),
    }),
    ...(settings.readBytesRates && { BlkioDeviceReadBps: rates(settings.readBytesRates) }),
    ...(settings.writeBytesRates && { BlkioDeviceWriteBps: rates(settings.writeBytesRates) }),
    ...(settings.readOperationsRates && { BlkioDeviceReadIOps: rates(settings.readOperationsRates) }),
    ...(settings.writeOperationsRates && { BlkioDeviceWriteIOps: rates(settings.writeOperationsRates) }),
    ...(settings.oomKillDisable !== undefined && { OomKillDisable: settings.oomKillDisable }),
  };
}

const rates = (all: readonly DeviceRate[]) => all.map(({ path, rate }) => ({ Path: path, Rate: rate }));

/** A pod's containers share namespaces: all of them, and the infra container, are of one OCI runtime. */
export const computeRuntime = ({ runtime }: EngineSettings): HostConfig =>
  runtime === undefined ? {} : { Runtime: runtime };

/**
 * Engines before API 1.44 take the address of a container, those from 1.52 on only that of one end of a network; in
 * between both are understood.
 */
export function computeMacAddress(
  { macAddress }: EngineSettings,
  { networkName, apiVersion }: { readonly networkName: string; readonly apiVersion: string },
): Pick<ContainerCreateOptions, 'MacAddress' | 'NetworkingConfig'> {
  if (macAddress === undefined) return {};
  const [major = 1, minor = 0] = apiVersion.split('.').map(Number);
  if (major === 1 && minor < 44) return { MacAddress: macAddress };
  return { NetworkingConfig: { EndpointsConfig: { [networkName]: { MacAddress: macAddress } } } };
}
