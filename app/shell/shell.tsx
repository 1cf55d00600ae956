'use client'

import { Menu, Search } from 'lucide-react'
import Link from 'next/link'
import { usePathname } from 'next/navigation'
import { lazy, type ReactNode, Suspense, useEffect, useState } from 'react'
import { LiveIndicator } from '@/app/features/live/indicator'
import { OutageBanner } from '@/app/features/node-loss/banner'
import { useMe } from '@/app/features/session/me'
import { Button } from '@/app/ui/button'
import { cn } from '@/app/ui/cn'
import { may } from '@/core/accounts/roles'
import { Brand } from './brand'
import { type Destination, destinations } from './nav'
import { Palette } from './palette'
import { Shortcuts } from './shortcuts'
import { UserMenu } from './user-menu'

const MenuSheet = lazy(() => import('./menu-sheet'))

/** The frame of every signed-in page: a sidebar, or a top bar in narrow windows. */
export function Shell({ children }: { children: ReactNode }) {
  const [palette, setPalette] = useState(false)
  return (
    <div className="md:grid md:grid-cols-[208px_minmax(0,1fr)]">
      <a
        href="#content"
        className="sr-only rounded-control bg-raised px-3 py-1.5 font-medium shadow-overlay focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:px-3 focus:py-1.5"
      >
        Skip to content
      </a>
      <TopBar onSearch={() => setPalette(true)} />
      <aside className="sticky top-0 flex h-dvh flex-col border-r border-line bg-chrome max-md:hidden">
        <Link href="/deployments" className="mx-2 mt-3 mb-2 rounded-control px-2 py-1">
          <Brand />
        </Link>
        <SearchButton onClick={() => setPalette(true)} />
        <Navigation />
        <div className="mt-auto space-y-1 border-t border-line p-2">
          <LiveIndicator className="px-2 py-1" />
          <UserMenu />
        </div>
      </aside>
      <main id="content" tabIndex={-1} className="min-w-0 pb-16 outline-none">
        <OutageBanner />
        {children}
      </main>
      <Palette open={palette} onOpenChange={setPalette} />
      <Shortcuts />
    </div>
  )
}

function SearchButton({ onClick }: { onClick: () => void }) {
  return (
    <button
      type="button"
      onClick={onClick}
      className="mx-2 mb-3 flex h-(--control-height) items-center gap-2 rounded-control border border-line px-2 text-ink-3 hover:border-control hover:text-ink-2"
    >
      <Search size={14} aria-hidden />
      Search
      <kbd className="ml-auto font-sans text-meta">Ctrl K</kbd>
    </button>
  )
}

function TopBar({ onSearch }: { onSearch: () => void }) {
  const [open, setOpen] = useState(false)
  const pathname = usePathname()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes when the page changes
  useEffect(() => setOpen(false), [pathname])
  return (
    <header className="sticky top-0 z-20 flex h-(--topbar) items-center gap-1 border-b border-line bg-chrome px-2 md:hidden">
      <Button
        variant="ghost"
        aria-label="Menu"
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
        icon={<Menu size={18} aria-hidden />}
      />
      {open && (
        <Suspense>
          <MenuSheet close={() => setOpen(false)}>
            <Navigation />
          </MenuSheet>
        </Suspense>
      )}
      <Link href="/deployments" className="rounded-control px-1">
        <Brand />
      </Link>
      <LiveIndicator className="ml-auto" />
      <Button variant="ghost" aria-label="Search" onClick={onSearch} icon={<Search size={16} aria-hidden />} />
    </header>
  )
}

function Navigation() {
  const { role } = useMe()
  const seen = destinations.filter(({ permission }) => permission === null || may(role, permission))
  const admin = seen.filter(({ group }) => group === 'admin')
  return (
    <nav aria-label="Main" className="space-y-4 px-2">
      <NavGroup items={seen.filter(({ group }) => group === 'main')} />
      {admin.length > 0 && (
        <div>
          <p className="px-2 pb-1 text-meta text-ink-3">Administration</p>
          <NavGroup items={admin} />
        </div>
      )}
    </nav>
  )
}

function NavGroup({ items }: { items: Destination[] }) {
  const pathname = usePathname()
  return (
    <ul className="space-y-px">
      {items.map(({ href, label, icon: Icon }) => {
        const current = pathname === href || pathname.startsWith(`${href}/`)
        return (
          <li key={href}>
            <Link
              href={href}
              aria-current={current ? 'page' : undefined}
              className={cn(
                'flex h-(--control-height) items-center gap-2 rounded-control px-2 font-medium',
                current ? 'bg-selected text-ink' : 'text-ink-2 hover:bg-hover hover:text-ink',
              )}
            >
              <Icon size={16} strokeWidth={1.75} aria-hidden className={current ? 'text-accent' : 'text-ink-3'} />
              {label}
            </Link>
          </li>
        )
      })}
    </ul>
  )
}
