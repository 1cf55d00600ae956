import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import {
  createTRPCClient,
  httpBatchStreamLink,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  type TRPCClient,
} from '@trpc/client'
import { leaveForLogin, nextSessionMs } from '@/app/features/session/leave'
import { noteServerDate } from '@/app/ui/text/clock'
import { errorCode } from '@/app/ui/text/errors'
import { batchLimit } from '@/core/contract/batch-limit'
import { backoffMs } from '@/core/lib/backoff'
import type { AppRouter } from '@/server/api/root'

const url = '/api/trpc'

/** Every response also tells the server's time; see app/ui/text/clock.ts. */
const fetchWithClock = async (input: RequestInfo | URL, init?: object): Promise<Response> => {
  const response = await fetch(input, init)
  noteServerDate(response.headers.get('date'))
  return response
}

/** Sent with mutations that must not run twice: `{ trpc: { context: { idempotencyKey } } }`. */
const keyOf = (context: Record<string, unknown>): string | undefined =>
  typeof context.idempotencyKey === 'string' ? context.idempotencyKey : undefined

export const makeTrpcClient = (): TRPCClient<AppRouter> =>
  createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (op) => op.type === 'subscription',
        true: httpSubscriptionLink({ url }),
        false: splitLink({
          // A header applies to a whole HTTP request, so calls with a key are not batched.
          condition: (op) => keyOf(op.context) !== undefined,
          true: httpLink({
            url,
            fetch: fetchWithClock,
            headers: ({ op }) => {
              const key = keyOf(op.context)
              return key === undefined ? {} : { 'idempotency-key': key }
            },
          }),
          false: httpBatchStreamLink({ url, fetch: fetchWithClock, maxURLLength: 4000, maxItems: batchLimit }),
        }),
      }),
    ],
  })

const onError = (error: Error): void => {
  if (isSignedOut(error)) leaveForLogin(error.message)
}

const isSignedOut = (error: Error): boolean => errorCode(error) === 'UNAUTHORIZED'

/** Errors that a retry would only repeat. */
const lasting = new Set(['FORBIDDEN', 'NOT_FOUND', 'BAD_REQUEST', 'CONFLICT'])

export const makeQueryClient = (): QueryClient =>
  new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // The live stream reports changes; this only bounds how outdated a page can get without it.
        staleTime: 30_000,
        retry: (failures, error) => failures < 2 && !lasting.has(errorCode(error) ?? ''),
        retryDelay: (earlierRetries, error) =>
          (isSignedOut(error) ? nextSessionMs[earlierRetries] : undefined) ??
          backoffMs(earlierRetries + 1, { firstMs: 500, maxMs: 5_000 }, Math.random()),
      },
    },
  })
