'use client'

import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query'
import { parseAsString, useQueryState } from 'nuqs'
import { useState } from 'react'
import { Comparison } from '@/app/features/placement/compare'
import { whyThisNode } from '@/app/features/placement/why-not'
import { useTRPC } from '@/app/trpc'
import { Combobox } from '@/app/ui/form/combobox'
import { Field } from '@/app/ui/form/field'
import { useSettled } from '@/app/ui/settled'
import { QueryView } from '@/app/ui/status/query-view'
import type { Ranking } from '@/core/placement/ranking'
import type { DecisionView } from '@/core/views/decisions'

const pauseMs = 100
const suggested = 8
/** Decisions are immutable. */
const staleTime = Number.POSITIVE_INFINITY

/** Explains one node in a sentence and compares it with the last chosen one. */
export function WhyNode({ decision }: { decision: DecisionView }) {
  const trpc = useTRPC()
  const [name, setName] = useQueryState('why', parseAsString.withDefault(''))
  const [text, setText] = useState(name)
  const typed = useSettled(text.trim(), pauseMs)
  const found = useQuery({
    ...trpc.placement.rankDecision.queryOptions({ id: decision.id, text: typed, limit: suggested }),
    placeholderData: keepPreviousData,
    staleTime,
  })
  const options = found.data?.verdicts.map(({ nodeId }) => nodeId) ?? []
  const take = (next: string): void => {
    setText(next)
    void setName(next.trim() || null, { history: 'replace' })
  }
  return (
    <div className="space-y-3">
      <Field label="Node" className="max-w-64">
        {(wiring) => (
          <Combobox
            {...wiring}
            value={text}
            onChange={take}
            options={options}
            placeholder={options[0] ?? 'node-01'}
            autoCapitalize="off"
            spellCheck={false}
          />
        )}
      </Field>
      {name !== '' && <Answer decision={decision} name={name} isUnknown={found.data?.total === 0} />}
    </div>
  )
}

interface AnswerProps {
  decision: DecisionView
  name: string
  /** No node name contains the text. */
  isUnknown: boolean
}

function Answer({ decision, name, isUnknown }: AnswerProps) {
  const trpc = useTRPC()
  const last = decision.placement.chosen.at(-1)
  const asked = useSettled(name, pauseMs)
  const compare = [asked, ...(last && last.nodeId !== asked ? [last.nodeId] : [])]
  const query = useQuery({
    ...trpc.placement.rankDecision.queryOptions(asked === '' ? skipToken : { id: decision.id, compare, limit: 1 }),
    placeholderData: keepPreviousData,
    staleTime,
  })
  return (
    <QueryView query={query} failed="Could not look up the node" loading={null}>
      {(ranking) => !query.isPlaceholderData && <Explained {...{ decision, ranking, asked, isUnknown }} />}
    </QueryView>
  )
}

interface ExplainedProps {
  decision: DecisionView
  ranking: Ranking
  /** The name or the id of the node. */
  asked: string
  isUnknown: boolean
}

function Explained({ decision, ranking, asked, isUnknown }: ExplainedProps) {
  const { compared, chosen, feasible } = ranking
  const verdict = compared.find(({ nodeId, id }) => nodeId === asked || id === asked)
  // While node names contain the text, the user is still typing.
  if (!verdict && !isUnknown) return null
  if (!verdict)
    return (
      <p role="status" className="text-ink-2">
        At that time, the fleet had no node called “{asked}”.
      </p>
    )
  const lastChosen = decision.placement.chosen.at(-1)
  return (
    <>
      <p role="status" className="max-w-4xl font-medium">
        {whyThisNode({
          verdict,
          chosen,
          last: compared.find(({ id }) => id === lastChosen?.id),
          feasible,
          replicas: decision.request.replicas,
        })}
      </p>
      <div className="-mx-4 border-t border-line md:-mx-6">
        <Comparison verdicts={compared} />
      </div>
    </>
  )
}
