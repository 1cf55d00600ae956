'use client'

import Link from 'next/link'
import { type ReactNode, useState } from 'react'
import { Button } from '@/app/ui/button'
import { type IconName, StatusIcon } from '@/app/ui/status/status-icon'
import { serverNow, useNow } from '@/app/ui/text/clock'
import { Code } from '@/app/ui/text/copy'
import { formatList } from '@/app/ui/text/format'
import type { JoinTokenView } from '@/core/views/accounts'
import type { MadeToken } from './token-form'

/** After this long without a sign of the agent, what may be wrong is said. */
const graceMs = 20_000

interface JoinProgressProps {
  made: MadeToken
  token: JoinTokenView | undefined
  onDone: () => void
}

/** The command, and a list that ticks itself off as the machine appears. */
export function JoinProgress({ made, token, onDone }: JoinProgressProps) {
  const [startedAt] = useState(serverNow)
  const now = useNow() ?? startedAt
  const nodes = token?.nodes ?? []
  const joined = nodes.length > 0
  const reporting = nodes.filter(({ status }) => status !== 'offline')
  const spoilt = token && token.state !== 'usable' && !joined ? token.state : null
  return (
    <div className="max-w-3xl space-y-4">
      <p className="text-ink-2">
        Run this in a copy of Fogdeck (a clone, after <span className="font-mono text-meta">npm ci</span>) on the
        machine that is to join. The token is in it, and is shown only now. In front of the command it stays out of the
        list of processes, which every user of the machine can read.
      </p>
      <Code text={made.command} label="Copy the command" />
      {isOnlyHere(window.location.hostname) && (
        <p className="border-l-2 border-control pl-3 text-ink-2">
          <span className="font-mono text-meta">{window.location.hostname}</span> is this very machine. For another one,
          put the address after <span className="font-mono text-meta">--server</span> under which it reaches this
          server.
        </p>
      )}
      <ol className="space-y-2" aria-live="polite">
        <Step done>Token made</Step>
        <Step done={joined} failed={spoilt !== null}>
          {joined ? (
            <>
              Joined:{' '}
              {nodes.map(({ id, nodeId }, index) => (
                <span key={id}>
                  {index > 0 && ', '}
                  <Link href={`/nodes/${id}`} className="font-medium underline decoration-control underline-offset-2">
                    {nodeId}
                  </Link>
                </span>
              ))}
            </>
          ) : spoilt ? (
            `The token is ${spoilt} and nothing joined with it: make a new one`
          ) : (
            'Waiting for the agent to join'
          )}
        </Step>
        <Step done={reporting.length > 0}>
          {reporting.length > 0
            ? `Reports in: ${formatList(reporting.map(({ nodeId }) => nodeId))}`
            : 'Waiting for the first heartbeat'}
        </Step>
      </ol>
      {!joined && !spoilt && now - startedAt > graceMs && <Problems />}
      <Button onClick={onDone}>{joined ? 'Make another token' : 'Hide the command'}</Button>
    </div>
  )
}

/** Addresses that lead every machine to itself. */
const isOnlyHere = (host: string): boolean => /^(localhost|127\..*|\[::1\])$/.test(host)

function Step({ done, failed = false, children }: { done: boolean; failed?: boolean; children: ReactNode }) {
  const name: IconName = failed ? 'failed' : done ? 'running' : 'waiting'
  return (
    <li className="flex items-start gap-2">
      <StatusIcon
        name={name}
        className={`mt-[3px] shrink-0 ${failed ? 'text-failed' : done ? 'text-healthy' : 'text-progressing breathing'}`}
      />
      <span className={done ? 'text-ink' : 'text-ink-2'}>{children}</span>
    </li>
  )
}

function Problems() {
  return (
    <div className="border-l-2 border-control pl-3 text-ink-2">
      <p>Nothing yet? The agent says in its terminal what stops it. Most often:</p>
      <ul className="mt-1 list-disc space-y-1 pl-4">
        <li>
          The machine does not reach this address: try <span className="font-mono text-meta">curl</span> on it with{' '}
          <span className="font-mono text-meta">/api/health</span>, and give the address that works after{' '}
          <span className="font-mono text-meta">--server</span>.
        </li>
        <li>
          Docker or Podman does not run there, or its socket is elsewhere: name it with{' '}
          <span className="font-mono text-meta">--socket</span>, or try without containers with{' '}
          <span className="font-mono text-meta">--engine simulated</span>.
        </li>
        <li>Node is older than 20.19.</li>
      </ul>
    </div>
  )
}
