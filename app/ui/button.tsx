'use client'

import { LoaderCircle } from 'lucide-react'
import Link from 'next/link'
import type { ButtonHTMLAttributes, ComponentProps, MouseEvent, ReactNode, Ref } from 'react'
import { cn } from './cn'
import { useTooltip } from './tooltip'

export type ButtonVariant = 'primary' | 'secondary' | 'ghost' | 'danger' | 'danger-solid'

const variants: Record<ButtonVariant, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-hover border-transparent',
  secondary: 'border-control text-ink hover:bg-hover',
  ghost: 'border-transparent text-ink-2 hover:bg-hover hover:text-ink',
  danger: 'border-control text-failed hover:bg-hover hover:border-failed',
  'danger-solid': 'bg-failed text-on-failed hover:bg-failed-hover border-transparent',
}

type ButtonSize = 'md' | 'sm'

const base =
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-control border font-medium whitespace-nowrap select-none'

const sizes: Record<ButtonSize, { withText: string; iconOnly: string }> = {
  md: { withText: 'h-(--control-height) px-3', iconOnly: 'size-(--control-height)' },
  // For table rows and lines of text; still large enough for touch.
  sm: { withText: 'h-7 px-2 pointer-coarse:h-10', iconOnly: 'size-7 pointer-coarse:size-10' },
}

const blockedStyle =
  'bg-transparent text-ink-3 border-line hover:bg-transparent hover:text-ink-3 hover:border-line cursor-not-allowed'

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  ref?: Ref<HTMLButtonElement>
  variant?: ButtonVariant
  /** A button without a label needs an `aria-label`. */
  icon?: ReactNode
  size?: ButtonSize
  /** Shows a spinner and ignores clicks; the width stays the same. */
  busy?: boolean
  /** Why the button is blocked. It stays focusable, so that everyone can read the reason. */
  blocked?: string | null | undefined
}

export function Button({
  variant = 'secondary',
  icon,
  size = 'md',
  busy = false,
  blocked = null,
  className,
  children,
  onClick,
  type = 'button',
  ...rest
}: ButtonProps) {
  const tooltip = useTooltip(blocked)
  const press = (event: MouseEvent<HTMLButtonElement>): void => {
    if (blocked) tooltip.show(event.currentTarget)
    if (busy || blocked) event.preventDefault()
    else onClick?.(event)
  }
  const button = (
    <button
      {...rest}
      {...(blocked && tooltip.wiring)}
      type={type}
      onClick={press}
      aria-disabled={busy || blocked ? true : undefined}
      aria-busy={busy || undefined}
      className={cn(
        base,
        children === undefined ? sizes[size].iconOnly : sizes[size].withText,
        blocked ? blockedStyle : variants[variant],
        className,
      )}
    >
      {busy ? <LoaderCircle size={14} className="spinning" aria-hidden /> : icon}
      {children}
    </button>
  )
  return (
    <>
      {button}
      {blocked && tooltip.overlay}
    </>
  )
}

interface ButtonLinkProps extends ComponentProps<typeof Link> {
  variant?: ButtonVariant
  icon?: ReactNode
}

export function ButtonLink({ variant = 'secondary', icon, className, children, ...rest }: ButtonLinkProps) {
  return (
    <Link {...rest} className={cn(base, sizes.md.withText, variants[variant], className)}>
      {icon}
      {children}
    </Link>
  )
}
