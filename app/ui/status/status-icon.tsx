import { useId } from 'react'

export const iconNames = [
  'waiting',
  'assigned',
  'starting',
  'running',
  'partial',
  'stopping',
  'stopped',
  'failed',
  'deleted',
  'unknown',
  'ready',
  'full',
  'lock',
  'arrow',
  'wrench',
  'none',
] as const
export type IconName = (typeof iconNames)[number]

const ring = <circle cx="7" cy="7" r="5.75" fill="none" stroke="currentColor" strokeWidth="1.5" />
const disc = <circle cx="7" cy="7" r="6.5" fill="currentColor" />
const cut = {
  fill: 'none',
  stroke: 'var(--bg)',
  strokeWidth: 1.6,
  strokeLinecap: 'round',
  strokeLinejoin: 'round',
} as const

/** A pie that fills as something gets closer to running: a quarter, a half, three quarters. */
function Pie({ share }: { share: number }) {
  const r = 1.75
  const around = 2 * Math.PI * r
  return (
    <circle
      cx="7"
      cy="7"
      r={r}
      fill="none"
      stroke="currentColor"
      strokeWidth={r * 2}
      strokeDasharray={`${around * share} ${around}`}
      transform="rotate(-90 7 7)"
    />
  )
}

/** Hatched like the bars: unknown must not look like any known state. */
function Hatched() {
  const id = useId()
  return (
    <>
      <defs>
        <pattern id={id} width="3" height="3" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="1.4" height="3" fill="currentColor" />
        </pattern>
      </defs>
      <circle cx="7" cy="7" r="5.75" fill={`url(#${id})`} stroke="currentColor" strokeWidth="1.2" />
    </>
  )
}

const shapes: Record<IconName, React.ReactNode> = {
  waiting: (
    <circle cx="7" cy="7" r="5.75" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2 1.61" />
  ),
  assigned: (
    <>
      {ring}
      <Pie share={0.25} />
    </>
  ),
  starting: (
    <>
      {ring}
      <Pie share={0.6} />
    </>
  ),
  running: (
    <>
      {disc}
      <path d="M4.3 7.2 6.2 9l3.5-3.9" {...cut} />
    </>
  ),
  partial: (
    <>
      {disc}
      <path d="M7 3.9v3.7M7 10v.1" {...cut} />
    </>
  ),
  stopping: (
    <>
      {ring}
      <path d="M5 7h4" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
    </>
  ),
  stopped: (
    <>
      {ring}
      <rect x="5" y="5" width="4" height="4" rx="0.5" fill="currentColor" />
    </>
  ),
  failed: (
    <>
      {disc}
      <path d="m5 5 4 4M9 5 5 9" {...cut} />
    </>
  ),
  deleted: (
    <>
      {ring}
      <path d="m3.2 10.8 7.6-7.6" stroke="currentColor" strokeWidth="1.5" />
    </>
  ),
  unknown: <Hatched />,
  ready: (
    <>
      {ring}
      <circle cx="7" cy="7" r="2.25" fill="currentColor" />
    </>
  ),
  full: (
    <>
      {ring}
      <Pie share={1} />
    </>
  ),
  lock: (
    <>
      <rect x="2.5" y="6" width="9" height="6.5" rx="1.2" fill="currentColor" />
      <path d="M4.5 6V4.25a2.5 2.5 0 0 1 5 0V6" fill="none" stroke="currentColor" strokeWidth="1.5" />
    </>
  ),
  arrow: (
    <>
      {ring}
      <path
        d="M4.4 7h5M7.4 4.9 9.5 7 7.4 9.1"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </>
  ),
  wrench: (
    <>
      {ring}
      <path d="M5.2 4.5v5M8.8 4.5v5" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />
    </>
  ),
  none: <path d="M4 7h6" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />,
}

/** The icon of a state. Always used with a label. */
export function StatusIcon({ name, className }: { name: IconName; className?: string | undefined }) {
  return (
    <svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true" className={className}>
      {shapes[name]}
    </svg>
  )
}
