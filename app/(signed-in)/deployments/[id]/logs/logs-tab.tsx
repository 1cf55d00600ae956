'use client'

import { parseAsArrayOf, parseAsBoolean, parseAsString, useQueryStates } from 'nuqs'
import { useCallback, useMemo, useState } from 'react'
import type { DeploymentDetail, ReplicaView } from '@/server/domain/views'
import { firstAfter, type LogRow } from '../../../../logs/log-buffer'
import { LogLines } from '../../../../logs/log-lines'
import { findRows } from '../../../../logs/search'
import { useLogs } from '../../../../logs/use-logs'
import { usePageKeys } from '../../../../ui/keys'
import { Empty, ErrorState, Loading } from '../../../../ui/states'
import { exactClock } from '../../../../ui/time'
import { LogNotes } from './log-notes'
import { LogToolbar } from './log-toolbar'
import { noteOf } from './notes'
import { chosenReplicas, labelOf, nameOf, stripeOf } from './sources'

const address = {
  replicas: parseAsArrayOf(parseAsString),
  /** What is searched for, and whether only lines with it are shown. */
  q: parseAsString.withDefault(''),
  only: parseAsBoolean.withDefault(false),
  wrap: parseAsBoolean.withDefault(false),
  times: parseAsBoolean.withDefault(true),
  /** The moment that a link leads to, ISO 8601. */
  at: parseAsString,
}

export function LogsTab({ deployment }: { deployment: DeploymentDetail }) {
  const [{ replicas: names, q, only, wrap, times, at }, setAddress] = useQueryStates(address)
  const chosen = useMemo(() => chosenReplicas(deployment, names), [deployment, names])
  const ids = chosen.map(({ id }) => id)
  const logs = useLogs(deployment.id, ids)
  const [follow, setFollow] = useState(at === null)
  /** The row that is looked at, of those found. */
  const [picked, setPicked] = useState<LogRow | null>(null)

  const found = useMemo(() => findRows(logs.rows, q), [logs.rows, q])
  const rows = useMemo(
    () => (only && q !== '' ? found.flatMap((index) => logs.rows[index] ?? []) : logs.rows),
    [logs.rows, found, only, q],
  )
  const places = useMemo(() => (rows === logs.rows ? found : rows.map((_, index) => index)), [rows, logs.rows, found])
  const current = picked === null ? placeOf(rows, at) : rows.indexOf(picked)
  const sources = useMemo(
    () => new Map(chosen.map((replica) => [replica.id, { label: labelOf(replica), stripe: stripeOf(replica) }])),
    [chosen],
  )

  const step = (by: 1 | -1): void => {
    const after = places.findIndex((place) => place >= (current ?? rows.length))
    const here = after < 0 ? places.length : after
    const isOnOne = places[here] === current
    const next = by === 1 ? (isOnOne ? here + 1 : here) : here - 1
    const row = rows[places[(next + places.length) % places.length] ?? -1]
    if (!row) return
    setFollow(false)
    setPicked(row)
  }
  usePageKeys((event) => {
    if (event.key === 'n') step(1)
    else if (event.key === 'N') step(-1)
    else if (event.key === 'f') changeFollow(true)
  })
  const changeFollow = useCallback(
    (next: boolean) => {
      setFollow(next)
      if (!next) return
      setPicked(null)
      void setAddress({ at: null })
    },
    [setAddress],
  )

  const notes = chosen.flatMap(
    (replica) =>
      noteOf(replica, {
        lastAt: lastOf(logs.rows, replica),
        state: logs.states.get(replica.id),
        clock: exactClock,
      }) ?? [],
  )
  if (deployment.replicas.length === 0)
    return <Empty title="No logs yet">There is no replica that could have written anything.</Empty>
  return (
    <div className="flex h-[calc(100dvh-var(--topbar)-24px)] min-h-96 flex-col">
      <LogToolbar
        replicas={deployment.replicas}
        chosen={chosen}
        onChoose={(next) => void setAddress({ replicas: next.map(nameOf) })}
        query={q}
        onQuery={(next) => {
          setPicked(null)
          void setAddress({ q: next || null })
        }}
        found={places.length}
        place={current === null ? -1 : places.indexOf(current)}
        onStep={step}
        toggles={{ only, wrap, times }}
        onToggle={(change) => void setAddress(change)}
        rows={rows}
        labelOf={(replicaId) => sources.get(replicaId)?.label ?? ''}
        fileName={deployment.name}
      />
      <LogNotes notes={notes} connected={logs.connected || logs.error !== null || ids.length === 0} />
      {logs.error !== null ? (
        <ErrorState error={logs.error} what="The logs could not be read" />
      ) : rows.length > 0 ? (
        <LogLines
          rows={rows}
          sources={sources}
          times={times}
          wrap={wrap}
          query={q}
          current={current}
          follow={follow}
          onFollow={changeFollow}
          className="grow border-y border-line"
        />
      ) : ids.length === 0 ? (
        <Empty title="No replica is chosen">Tick at least one above.</Empty>
      ) : logs.rows.length > 0 ? (
        <Empty title="No line has it">The text was not found in {logs.rows.length} lines.</Empty>
      ) : logs.states.size === 0 ? (
        <Loading label="Reading the logs" />
      ) : (
        <Empty title="No lines" />
      )}
    </div>
  )
}

const lastOf = (rows: readonly LogRow[], { id }: ReplicaView): string | null =>
  rows.findLast((row) => row.replicaId === id)?.at ?? null

/** The first line of that moment or after it; null without one. */
function placeOf(rows: readonly LogRow[], at: string | null): number | null {
  const moment = at === null ? Number.NaN : Date.parse(at)
  if (Number.isNaN(moment) || rows.length === 0) return null
  return Math.min(firstAfter(rows, new Date(moment).toISOString().replace('Z', '000000Z'), true), rows.length - 1)
}
