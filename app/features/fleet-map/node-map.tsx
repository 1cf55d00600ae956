'use client'

import { useMemo, useRef } from 'react'
import { useLongOutdated } from '@/app/ui/settled'
import { useWidth } from '@/app/ui/table/width'
import { plural } from '@/app/ui/text/format'
import type { NodeState } from '@/core/nodes/list'
import { type MapNode, readNodeMap } from '@/core/nodes/map'
import { pitchFor } from './grid'
import { Legend } from './legend'
import { RegionMap } from './region-map'
import type { Measure } from './sprites'
import { useCoarsePointer } from './use-canvas'

interface NodeMapProps {
  text: string
  counts: Record<NodeState, number>
  measure: Measure
  outdated: boolean
}

/** All matching nodes as cells, by region; the table shows the same with the same filters. */
export function NodeMap({ text, counts, measure, outdated }: NodeMapProps) {
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box)
  const coarse = useCoarsePointer()
  const longOutdated = useLongOutdated(outdated)
  const nodes = useMemo(() => readNodeMap(text), [text])
  const regions = useMemo(() => byRegion(nodes), [nodes])
  const pitch = pitchFor(nodes.length, coarse)
  return (
    <div aria-busy={outdated} className={longOutdated ? 'grayscale' : undefined}>
      <div className="border-t border-line px-4 py-2 md:px-6">
        <Legend measure={measure} counts={counts} />
      </div>
      <div ref={box} className="mx-4 md:mx-6">
        {width !== null &&
          regions.map(([region, some]) => (
            <section key={region} className="py-2">
              <h2 className="mb-1 font-medium">
                {region} <span className="font-normal text-ink-3">{plural(some.length, 'node')}</span>
              </h2>
              <RegionMap region={region} nodes={some} measure={measure} pitch={pitch} width={width} />
            </section>
          ))}
      </div>
    </div>
  )
}

/** Nodes arrive sorted by region. */
function byRegion(nodes: MapNode[]): [string, MapNode[]][] {
  const regions = new Map<string, MapNode[]>()
  for (const node of nodes) {
    const some = regions.get(node.region)
    if (some) some.push(node)
    else regions.set(node.region, [node])
  }
  return [...regions]
}
