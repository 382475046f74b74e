import type { Fields } from './api-object.ts';
import { apiVersionOf, type Resource, resources } from './resources.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

function resourceList(groupVersion: string): Fields {
  const served = resources.filter((resource) => apiVersionOf(resource) === groupVersion);
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    resources: served.flatMap((resource) => [entry(resource), ...subresources(resource)]),
  };
}

function entry({ plural, singular, namespaced, kind, shortNames }: Resource): Fields {
  return { name: plural, singularName: singular, namespaced, kind, verbs, shortNames };
}

function subresources({ plural, namespaced, kind, subresources: names }: Resource): Fields[] {
  return names.map((name) =>
    name === 'eviction'
      ? {
          name: `${plural}/eviction`,
          singularName: '',
          namespaced,
          group: 'policy',
          version: 'v1',
          kind: 'Eviction',
          verbs: ['create'],
        }
      : {
          name: `${plural}/${name}`,
          singularName: '',
          namespaced,
          kind,
          verbs: ['get', 'patch', 'update'],
        },
  );
}

const coordination = { groupVersion: 'coordination.k8s.io/v1', version: 'v1' };

/** What clients such as kubectl ask first: which groups, versions and resources are served. */
export const discovery: Record<string, Fields> = {
  '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
  '/apis': {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: [
      { name: 'coordination.k8s.io', versions: [coordination], preferredVersion: coordination },
    ],
  },
  '/api/v1': resourceList('v1'),
  '/apis/coordination.k8s.io/v1': resourceList('coordination.k8s.io/v1'),
  '/version': {
    major: '1',
    minor: '37',
    gitVersion: 'v1.37.2+simulated',
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: process.platform,
  },
};
