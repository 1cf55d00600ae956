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

/** After this long without the agent, troubleshooting hints appear. */
const graceMs = 20_000

interface JoinProgressProps {
  made: MadeToken
  token: JoinTokenView | undefined
  onDone: () => void
}

/** The join command, and a checklist that updates as the node appears. */
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
        machine that should join. It contains the token, which is shown only once. Set as a variable, the token stays
        out of the process list, which every user of the machine can read.
      </p>
      <Code text={made.command} label="Copy command" />
      {isOnlyHere(window.location.hostname) && (
        <p className="border-l-2 border-control pl-3 text-ink-2">
          <span className="font-mono text-meta">{window.location.hostname}</span> refers to this machine. On another
          machine, replace the address after <span className="font-mono text-meta">--server</span> with one that reaches
          this server.
        </p>
      )}
      <ol className="space-y-2" aria-live="polite">
        <Step done>Token created</Step>
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
            `The token is ${spoilt} and no node joined. Create a new one`
          ) : (
            'Waiting for the agent to join'
          )}
        </Step>
        <Step done={reporting.length > 0}>
          {reporting.length > 0
            ? `Online: ${formatList(reporting.map(({ nodeId }) => nodeId))}`
            : 'Waiting for the first heartbeat'}
        </Step>
      </ol>
      {!joined && !spoilt && now - startedAt > graceMs && <Problems />}
      <Button onClick={onDone}>{joined ? 'Create another token' : 'Hide command'}</Button>
    </div>
  )
}

/** Addresses that refer to the local machine on every machine. */
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
      <p>Still waiting? The agent prints errors in its terminal. Common causes:</p>
      <ul className="mt-1 list-disc space-y-1 pl-4">
        <li>
          The machine can't reach this address: try <span className="font-mono text-meta">curl</span> on it with{' '}
          <span className="font-mono text-meta">/api/health</span>, and pass a working address after{' '}
          <span className="font-mono text-meta">--server</span>.
        </li>
        <li>
          Docker or Podman is not running, or its socket is elsewhere: pass it with{' '}
          <span className="font-mono text-meta">--socket</span>, or try without containers with{' '}
          <span className="font-mono text-meta">--engine simulated</span>.
        </li>
        <li>Node is older than 20.19.</li>
      </ul>
    </div>
  )
}
