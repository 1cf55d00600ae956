'use client'

import { Check, KeyRound, LogOut, Monitor, Moon, Sun } from 'lucide-react'
import Link from 'next/link'
import { useTheme } from 'next-themes'
import { DropdownMenu as Menu } from 'radix-ui'
import { type ReactNode, useState } from 'react'
import { leaveBySigningOut } from '@/app/features/session/leave'
import { signOut } from '@/app/features/session/session-calls'
import { overlayHost } from '@/app/ui/overlay-host'
import { userMenuStyle } from './user-menu-look'
import { productVersion } from './version'

const themes = [
  { id: 'system', label: 'System', icon: Monitor },
  { id: 'light', label: 'Light', icon: Sun },
  { id: 'dark', label: 'Dark', icon: Moon },
]

const item =
  'flex h-(--control-height) items-center gap-2 rounded-control px-2 outline-none data-[highlighted]:bg-hover cursor-pointer'

interface OpenUserMenuProps {
  /** Renders the menu's button, which looks the same before the menu is loaded. */
  face: (note: string | null) => ReactNode
}

/** Open from the start: the menu is loaded because the user opened it. */
export default function OpenUserMenu({ face }: OpenUserMenuProps) {
  const { theme = 'system', setTheme } = useTheme()
  const [note, setNote] = useState<string | null>(null)
  const leave = async (): Promise<void> => {
    setNote('Signing out…')
    await leaveBySigningOut(signOut).catch(() => setNote('Still signed in: try again'))
  }
  return (
    <Menu.Root modal={false} defaultOpen>
      <Menu.Trigger className={userMenuStyle}>{face(note)}</Menu.Trigger>
      <Menu.Portal container={overlayHost()}>
        <Menu.Content
          side="top"
          align="start"
          sideOffset={4}
          collisionPadding={8}
          className="appear z-50 min-w-48 rounded-overlay border border-line bg-raised p-1 shadow-overlay"
        >
          <Menu.Item asChild className={item}>
            <Link href="/account">
              <KeyRound size={14} aria-hidden className="text-ink-3" /> Account
            </Link>
          </Menu.Item>
          <Menu.Separator className="my-1 h-px bg-line" />
          <Menu.Label className="px-2 py-1 text-meta text-ink-3">Theme</Menu.Label>
          <Menu.RadioGroup value={theme} onValueChange={setTheme}>
            {themes.map(({ id, label, icon: Icon }) => (
              <Menu.RadioItem key={id} value={id} className={item} onSelect={(event) => event.preventDefault()}>
                <Icon size={14} aria-hidden className="text-ink-3" />
                {label}
                <Menu.ItemIndicator className="ml-auto">
                  <Check size={14} aria-hidden />
                </Menu.ItemIndicator>
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
          <Menu.Separator className="my-1 h-px bg-line" />
          <Menu.Item className={item} onSelect={() => void leave()}>
            <LogOut size={14} aria-hidden className="text-ink-3" /> Sign out
          </Menu.Item>
          <Menu.Separator className="my-1 h-px bg-line" />
          <Menu.Label className="flex justify-between gap-4 px-2 py-1 text-meta text-ink-3">
            Fogdeck {productVersion}
            <span>Help: press ?</span>
          </Menu.Label>
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  )
}
