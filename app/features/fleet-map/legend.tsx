'use client'

import { useEffect, useRef } from 'react'
import { stateStyles } from '@/app/ui/status/node-state-styles'
import { type NodeState, nodeStates } from '@/core/nodes/list'
import { type Cell, type Measure, paletteOf, Sprites } from './sprites'
import { deviceScale, useThemeChanges } from './use-canvas'

interface LegendProps {
  measure: Measure
  counts: Record<NodeState, number>
}

/** The legend of the cells, drawn with the same sprites. */
export function Legend({ measure, counts }: LegendProps) {
  const entries: { cell: Cell; label: string; title?: string }[] =
    measure === 'state'
      ? nodeStates
          .filter((state) => counts[state] > 0)
          .map((state) => ({
            cell: state,
            label: `${stateStyles[state].label} ${counts[state]}`,
            title: stateStyles[state].explanation,
          }))
      : [
          { cell: 0, label: '0 %' },
          { cell: 3, label: 'to 30 %' },
          { cell: 6, label: 'to 60 %' },
          { cell: 8, label: 'to 80 %' },
          { cell: 10, label: 'to 100 % in use' },
          { cell: null, label: 'unknown' },
        ]
  return (
    <ul aria-label="Legend" className="flex flex-wrap items-center gap-x-4 gap-y-1 text-meta text-ink-2">
      {entries.map(({ cell, label, title }) => (
        <li key={label} title={title} className="flex items-center gap-1.5 whitespace-nowrap">
          <Swatch cell={cell} /> {label}
        </li>
      ))}
    </ul>
  )
}

const swatchPx = 12

function Swatch({ cell }: { cell: Cell }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const themeChanges = useThemeChanges()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme is drawn in other colours
  useEffect(() => {
    const element = canvas.current
    if (!element) return
    const scale = deviceScale()
    element.width = element.height = Math.ceil(swatchPx * scale)
    element.getContext('2d')?.drawImage(new Sprites(swatchPx, scale, paletteOf(element)).of(cell), 0, 0)
  }, [cell, themeChanges])
  return <canvas ref={canvas} aria-hidden style={{ width: swatchPx, height: swatchPx }} />
}
