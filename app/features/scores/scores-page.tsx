'use client'

import dynamic from 'next/dynamic'
import { parseAsString, useQueryStates } from 'nuqs'

const RecordedScores = dynamic(() => import('./recorded-scores').then((part) => part.RecordedScores))
const TypedScores = dynamic(() => import('./typed-scores').then((part) => part.TypedScores))

/** Every node's score: for what is typed, for what a deployment asks, or as a decision saw the fleet. */
export function ScoresPage() {
  const [{ decision, deployment }] = useQueryStates({ decision: parseAsString, deployment: parseAsString })
  return decision ? <RecordedScores id={decision} /> : <TypedScores deployment={deployment} />
}
