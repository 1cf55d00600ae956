import { cn } from '@/app/ui/cn'

/** Layers of fog, one of them highlighted. */
function Mark({ size = 18 }: { size?: number }) {
  return (
    <svg viewBox="0 0 18 18" width={size} height={size} aria-hidden="true">
      <rect x="4" y="2" width="12" height="3.5" rx="1.75" fill="currentColor" opacity="0.45" />
      <rect x="1" y="7.25" width="13" height="3.5" rx="1.75" className="fill-accent" />
      <rect x="5" y="12.5" width="9" height="3.5" rx="1.75" fill="currentColor" opacity="0.75" />
    </svg>
  )
}

export function Brand({ className }: { className?: string }) {
  return (
    <span className={cn('inline-flex items-center gap-2 text-lead font-semibold tracking-tight', className)}>
      <Mark />
      Fogdeck
    </span>
  )
}
