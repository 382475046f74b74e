/** What worker and API do in a cluster, and whether an account may do it. The chart's roles say the same. */
import { call, type ClusterConnection } from './connection.ts';

/** The two programs that run in a cluster. */
export type Program = 'worker' | 'api';

/** Verbs on one resource. */
export interface Permission {
  /** API group; empty for core. */
  group: string;
  resource: string;
  verbs: readonly string[];
  /** The one object that is meant; all of them unless given. */
  objectName?: string;
  /** Where: in the namespace of the pools, or beyond all namespaces. */
  scope: 'namespace' | 'cluster';
  /** Without it everything but this goes on; null where nothing works without it. */
  without: string | null;
}

function inNamespace(resource: string, verbs: string[], group = ''): Permission {
  return { group, resource, verbs, scope: 'namespace', without: null };
}

const cordonedNodes: Permission = {
  ...{ group: '', resource: 'nodes', verbs: ['list', 'watch'], scope: 'cluster' },
  without: 'pods on cordoned nodes are not replaced before their node goes',
};

/** What each program needs, nothing more; an end-to-end test runs them with exactly this. */
export const permissions: Record<Program, readonly Permission[]> = {
  worker: [
    inNamespace('pods', ['create', 'delete', 'get', 'list', 'watch']),
    // Only reads and sweeps them: whoever applies a pool stores its template.
    inNamespace('podtemplates', ['delete', 'get', 'list']),
    // The pools' cards.
    inNamespace('configmaps', ['create', 'delete', 'get', 'list', 'update']),
    {
      // Its uid is the identity of the cluster.
      ...{ group: '', resource: 'namespaces', verbs: ['get'], objectName: 'kube-system' },
      ...{ scope: 'cluster', without: null },
    },
    cordonedNodes,
  ],
  api: [
    // Creates only as a dry run, when a pool is applied over HTTP.
    inNamespace('pods', ['create', 'delete', 'get', 'list', 'patch', 'watch']),
    inNamespace('podtemplates', ['create', 'get']),
    inNamespace('configmaps', ['list', 'watch']),
    // Claim records. Each is owned by its pod and goes with it.
    inNamespace('leases', ['create', 'get', 'update'], 'coordination.k8s.io'),
    cordonedNodes,
  ],
};

/** A verb that an account lacks. */
export interface MissingPermission {
  program: Program;
  /** Like `pods: patch`. */
  what: string;
  without: string | null;
}

/**
 * What an account may not do of what a program needs: the connection's own account, or the service
 * account given, for which the connection must be allowed to ask. Raises `KubernetesError`.
 */
export async function findMissingPermissions(options: {
  connection: ClusterConnection;
  namespace: string;
  program: Program;
  serviceAccount?: ServiceAccount;
}): Promise<MissingPermission[]> {
  const { connection, namespace, program, serviceAccount } = options;
  const asked = permissions[program].flatMap((permission) =>
    permission.verbs.map(async (verb) => {
      const { group, resource, objectName, scope, without } = permission;
      const resourceAttributes = {
        ...{ verb, group, resource },
        ...(scope === 'namespace' ? { namespace } : {}),
        ...(objectName === undefined ? {} : { name: objectName }),
      };
      const isAllowed = await review({ connection, serviceAccount, resourceAttributes });
      const name = group === '' ? resource : `${resource}.${group}`;
      return isAllowed ? [] : [{ program, what: `${name}: ${verb}`, without }];
    }),
  );
  return (await Promise.all(asked)).flat();
}

/** A service account by name. */
export interface ServiceAccount {
  namespace: string;
  name: string;
}

/** The name by which a cluster knows a service account as a user. */
export function userOf({ namespace, name }: ServiceAccount): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

async function review(options: {
  connection: ClusterConnection;
  serviceAccount: ServiceAccount | undefined;
  resourceAttributes: object;
}): Promise<boolean> {
  const { connection, serviceAccount, resourceAttributes } = options;
  const path = '/apis/authorization.k8s.io/v1';
  if (serviceAccount === undefined) {
    const body = { spec: { resourceAttributes } };
    const own = connection.send({ method: 'POST', path: `${path}/selfsubjectaccessreviews`, body });
    return isAllowed(await call(own));
  }
  const { namespace } = serviceAccount;
  const groups = [
    ...['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  ];
  const body = { spec: { user: userOf(serviceAccount), groups, resourceAttributes } };
  return isAllowed(
    await call(connection.send({ method: 'POST', path: `${path}/subjectaccessreviews`, body })),
  );
}

function isAllowed(answer: unknown): boolean {
  return (answer as { status?: { allowed?: unknown } }).status?.allowed === true;
}
