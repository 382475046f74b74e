/** The resources that the simulated API server serves. */
export interface Resource {
  /** Empty for the core group. */
  group: string;
  version: string;
  plural: string;
  singular: string;
  kind: string;
  namespaced: boolean;
  shortNames: string[];
  subresources: string[];
  /** What a completed delete answers: the object, or a Status of success (as the real server does). */
  deleteReturnsObject: boolean;
  /** A PUT of an absent object creates it. */
  createsOnUpdate: boolean;
}

function core(plural: string, kind: string, more: Partial<Resource> = {}): Resource {
  return {
    group: '',
    version: 'v1',
    plural,
    singular: kind.toLowerCase(),
    kind,
    namespaced: true,
    shortNames: [],
    subresources: [],
    deleteReturnsObject: false,
    createsOnUpdate: false,
    ...more,
  };
}

export const pods = core('pods', 'Pod', {
  shortNames: ['po'],
  subresources: ['status', 'eviction'],
  deleteReturnsObject: true,
});
export const nodes = core('nodes', 'Node', {
  namespaced: false,
  shortNames: ['no'],
  subresources: ['status'],
});
export const namespaces = core('namespaces', 'Namespace', {
  namespaced: false,
  shortNames: ['ns'],
});

export const leases = core('leases', 'Lease', {
  group: 'coordination.k8s.io',
  createsOnUpdate: true,
});

export const resourceQuotas = core('resourcequotas', 'ResourceQuota', {
  shortNames: ['quota'],
  subresources: ['status'],
  deleteReturnsObject: true,
});

export const resources: readonly Resource[] = [
  pods,
  nodes,
  namespaces,
  core('podtemplates', 'PodTemplate', { deleteReturnsObject: true }),
  core('configmaps', 'ConfigMap', { shortNames: ['cm'] }),
  core('events', 'Event', { shortNames: ['ev'] }),
  leases,
  resourceQuotas,
];

/** The `apiVersion` of a resource's objects. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** The name that error messages use: `pods`, `leases.coordination.k8s.io`. */
export function qualifiedName(resource: Resource): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}
