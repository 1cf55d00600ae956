'use client'

import { parseAsString, useQueryStates } from 'nuqs'
import { RecordedScores } from './recorded-scores'
import { TypedScores } from './typed-scores'

/** Every node's score: for what is typed, for what a deployment asks, or as a decision saw the fleet. */
export function ScoresPage() {
  const [{ decision, deployment }] = useQueryStates({ decision: parseAsString, deployment: parseAsString })
  return decision ? <RecordedScores id={decision} /> : <TypedScores deployment={deployment} />
}
