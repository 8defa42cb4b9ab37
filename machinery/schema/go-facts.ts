/**
 * What the OpenAPI facts leave out and clients can see: how the fields are declared in Go. A field behind a pointer
 * keeps an explicit zero (`replicas: 0`) while a plain one loses it (`hostNetwork: false`); a struct by value is always
 * shown (`resources: {}`); and errors name the types of fields that are more than a string.
 *
 * Keys are `<version>.<Type>`, or `<group>.<version>.<Type>` where two packages mean different things by one name.
 */

type FieldsByType = Readonly<Record<string, string>>;

/** Optional numbers and booleans that are NOT pointers: zero and false are the same as absent. */
const plainScalars: FieldsByType = {
  'v1.APIServiceSpec': 'insecureSkipTLSVerify',
  'v1.AWSElasticBlockStoreVolumeSource': 'partition readOnly',
  'v1.AzureFilePersistentVolumeSource': 'readOnly',
  'v1.AzureFileVolumeSource': 'readOnly',
  'v1.CSIPersistentVolumeSource': 'readOnly',
  'v1.CephFSPersistentVolumeSource': 'readOnly',
  'v1.CephFSVolumeSource': 'readOnly',
  'v1.CinderPersistentVolumeSource': 'readOnly',
  'v1.CinderVolumeSource': 'readOnly',
  'v1.Condition': 'observedGeneration',
  'v1.Container': 'stdin stdinOnce tty',
  'v1.ContainerImage': 'sizeBytes',
  'v1.ContainerPort': 'hostPort',
  'v1.ContainerStateTerminated': 'signal',
  'v1.CustomResourceColumnDefinition': 'priority',
  'v1.CustomResourceDefinitionCondition': 'observedGeneration',
  'v1.CustomResourceDefinitionSpec': 'preserveUnknownFields',
  'v1.CustomResourceDefinitionStatus': 'observedGeneration',
  'v1.CustomResourceDefinitionVersion': 'deprecated',
  'v1.DaemonSetSpec': 'minReadySeconds',
  'v1.DaemonSetStatus': 'numberAvailable numberUnavailable observedGeneration updatedNumberScheduled',
  'v1.DeploymentSpec': 'minReadySeconds paused',
  'v1.DeploymentStatus':
    'availableReplicas observedGeneration readyReplicas replicas unavailableReplicas updatedReplicas',
  'v1.DeviceSubRequest': 'count',
  'v1.EphemeralContainer': 'stdin stdinOnce tty',
  'v1.Event': 'count deprecatedCount',
  'v1.EventSeries': 'count',
  'v1.ExactDeviceRequest': 'count',
  'v1.FCVolumeSource': 'readOnly',
  'v1.FlexPersistentVolumeSource': 'readOnly',
  'v1.FlexVolumeSource': 'readOnly',
  'v1.FlowSchemaSpec': 'matchingPrecedence',
  'v1.GCEPersistentDiskVolumeSource': 'partition readOnly',
  'v1.GlusterfsPersistentVolumeSource': 'readOnly',
  'v1.GlusterfsVolumeSource': 'readOnly',
  'v1.ISCSIPersistentVolumeSource': 'chapAuthDiscovery chapAuthSession readOnly',
  'v1.ISCSIVolumeSource': 'chapAuthDiscovery chapAuthSession readOnly',
  'v1.JSONSchemaProps':
    'exclusiveMaximum exclusiveMinimum nullable uniqueItems x-kubernetes-embedded-resource x-kubernetes-int-or-string',
  'v1.JobStatus': 'active failed succeeded',
  'v1.NFSVolumeSource': 'readOnly',
  'v1.NodeSpec': 'unschedulable',
  'v1.ObjectMeta': 'generation',
  'v1.PersistentVolumeClaimVolumeSource': 'readOnly',
  'v1.PodCondition': 'observedGeneration',
  'v1.PodSpec': 'hostIPC hostNetwork hostPID',
  'v1.PodStatus': 'observedGeneration',
  'v1.PortworxVolumeSource': 'readOnly',
  'v1.PriorityClass': 'globalDefault',
  'v1.Probe': 'failureThreshold initialDelaySeconds periodSeconds successThreshold timeoutSeconds',
  'v1.QuobyteVolumeSource': 'readOnly',
  'v1.QueuingConfiguration': 'handSize queueLengthLimit queues',
  'v1.RBDPersistentVolumeSource': 'readOnly',
  'v1.RBDVolumeSource': 'readOnly',
  'v1.ReplicaSetSpec': 'minReadySeconds',
  'v1.ReplicaSetStatus': 'availableReplicas fullyLabeledReplicas observedGeneration readyReplicas',
  'v1.ReplicationControllerSpec': 'minReadySeconds',
  'v1.ReplicationControllerStatus': 'availableReplicas fullyLabeledReplicas observedGeneration readyReplicas',
  'v1.ResourcePolicyRule': 'clusterScope',
  'v1.ScaleIOPersistentVolumeSource': 'readOnly sslEnabled',
  'v1.ScaleIOVolumeSource': 'readOnly sslEnabled',
  'v1.ScaleSpec': 'replicas',
  'v1.ServiceBackendPort': 'number',
  'v1.ServicePort': 'nodePort',
  'v1.ServiceSpec': 'healthCheckNodePort publishNotReadyAddresses',
  'v1.StatefulSetSpec': 'minReadySeconds',
  'v1.StatefulSetStatus': 'currentReplicas observedGeneration readyReplicas updatedReplicas',
  'v1.StorageOSPersistentVolumeSource': 'readOnly',
  'v1.StorageOSVolumeSource': 'readOnly',
  'v1.SubjectAccessReviewStatus': 'denied',
  'v1.TokenReviewStatus': 'authenticated',
  'v1.ValidatingAdmissionPolicyStatus': 'observedGeneration',
  'v1.VolumeMount': 'readOnly',
  'v1.VolumeMountStatus': 'readOnly',
  'v1.PodDisruptionBudgetStatus': 'observedGeneration',
  'v2.HorizontalPodAutoscalerStatus': 'currentReplicas',
};

