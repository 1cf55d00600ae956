'use client'

import { useEffect, useRef, useState } from 'react'
import { useTRPCClient } from '@/app/trpc'
import { errorCode } from '@/app/ui/text/errors'
import { backoffMs } from '@/core/lib/backoff'
import type { LogState } from '@/core/logs/log'
import type { LogEvent } from '@/core/views/live'
import { LogBuffer, type LogRow } from './log-buffer'

export interface KnownLog {
  /** Null until the node has reported. */
  state: LogState | null
  message: string
  /** When the newest line was written; null without lines. */
  newest: string | null
}

interface Logs {
  rows: readonly LogRow[]
  /** By replica, once its log was requested. */
  known: ReadonlyMap<string, KnownLog>
  connected: boolean
  /** Why the logs can't be read. */
  error: unknown
}

const nothing: Logs = { rows: [], known: new Map(), connected: false, error: null }
const pause = { firstMs: 500, maxMs: 10_000 }
/** Hidden pages get no animation frames, so lines are applied at this interval. */
const hiddenMs = 1_000
/** Errors that a retry would only repeat. */
const lasting = new Set(['FORBIDDEN', 'NOT_FOUND', 'BAD_REQUEST'])

type Lines = Extract<LogEvent, { kind: 'lines' }>

/**
 * The logs of the given replicas, merged and updated live. Lines that arrive between two frames are rendered together.
 */
export function useLogs(deploymentId: string, replicaIds: readonly string[]): Logs {
  const client = useTRPCClient()
  const [logs, setLogs] = useState(nothing)
  const buffer = useRef<LogBuffer>(null)
  const wanted = [...replicaIds].sort().join()

  useEffect(() => {
    buffer.current ??= new LogBuffer()
    const held = buffer.current
    const ids = wanted === '' ? [] : wanted.split(',')
    held.keep(ids)
    const states = new Map<string, { state: LogState | null; message: string }>()
    const pending: Lines[] = []
    let frame = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    let retry: ReturnType<typeof setTimeout> | undefined
    let subscription: { unsubscribe(): void } | undefined
    let failures = 0

    const show = (more: Partial<Logs> = {}): void => {
      cancelAnimationFrame(frame)
      clearTimeout(timer)
      frame = 0
      timer = undefined
      held.add(pending.splice(0))
      const known = new Map([...states].map(([id, state]) => [id, { ...state, newest: held.newestOf(id) }]))
      setLogs((old) => ({ ...old, rows: held.rows, known, ...more }))
    }
    const schedule = (): void => {
      if (frame !== 0 || timer !== undefined) return
      if (document.hidden) timer = setTimeout(() => show(), hiddenMs)
      else frame = requestAnimationFrame(() => show())
    }
    const again = (): void => {
      subscription?.unsubscribe()
      clearTimeout(retry)
      show({ connected: false })
      retry = setTimeout(connect, backoffMs(++failures, pause, Math.random()))
    }
    const connect = (): void => {
      subscription = client.deployment.logs.subscribe(
        { id: deploymentId, replicas: ids },
        {
          onData: ({ data }) => {
            if (data.kind === 'lines') pending.push(data)
            else states.set(data.replicaId, { state: data.state, message: data.message })
            schedule()
          },
          onConnectionStateChange: ({ state, error }) => {
            if (state === 'pending') {
              failures = 0
              show({ connected: true, error: null })
            } else if (state === 'connecting' && error) show({ connected: false })
          },
          onError: (error) => {
            const code = errorCode(error) ?? ''
            if (lasting.has(code)) show({ connected: false, error })
            else again()
          },
          onComplete: again,
        },
      )
    }
    show({ connected: false, error: null })
    if (ids.length > 0) connect()
    return () => {
      subscription?.unsubscribe()
      clearTimeout(retry)
      clearTimeout(timer)
      cancelAnimationFrame(frame)
    }
  }, [client, deploymentId, wanted])
  return logs
}
