'use client'

import dynamic from 'next/dynamic'
import { parseAsString, useQueryStates } from 'nuqs'

const RecordedScores = dynamic(() => import('./recorded-scores').then((part) => part.RecordedScores))
const TypedScores = dynamic(() => import('./typed-scores').then((part) => part.TypedScores))

/** The scores of all nodes: for a typed request, for a deployment's request, or on the fleet that a decision saw. */
export function ScoresPage() {
  const [{ decision, deployment }] = useQueryStates({ decision: parseAsString, deployment: parseAsString })
  return decision ? <RecordedScores id={decision} /> : <TypedScores deployment={deployment} />
}
