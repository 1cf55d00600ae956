import { generateOpenApiDocument } from 'trpc-to-openapi'
import { z } from 'zod'
import { loginFields } from '@/server/api/context/auth'
import { loginAnswer } from './login'
import { isAccepted, restRouter } from './rest-schemas'

const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string().describe('A sentence: what is wrong and what to do'),
    errors: z.array(z.object({ path: z.string(), message: z.string() })),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' })

const problemContent = { 'application/problem+json': { schema: problem } }

const errors = {
  400: 'The body is not JSON',
  401: 'No token, or one that is not good any more',
  403: 'The role may not do this, or the deployment belongs to somebody else',
  404: 'Unknown id',
  409: 'Not possible in the present state',
  413: 'The body is too large',
  422: 'Wrong input: every wrong field is named',
} as const

type Responses = Record<string, Record<string, unknown>>

/** The OpenAPI 3.1 document of the REST API, derived from the procedures. */
export function openApiDocument(serverUrl: string) {
  const document = generateOpenApiDocument(restRouter(), {
    title: 'Fogdeck',
    description: 'A control plane for a fog of many small machines that run containers.',
    version: '1.0.0',
    baseUrl: `${serverUrl}/api`,
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    defs: { Problem: problem },
    paths: {
      '/auth/login': {
        post: {
          operationId: 'auth-login',
          tags: ['auth'],
          summary: 'Sign in: a bearer token for programs',
          requestBody: { required: true, content: { 'application/json': { schema: loginFields } } },
          responses: {
            200: { description: 'Signed in', content: { 'application/json': { schema: loginAnswer } } },
            401: { description: 'Wrong username or password', content: problemContent },
            422: { description: errors[422], content: problemContent },
            429: {
              description: 'Too many wrong passwords, or too many tries at once: Retry-After says how long',
              content: problemContent,
            },
            503: { description: 'Too many sign-ins at once: Retry-After says how long', content: problemContent },
          },
        },
      },
    },
  })
  for (const [path, operations] of Object.entries(document.paths ?? {})) {
    if (!path.startsWith('/deployment/')) continue
    for (const operation of Object.values(
      operations as Record<string, { operationId: string; responses: Responses }>,
    )) {
      const success = operation.responses['200']
      const status = isAccepted(operation.operationId.replace('-', '.')) ? '202' : '200'
      // Replaces the library's error bodies, which this API doesn't use.
      operation.responses = Object.fromEntries([
        [status, success],
        ...Object.entries(errors).map(([status, description]) => [
          status,
          {
            description,
            content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
          },
        ]),
      ]) as Responses
    }
  }
  return document
}