/** Optional strings that ARE pointers: an explicit `""` is kept. */
const pointerStrings: FieldsByType = {
  'v1.AllocatedDeviceStatus': 'shareID',
  'v1.AppArmorProfile': 'localhostProfile',
  'v1.AzureDiskVolumeSource': 'cachingMode fsType kind',
  'v1.AzureFilePersistentVolumeSource': 'secretNamespace',
  'v1.CSIDriverSpec': 'fsGroupPolicy',
  'v1.CSIVolumeSource': 'fsType',
  'v1.ClusterTrustBundleProjection': 'name signerName',
  'v1.Container': 'restartPolicy',
  'v1.ContainerStatus': 'stopSignal',
  'v1.CustomResourceDefinitionVersion': 'deprecationWarning',
  'v1.CustomResourceSubresourceScale': 'labelSelectorPath',
  'v1.CronJobSpec': 'timeZone',
  'v1.Device': 'nodeName',
  'v1.DeviceAttribute': 'string version',
  'v1.DeviceClassSpec': 'extendedResourceName',
  'v1.DeviceConstraint': 'distinctAttribute matchAttribute',
  'v1.DeviceRequestAllocationResult': 'shareID',
  'v1.DeleteOptions': 'propagationPolicy',
  'v1.Endpoint': 'hostname nodeName zone',
  'v1.EndpointAddress': 'nodeName',
  'core.v1.EndpointPort': 'appProtocol',
  'discovery.v1.EndpointPort': 'appProtocol name protocol',
  'v1.EphemeralContainer': 'restartPolicy',
  'v1.GRPCAction': 'service',
  'v1.GlusterfsPersistentVolumeSource': 'endpointsNamespace',
  'v1.HTTPIngressPath': 'pathType',
  'v1.HostPathVolumeSource': 'type',
  'v1.ISCSIPersistentVolumeSource': 'initiatorName',
  'v1.ISCSIVolumeSource': 'initiatorName',
  'v1.IngressClassParametersReference': 'apiGroup namespace scope',
  'v1.IngressPortStatus': 'error',
  'v1.IngressSpec': 'ingressClassName',
  'v1.JSONSchemaProps': 'x-kubernetes-list-type x-kubernetes-map-type',
  'v1.JobSpec': 'completionMode managedBy podReplacementPolicy',
  'v1.JobStatus': 'failedIndexes',
  'v1.LeaseSpec': 'holderIdentity preferredHolder strategy',
  'v1.Lifecycle': 'stopSignal',
  'v1.LoadBalancerIngress': 'ipMode',
  'v1.LocalVolumeSource': 'fsType',
  'v1.MatchResources': 'matchPolicy',
  'v1.MutatingAdmissionPolicySpec': 'failurePolicy',
  'v1.MutatingWebhook': 'failurePolicy matchPolicy reinvocationPolicy sideEffects',
  'v1.NamedRuleWithOperations': 'scope',
  'v1.NetworkPolicyPort': 'protocol',
  'v1.ParamRef': 'parameterNotFoundAction',
  'v1.PersistentVolumeClaimSpec': 'storageClassName volumeAttributesClassName volumeMode',
  'v1.PersistentVolumeClaimStatus': 'currentVolumeAttributesClassName',
  'v1.PersistentVolumeSpec': 'volumeAttributesClassName volumeMode',
  'v1.PodDNSConfigOption': 'value',
  'v1.PodDisruptionBudgetSpec': 'unhealthyPodEvictionPolicy',
  'v1.PodFailurePolicyOnExitCodesRequirement': 'containerName',
  'v1.PodResourceClaim': 'resourceClaimName resourceClaimTemplateName',
  'v1.PodResourceClaimStatus': 'resourceClaimName',
  'v1.PodSchedulingGroup': 'podGroupName',
  'v1.PodSecurityContext': 'fsGroupChangePolicy seLinuxChangePolicy supplementalGroupsPolicy',
  'v1.PodSpec': 'hostnameOverride preemptionPolicy runtimeClassName',
  'v1.PortStatus': 'error',
  'v1.Preconditions': 'resourceVersion uid',
  'v1.PriorityClass': 'preemptionPolicy',
  'v1.ResourceSliceSpec': 'nodeName',
  'v1.ResourceStatus': 'message',
  'v1.RuleWithOperations': 'scope',
  'v1.SeccompProfile': 'localhostProfile',
  'v1.SecurityContext': 'procMount',
  'v1.ServicePort': 'appProtocol',
  'v1.ServiceReference': 'path',
  'v1.ServiceSpec': 'internalTrafficPolicy ipFamilyPolicy loadBalancerClass trafficDistribution',
  'v1.StorageClass': 'reclaimPolicy volumeBindingMode',
  'v1.SuccessPolicyRule': 'succeededIndexes',
  'v1.TopologySpreadConstraint': 'nodeAffinityPolicy nodeTaintsPolicy',
  'v1.TypedLocalObjectReference': 'apiGroup',
  'v1.TypedObjectReference': 'apiGroup namespace',
  'v1.ValidatingAdmissionPolicySpec': 'failurePolicy',
  'v1.ValidatingWebhook': 'failurePolicy matchPolicy sideEffects',
  'v1.Validation': 'reason',
  'v1.ValidationRule': 'reason',
  'v1.VolumeAttachmentSource': 'persistentVolumeName',
  'v1.VolumeMount': 'mountPropagation recursiveReadOnly',
  'v1.VolumeMountStatus': 'recursiveReadOnly',
  'v1.WebhookClientConfig': 'url',
  'v1.WindowsSecurityContextOptions': 'gmsaCredentialSpec gmsaCredentialSpecName runAsUserName',
  'v2.HPAScalingRules': 'selectPolicy',
};

