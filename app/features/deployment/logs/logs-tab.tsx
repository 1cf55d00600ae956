'use client'

import { parseAsArrayOf, parseAsBoolean, parseAsString, useQueryStates } from 'nuqs'
import { useCallback, useMemo, useState } from 'react'
import { firstAfter, type LogRow } from '@/app/features/logs/log-buffer'
import { LogLines } from '@/app/features/logs/log-lines'
import { findRows } from '@/app/features/logs/search'
import { useLogs } from '@/app/features/logs/use-logs'
import { usePageKeys } from '@/app/ui/keys'
import { Empty, ErrorState, Loading } from '@/app/ui/status/states'
import { useRestOfWindow } from '@/app/ui/table/rest-of-window'
import { exactClock } from '@/app/ui/text/time'
import type { DeploymentDetail } from '@/core/views/deployments'
import { LogNotes } from './log-notes'
import { LogToolbar } from './log-toolbar'
import { type LogNote, noteOf } from './notes'
import { chosenReplicas, labelOf, nameOf, stripeOf, titleOf } from './sources'

const address = {
  replicas: parseAsArrayOf(parseAsString),
  /** The search text, and whether only matching lines are shown. */
  q: parseAsString.withDefault(''),
  only: parseAsBoolean.withDefault(false),
  wrap: parseAsBoolean.withDefault(false),
  times: parseAsBoolean.withDefault(true),
  /** The time that a link points to, ISO 8601. */
  at: parseAsString,
}

export function LogsTab({ deployment }: { deployment: DeploymentDetail }) {
  const [{ replicas: names, q, only, wrap, times, at }, setAddress] = useQueryStates(address)
  const chosen = useMemo(() => chosenReplicas(deployment, names), [deployment, names])
  const ids = chosen.map(({ id }) => id)
  const logs = useLogs(deployment.id, ids)
  const [follow, setFollow] = useState(at === null)
  /** Index of the highlighted row among the matches. */
  const [picked, setPicked] = useState<LogRow | null>(null)

  const found = useMemo(() => findRows(logs.rows, q), [logs.rows, q])
  const rows = useMemo(
    () => (only && q !== '' ? found.flatMap((index) => logs.rows[index] ?? []) : logs.rows),
    [logs.rows, found, only, q],
  )
  const places = useMemo(() => (rows === logs.rows ? found : rows.map((_, index) => index)), [rows, logs.rows, found])
  const current = picked === null ? placeOf(rows, at) : placeOfRow(rows, picked)
  const sources = useMemo(
    () =>
      new Map(
        chosen.map((replica) => [
          replica.id,
          { label: labelOf(replica, deployment.replicas), stripe: stripeOf(replica) },
        ]),
      ),
    [chosen, deployment.replicas],
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
        log: logs.known.get(replica.id),
        title: titleOf(replica, deployment.replicas),
        clock: exactClock,
      }) ?? [],
  )
  if (at !== null && picked === null && isBefore(at, rows)) notes.push(tooEarly(at))
  const place = useRestOfWindow()
  if (deployment.replicas.length === 0) return <Empty title="No logs yet">This deployment has had no replicas.</Empty>
  return (
    <div ref={place.ref} style={{ height: place.height }} className="-mb-16 flex min-h-96 flex-col">
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
        <ErrorState error={logs.error} what="Could not load the logs" />
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
        <Empty title="No replica selected">Select at least one above.</Empty>
      ) : logs.rows.length > 0 ? (
        <Empty title="No matching lines">The text does not occur in {logs.rows.length} lines.</Empty>
      ) : logs.known.size === 0 ? (
        <Loading label="Loading logs" />
      ) : (
        <Empty title="No lines" />
      )}
    </div>
  )
}

/** Null when the attempt no longer exists. */
function placeOfRow(rows: readonly LogRow[], row: LogRow): number | null {
  const place = rows.indexOf(row)
  return place < 0 ? null : place
}

/** A time in the format of log lines; null when the text is not a time. */
function momentOf(at: string | null): string | null {
  const moment = at === null ? Number.NaN : Date.parse(at)
  return Number.isNaN(moment) ? null : new Date(moment).toISOString().replace('Z', '000000Z')
}

/** Index of the first line at or after the time; null without one. */
function placeOf(rows: readonly LogRow[], at: string | null): number | null {
  const moment = momentOf(at)
  return moment === null || rows.length === 0 ? null : Math.min(firstAfter(rows, moment, true), rows.length - 1)
}

/** Whether the kept lines begin after that time, because older ones were dropped. */
function isBefore(at: string, [first]: readonly LogRow[]): boolean {
  return first?.isGap === true && (momentOf(at) ?? '') < first.at
}

const tooEarly = (at: string): LogNote => ({
  replicaId: 'moment',
  color: 'quiet',
  text: `Logs from ${exactClock(at)} are no longer available. Showing the oldest lines.`,
})
