'use client'

import type { ReactNode } from 'react'
import { errorCode } from '@/app/ui/text/errors'
import { ErrorState, Loading } from './states'

/** What a view needs of the result of `useQuery`. */
export interface QueryResult<Data> {
  data: Data | undefined
  isError: boolean
  error: unknown
  refetch: () => unknown
}

interface QueryViewProps<Data> {
  query: QueryResult<Data>
  /** What failed: "Could not load the nodes". */
  failed: string
  /** Shown until there is an answer: a label such as "Loading nodes", or something else in its place. */
  loading: ReactNode
  /** Shown instead of the error when the server says that the thing does not exist. */
  notFound?: ReactNode
  /** The surroundings have margins already. */
  inset?: boolean
  children: (data: Data) => ReactNode
}

/**
 * The answer of a query, or that it is loading, or why it failed. An answer stays visible while it is read again, and
 * when that fails.
 */
export function QueryView<Data>({ query, failed, loading, notFound, inset, children }: QueryViewProps<Data>) {
  if (query.data !== undefined) return children(query.data)
  if (notFound !== undefined && errorCode(query.error) === 'NOT_FOUND') return notFound
  if (query.isError)
    return (
      <ErrorState
        error={query.error}
        what={failed}
        onRetry={() => void query.refetch()}
        className={inset ? 'px-0' : ''}
      />
    )
  return typeof loading === 'string' ? <Loading label={loading} /> : loading
}