/** Optional fields that are always shown: structs and times by value, and what is declared without `omitempty`. */
const alwaysShown: FieldsByType = {
  'v1.APIServiceCondition': 'lastTransitionTime',
  'v1.AllocationResult': 'devices',
  'v1.CSINodeDriver': 'topologyKeys',
  'v1.CertificateSigningRequestCondition': 'lastTransitionTime lastUpdateTime',
  'v1.ClusterRole': 'rules',
  'v1.Container': 'resources',
  'v1.ContainerStateRunning': 'startedAt',
  'v1.ContainerStateTerminated': 'finishedAt startedAt',
  'v1.ContainerStatus': 'lastState state',
  'v1.ControllerRevision': 'data',
  'v1.CustomResourceDefinitionCondition': 'lastTransitionTime',
  'v1.CustomResourceDefinitionStatus': 'acceptedNames conditions storedVersions',
  'v1.DaemonSetCondition': 'lastTransitionTime',
  'v1.DaemonSetSpec': 'updateStrategy',
  'v1.DeploymentCondition': 'lastTransitionTime lastUpdateTime',
  'v1.DeploymentSpec': 'strategy',
  'v1.Endpoint': 'conditions',
  'v1.EndpointSlice': 'ports endpoints',
  'v1.EphemeralContainer': 'resources',
  'core.v1.Event': 'eventTime firstTimestamp lastTimestamp reportingComponent reportingInstance source',
  'events.v1.Event': 'deprecatedFirstTimestamp deprecatedLastTimestamp deprecatedSource eventTime regarding',
  'v1.EventSeries': 'lastObservedTime',
  'v1.FlowSchemaCondition': 'lastTransitionTime',
  'v1.GRPCAction': 'service',
  'v1.HorizontalPodAutoscalerCondition': 'lastTransitionTime',
  'v1.IngressServiceBackend': 'port',
  'v1.IngressStatus': 'loadBalancer',
  'v1.JobCondition': 'lastProbeTime lastTransitionTime',
  'v1.JobTemplateSpec': 'metadata spec',
  'v1.LimitedPriorityLevelConfiguration': 'limitResponse',
  'v1.NamespaceCondition': 'lastTransitionTime',
  'v1.NetworkPolicySpec': 'podSelector',
  'v1.NodeCondition': 'lastHeartbeatTime lastTransitionTime',
  'v1.NodeDaemonEndpoints': 'kubeletEndpoint',
  'v1.NodeStatus': 'daemonEndpoints nodeInfo',
  'v1.PersistentVolumeClaimCondition': 'lastProbeTime lastTransitionTime',
  'v1.PersistentVolumeClaimSpec': 'resources',
  'v1.PersistentVolumeClaimTemplate': 'metadata',
  'v1.PodCondition': 'lastProbeTime lastTransitionTime',
  'v1.PodDisruptionBudgetStatus': 'currentHealthy desiredHealthy disruptionsAllowed expectedPods',
  'v1.PodTemplate': 'template',
  'v1.PodTemplateSpec': 'metadata spec',
  'v1.PriorityClass': 'value',
  'v1.PriorityLevelConfigurationCondition': 'lastTransitionTime',
  'v1.ProjectedVolumeSource': 'sources',
  'v1.ReplicaSetCondition': 'lastTransitionTime',
  'v1.ReplicaSetSpec': 'template',
  'v1.ReplicationControllerCondition': 'lastTransitionTime',
  'v1.ResourceClaimSpec': 'devices',
  'v1.ResourceClaimTemplateSpec': 'metadata',
  'v1.ResourceFieldSelector': 'divisor',
  'v1.ResourcePolicyRule': 'namespaces',
  'v1.Role': 'rules',
  'v1.RoleRef': 'apiGroup',
  'v1.SelfSubjectReviewStatus': 'userInfo',
  'v1.ServicePort': 'targetPort',
  'v1.ServiceStatus': 'loadBalancer',
  'v1.StatefulSetCondition': 'lastTransitionTime',
  'v1.StatefulSetOrdinals': 'start',
  'v1.StatefulSetSpec': 'serviceName updateStrategy',
  'v1.StatefulSetStatus': 'availableReplicas',
  'v1.TokenRequestStatus': 'expirationTimestamp token',
  'v1.TokenReviewStatus': 'user',
  'v1.TypedLocalObjectReference': 'apiGroup',
  'v1.TypedObjectReference': 'apiGroup',
  'v1.VolumeError': 'time',
  'v2.HorizontalPodAutoscalerCondition': 'lastTransitionTime',
  'v2.HorizontalPodAutoscalerStatus': 'currentMetrics',
};

