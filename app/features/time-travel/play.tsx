'use client'

import { Pause, Play as PlayIcon } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { Button } from '@/app/ui/button'

const stepMs = 900

/** Steps from change to change automatically until it reaches the present. */
export function Play({ playable, next }: { playable: boolean; next: () => void }) {
  const [playing, setPlaying] = useState(false)
  const latest = useRef(next)
  useEffect(() => {
    latest.current = next
  })
  const on = playing && playable
  useEffect(() => {
    if (!on) return
    const timer = setInterval(() => latest.current(), stepMs)
    return () => clearInterval(timer)
  }, [on])
  if (playing && !playable) setPlaying(false)
  return (
    <Button
      size="sm"
      variant="ghost"
      aria-label={on ? 'Pause' : 'Play'}
      blocked={playable ? null : 'Go back in time first.'}
      icon={on ? <Pause size={16} aria-hidden /> : <PlayIcon size={16} aria-hidden />}
      onClick={() => setPlaying(!on)}
    />
  )
}
