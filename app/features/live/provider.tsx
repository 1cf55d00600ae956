'use client'

import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { leaveForLogin, nextSessionMs } from '@/app/features/session/leave'
import { useTRPCClient } from '@/app/trpc'
import { errorCode } from '@/app/ui/text/errors'
import { backoffMs } from '@/core/lib/backoff'
import { makeRefresher } from './refresher'

export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'stale'

const LiveContext = createContext<LiveState>('connecting')
export const useLiveState = (): LiveState => useContext(LiveContext)

/** How long the stream may be down before the page is marked as stale. */
const staleAfterMs = 15_000
/** How often everything is reloaded while there is no stream (a proxy may block it). */
const pollMs = 20_000
const pause = { firstMs: 500, maxMs: 10_000 }

/** The single event stream of this tab. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useTRPCClient()
  const queries = useQueryClient()
  const [state, setState] = useState<LiveState>('connecting')

  useEffect(() => {
    const refresher = makeRefresher(queries)
    let subscription: { unsubscribe(): void } | undefined
    let retry: ReturnType<typeof setTimeout> | undefined
    let failures = 0
    let lastEventId: string | undefined
    let over = false
    /** Set when the stream's last message said that the session ended. */
    let ended = false

    const connected = (): void => {
      failures = 0
      setState('live')
    }
    const lost = (): void => setState((old) => (old === 'live' || old === 'connecting' ? 'reconnecting' : old))
    const again = (): void => {
      if (over) return
      lost()
      subscription?.unsubscribe()
      clearTimeout(retry)
      retry = setTimeout(connect, backoffMs(++failures, pause, Math.random()))
    }
    /** Called when the session has ended or was replaced by another. */
    const afterSession = (tries = 0): void => {
      lost()
      ended = false
      subscription?.unsubscribe()
      clearTimeout(retry)
      const ask = (): void => {
        client.me.get.query().then(connect, (error) => {
          if (errorCode(error) !== 'UNAUTHORIZED') again()
          else if (tries + 1 < nextSessionMs.length) afterSession(tries + 1)
          else {
            leaveForLogin(error.message)
            again()
          }
        })
      }
      retry = setTimeout(ask, nextSessionMs[tries])
    }
    const connect = (): void => {
      if (over) return
      // Resumes after the last event received; the server sends `hello` when it can't.
      subscription = client.live.changes.subscribe(lastEventId === undefined ? {} : { lastEventId }, {
        onData: ({ id, data }) => {
          lastEventId = id
          if (data.topic === 'session-ended') ended = true
          else refresher.add(data)
        },
        onConnectionStateChange: (change) => {
          if (change.state === 'pending') connected()
          else if (change.state === 'connecting' && change.error) lost()
        },
        onError: (error) => (errorCode(error) === 'UNAUTHORIZED' ? afterSession() : again()),
        onComplete: () => (ended ? afterSession() : again()),
      })
    }
    connect()
    return () => {
      over = true
      clearTimeout(retry)
      subscription?.unsubscribe()
      refresher.stop()
    }
  }, [client, queries])

  useEffect(() => {
    if (state === 'live') return
    const stale = setTimeout(() => setState('stale'), staleAfterMs)
    const poll = setInterval(() => void queries.invalidateQueries(), pollMs)
    return () => {
      clearTimeout(stale)
      clearInterval(poll)
    }
  }, [state, queries])

  return <LiveContext value={state}>{children}</LiveContext>
}