/** Required structs that are pointers: `null` when missing. */
const requiredPointers: FieldsByType = {
  'v1.DaemonSetSpec': 'selector',
  'v1.DeploymentSpec': 'selector',
  'v1.HTTPIngressPath': 'pathType',
  'v1.IPAddressSpec': 'parentRef',
  'v1.MutatingWebhook': 'sideEffects',
  'v1.ReplicaSetSpec': 'selector',
  'v1.ScaleIOPersistentVolumeSource': 'secretRef',
  'v1.ScaleIOVolumeSource': 'secretRef',
  'v1.StatefulSetSpec': 'selector',
  'v1.ValidatingWebhook': 'sideEffects',
};

/** Fields whose type has a name of its own: `field:TypeName`. Only errors show it. */
const namedTypes: FieldsByType = {
  'v1.AppArmorProfile': 'type:AppArmorProfileType',
  'v1.AzureDiskVolumeSource': 'cachingMode:AzureDataDiskCachingMode kind:AzureDataDiskKind',
  'v1.Capabilities': 'add:[]Capability drop:[]Capability',
  'v1.Condition': 'status:ConditionStatus',
  'v1.Container':
    'imagePullPolicy:PullPolicy restartPolicy:ContainerRestartPolicy terminationMessagePolicy:TerminationMessagePolicy',
  'v1.ContainerPort': 'protocol:Protocol',
  'v1.ContainerResizePolicy': 'resourceName:ResourceName restartPolicy:ResourceResizeRestartPolicy',
  'v1.CronJobSpec': 'concurrencyPolicy:ConcurrencyPolicy',
  'v1.CustomResourceDefinitionSpec': 'scope:ResourceScope',
  'v1.DaemonSetUpdateStrategy': 'type:DaemonSetUpdateStrategyType',
  'v1.DeploymentStrategy': 'type:DeploymentStrategyType',
  'v1.EmptyDirVolumeSource': 'medium:StorageMedium',
  'v1.EndpointPort': 'protocol:Protocol',
  'v1.EndpointSlice': 'addressType:AddressType',
  'v1.EphemeralContainer':
    'imagePullPolicy:PullPolicy restartPolicy:ContainerRestartPolicy terminationMessagePolicy:TerminationMessagePolicy',
  'v1.HTTPGetAction': 'scheme:URIScheme',
  'v1.HTTPIngressPath': 'pathType:PathType',
  'v1.HostPathVolumeSource': 'type:HostPathType',
  'v1.JobSpec': 'completionMode:CompletionMode podReplacementPolicy:PodReplacementPolicy',
  'v1.LabelSelectorRequirement': 'operator:LabelSelectorOperator',
  'v1.LimitRangeItem': 'type:LimitType',
  'v1.MutatingWebhook':
    'failurePolicy:FailurePolicyType matchPolicy:MatchPolicyType reinvocationPolicy:ReinvocationPolicyType sideEffects:SideEffectClass',
  'v1.NamespaceSpec': 'finalizers:[]FinalizerName',
  'v1.NamespaceStatus': 'phase:NamespacePhase',
  'v1.NetworkPolicyPort': 'protocol:Protocol',
  'v1.NetworkPolicySpec': 'policyTypes:[]PolicyType',
  'v1.NodeSelectorRequirement': 'operator:NodeSelectorOperator',
  'v1.NodeStatus': 'phase:NodePhase',
  'v1.ObjectMeta': 'uid:types.UID',
  'v1.OwnerReference': 'uid:types.UID',
  'v1.ObjectReference': 'uid:types.UID',
  'v1.PersistentVolumeClaimSpec': 'accessModes:[]PersistentVolumeAccessMode volumeMode:PersistentVolumeMode',
  'v1.PersistentVolumeClaimStatus': 'accessModes:[]PersistentVolumeAccessMode phase:PersistentVolumeClaimPhase',
  'v1.PersistentVolumeSpec':
    'accessModes:[]PersistentVolumeAccessMode persistentVolumeReclaimPolicy:PersistentVolumeReclaimPolicy volumeMode:PersistentVolumeMode',
  'v1.PersistentVolumeStatus': 'phase:PersistentVolumePhase',
  'v1.PodCondition': 'status:ConditionStatus type:PodConditionType',
  'v1.PodDisruptionBudgetSpec': 'unhealthyPodEvictionPolicy:UnhealthyPodEvictionPolicyType',
  'v1.PodFailurePolicyRule': 'action:PodFailurePolicyAction',
  'v1.PodOS': 'name:OSName',
  'v1.PodReadinessGate': 'conditionType:PodConditionType',
  'v1.PodSecurityContext':
    'fsGroupChangePolicy:PodFSGroupChangePolicy seLinuxChangePolicy:PodSELinuxChangePolicy supplementalGroupsPolicy:SupplementalGroupsPolicy',
  'v1.PodSpec': 'dnsPolicy:DNSPolicy preemptionPolicy:PreemptionPolicy restartPolicy:RestartPolicy',
  'v1.PodStatus': 'phase:PodPhase qosClass:PodQOSClass',
  'v1.PriorityClass': 'preemptionPolicy:PreemptionPolicy',
  'v1.ResourceQuotaSpec': 'scopes:[]ResourceQuotaScope',
  'v1.ScopedResourceSelectorRequirement': 'operator:ScopeSelectorOperator scopeName:ResourceQuotaScope',
  'v1.SeccompProfile': 'type:SeccompProfileType',
  'v1.Secret': 'type:SecretType',
  'v1.SecurityContext': 'procMount:ProcMountType',
  'v1.ServicePort': 'protocol:Protocol',
  'v1.ServiceSpec':
    'externalTrafficPolicy:ServiceExternalTrafficPolicy internalTrafficPolicy:ServiceInternalTrafficPolicy ipFamilies:[]IPFamily ipFamilyPolicy:IPFamilyPolicy sessionAffinity:ServiceAffinity type:ServiceType',
  'v1.StatefulSetPersistentVolumeClaimRetentionPolicy':
    'whenDeleted:PersistentVolumeClaimRetentionPolicyType whenScaled:PersistentVolumeClaimRetentionPolicyType',
  'v1.StatefulSetSpec': 'podManagementPolicy:PodManagementPolicyType',
  'v1.StatefulSetUpdateStrategy': 'type:StatefulSetUpdateStrategyType',
  'v1.StorageClass': 'reclaimPolicy:PersistentVolumeReclaimPolicy volumeBindingMode:VolumeBindingMode',
  'v1.Taint': 'effect:TaintEffect',
  'v1.Toleration': 'effect:TaintEffect operator:TolerationOperator',
  'v1.TopologySpreadConstraint':
    'nodeAffinityPolicy:NodeInclusionPolicy nodeTaintsPolicy:NodeInclusionPolicy whenUnsatisfiable:UnsatisfiableConstraintAction',
  'v1.ValidatingWebhook': 'failurePolicy:FailurePolicyType matchPolicy:MatchPolicyType sideEffects:SideEffectClass',
  'v1.VolumeMount': 'mountPropagation:MountPropagationMode recursiveReadOnly:RecursiveReadOnlyMode',
  'v2.HPAScalingRules': 'selectPolicy:ScalingPolicySelect',
  'v2.HPAScalingPolicy': 'type:HPAScalingPolicyType',
  'v2.MetricSpec': 'type:MetricSourceType',
  'v2.MetricTarget': 'type:MetricTargetType',
};

