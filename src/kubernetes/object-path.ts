/** Objects of the core group that lie in a namespace. */
type CoreResource = 'pods' | 'podtemplates' | 'configmaps' | 'resourcequotas';

/**
 * The path of the objects of one kind, or of the one named, in a namespace. Names that come from users
 * are escaped: one with a slash names another object, and no other path.
 */
export function objectPath(options: {
  namespace: string;
  resource: CoreResource;
  name?: string;
  query?: Record<string, string>;
}): string {
  const { namespace, resource, name, query = {} } = options;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/${resource}`;
  const one = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  const search = new URLSearchParams(query).toString();
  return `${path}${one}${search === '' ? '' : `?${search}`}`;
}
