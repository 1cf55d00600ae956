'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { RankingPanel } from '@/app/features/placement/ranking-panel'
import { useRankingView } from '@/app/features/placement/ranking-view'
import { useTRPC } from '@/app/trpc'

/** The verdicts on all nodes, paged. */
export function EveryNode({ decisionId }: { decisionId: string }) {
  const trpc = useTRPC()
  const ranking = useRankingView()
  const query = useQuery({
    ...trpc.placement.rankDecision.queryOptions({ id: decisionId, ...ranking.wanted }),
    placeholderData: keepPreviousData,
    // Decisions are immutable.
    staleTime: Number.POSITIVE_INFINITY,
  })
  return <RankingPanel {...ranking} query={query} outdated={query.isPlaceholderData} />
}
