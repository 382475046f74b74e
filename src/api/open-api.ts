/** What /openapi.json says beyond the schemas that the routes are checked by. */
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { App } from './app.ts';
import { maxClaimBodyBytes } from './limits.ts';
import { describeProblems } from './route-schema.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The body as it is described, where a route reads text and checks it itself. */
    describedBody?: object;
  }
}

/** The settings of the description: OpenAPI 3.1. */
export const openApi: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Pilotlight',
      description: 'Claims of warm pods, and the pools that hold them.',
      version: 'v1',
    },
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  },
  transform: ({ schema, url, route }) => {
    const { access = 'admin', describedBody } = route.config ?? {};
    return {
      url,
      schema: {
        ...describeProblems(schema),
        'x-access': access,
        ...(schema.body === undefined && describedBody === undefined
          ? {}
          : { 'x-max-body-bytes': route.bodyLimit ?? maxClaimBodyBytes }),
        ...(describedBody === undefined ? {} : { body: describedBody }),
      },
    };
  },
};

interface Operation {
  requestBody?: {
    required?: boolean;
    content: Record<string, { schema?: { required?: string[] } }>;
  };
}

/**
 * The description of a server's routes, as JSON. The library calls every body required; one of which
 * no field is required may be left out here.
 */
export function describeApi(app: App): Record<string, unknown> {
  const description = app.swagger() as unknown as {
    paths: Record<string, Record<string, Operation>>;
  };
  for (const { requestBody } of Object.values(description.paths).flatMap(
    Object.values<Operation>,
  )) {
    if (requestBody === undefined) continue;
    const schemas = Object.values(requestBody.content).map(({ schema }) => schema);
    requestBody.required = schemas.some((schema) => (schema?.required ?? []).length > 0);
  }
  return description;
}
