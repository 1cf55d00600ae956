'use client'

import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Button, type ButtonVariant } from '@/app/ui/button'
import { cn } from '@/app/ui/cn'

/** The clipboard API exists only on HTTPS and localhost; control planes are often reached over plain HTTP. */
async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    area.style.position = 'fixed'
    area.style.opacity = '0'
    // Placed inside an open dialog, because its focus trap would move the focus and lose the selection.
    const host = document.querySelector('[role="dialog"]') ?? document.body
    host.append(area)
    area.select()
    const copied = document.execCommand('copy')
    area.remove()
    return copied
  }
}

function useCopy(): { state: 'idle' | 'copied' | 'failed'; copy: (text: string) => Promise<void> } {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), 2000)
    return () => clearTimeout(timer)
  }, [state])
  return { state, copy: async (text) => setState((await writeClipboard(text)) ? 'copied' : 'failed') }
}

const icon = (state: string) => (state === 'copied' ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />)

interface CopyButtonProps {
  text: string | (() => string)
  label?: string
  variant?: ButtonVariant
  className?: string
}

export function CopyButton({ text, label = 'Copy', variant = 'secondary', className }: CopyButtonProps) {
  const { state, copy } = useCopy()
  return (
    <Button
      variant={variant}
      icon={icon(state)}
      className={className}
      onClick={() => void copy(typeof text === 'string' ? text : text())}
    >
      <span aria-live="polite">
        {state === 'copied' ? 'Copied' : state === 'failed' ? 'Select and press Ctrl C' : label}
      </span>
    </Button>
  )
}

/** A shortened id: the title shows all of it, a click copies it. */
export function CopyId({ id, shown = 8, what }: { id: string; shown?: number; what: string }) {
  const { state, copy } = useCopy()
  return (
    <button
      type="button"
      title={`${id}: click to copy`}
      aria-label={state === 'copied' ? `Copied the ${what}` : `Copy the ${what} ${id}`}
      onClick={() => void copy(id)}
      className="group inline-flex items-center gap-1 rounded-mark font-mono text-meta text-ink-2 hover:text-ink"
    >
      {id.slice(0, shown)}
      <span className={cn('text-ink-3', state === 'idle' && 'opacity-60 group-hover:opacity-100')}>
        {state === 'copied' ? <Check size={12} aria-hidden /> : <Copy size={12} aria-hidden />}
      </span>
    </button>
  )
}

/** A command to copy. */
export function Code({ text, label = 'Copy' }: { text: string; label?: string }) {
  return (
    <div className="rounded-control border border-line bg-chrome">
      <pre
        // Long commands are scrolled with the keyboard too.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region has to be reachable
        tabIndex={0}
        className="overflow-x-auto p-3 font-mono text-meta whitespace-pre-wrap break-all text-ink"
      >
        {text}
      </pre>
      <div className="flex justify-end border-t border-line p-1.5">
        <CopyButton text={text} label={label} variant="ghost" />
      </div>
    </div>
  )
}
