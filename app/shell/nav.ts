import {
  Activity,
  Bell,
  Boxes,
  ChartBarStacked,
  GitFork,
  History,
  Hourglass,
  KeyRound,
  KeySquare,
  LayoutDashboard,
  type LucideIcon,
  Plug,
  Rocket,
  ScrollText,
  Server,
  Settings2,
  ShieldAlert,
  UserCog,
} from 'lucide-react'
import type { Permission } from '@/core/accounts/roles'

export interface Destination {
  href: string
  label: string
  icon: LucideIcon
  /** The permission required to see the page. */
  permission: Permission | null
  group: 'main' | 'admin' | 'hidden'
  /** The key after g: "d" for g d. */
  key?: string
}

/** All pages that users can navigate to, for the sidebar, the palette and the shortcuts. */
export const destinations: Destination[] = [
  { href: '/', label: 'Overview', icon: LayoutDashboard, permission: 'deployments.read', group: 'main', key: 'o' },
  { href: '/deployments', label: 'Deployments', icon: Boxes, permission: 'deployments.read', group: 'main', key: 'd' },
  { href: '/nodes', label: 'Nodes', icon: Server, permission: 'nodes.read', group: 'main', key: 'n' },
  { href: '/events', label: 'Events', icon: Activity, permission: 'deployments.read', group: 'main', key: 'e' },
  { href: '/history', label: 'History', icon: History, permission: 'nodes.read', group: 'main', key: 'h' },
  { href: '/decisions', label: 'Decisions', icon: GitFork, permission: 'deployments.read', group: 'main', key: 'x' },
  { href: '/scores', label: 'Scores', icon: ChartBarStacked, permission: 'deployments.read', group: 'main', key: 's' },
  { href: '/drill', label: 'Failure drill', icon: ShieldAlert, permission: 'nodes.read', group: 'main', key: 'f' },
  {
    href: '/admin/queue',
    label: 'Scheduling queue',
    icon: Hourglass,
    permission: 'deployments.read',
    group: 'main',
    key: 'q',
  },
  { href: '/admin/users', label: 'Users', icon: UserCog, permission: 'users.manage', group: 'admin', key: 'u' },
  {
    href: '/admin/tokens',
    label: 'API tokens',
    icon: KeySquare,
    permission: 'tokens.manage',
    group: 'admin',
    key: 'k',
  },
  { href: '/admin/audit', label: 'Audit log', icon: ScrollText, permission: 'audit.read', group: 'admin', key: 'l' },
  { href: '/admin/join', label: 'Join a node', icon: Plug, permission: 'tokens.manage', group: 'admin', key: 'j' },
  {
    href: '/admin/notifications',
    label: 'Notifications',
    icon: Bell,
    permission: 'notifications.manage',
    group: 'admin',
    key: 'm',
  },
  {
    href: '/admin/settings',
    label: 'Settings',
    icon: Settings2,
    permission: 'settings.manage',
    group: 'admin',
    key: 't',
  },
  {
    href: '/deployments/new',
    label: 'New deployment',
    icon: Rocket,
    permission: 'deployments.create',
    group: 'hidden',
    key: 'c',
  },
  { href: '/account', label: 'Account', icon: KeyRound, permission: null, group: 'hidden', key: 'a' },
]