function index(table: FieldsByType): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(Object.entries(table).map(([type, fields]) => [type, new Set(fields.split(' '))]));
}

const plainScalarsByType = index(plainScalars);
const pointerStringsByType = index(pointerStrings);
const alwaysShownByType = index(alwaysShown);
const requiredPointersByType = index(requiredPointers);

function has(table: ReadonlyMap<string, ReadonlySet<string>>, definition: string, field: string): boolean {
  const parts = definition.split('.');
  const fields = table.get(parts.slice(-3).join('.')) ?? table.get(parts.slice(-2).join('.'));
  return fields?.has(field) ?? false;
}

/** Whether an optional number or boolean loses an explicit zero. */
export const isPlainScalar = (definition: string, field: string): boolean => has(plainScalarsByType, definition, field);
/** Whether an optional string keeps an explicit `""`. */
export const isPointerString = (definition: string, field: string): boolean =>
  has(pointerStringsByType, definition, field);
/** Whether an optional field is shown although it is empty. */
export const isAlwaysShown = (definition: string, field: string): boolean => has(alwaysShownByType, definition, field);
/** Whether a required struct or string shows as `null` when it is missing. */
export const isRequiredPointer = (definition: string, field: string): boolean =>
  has(requiredPointersByType, definition, field);

/** The name of a field's type as errors show it, where it is more than what JSON says. */
export function namedTypeOf(goType: string, field: string): string | undefined {
  const entry = namedTypes[goType]?.split(' ').find((one) => one.startsWith(`${field}:`));
  const name = entry?.slice(field.length + 1);
  if (name === undefined || name.includes('.')) return name;
  const version = goType.slice(0, goType.indexOf('.'));
  return name.startsWith('[]') ? `[]${version}.${name.slice(2)}` : `${version}.${name}`;
}
