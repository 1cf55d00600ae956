'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound, MonitorSmartphone, Plus } from 'lucide-react'
import { useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { FieldError, Select } from '@/app/ui/form/field'
import { PageHeader, Section } from '@/app/ui/layout-parts'
import { useNotice } from '@/app/ui/overlay/notice'
import { QueryView } from '@/app/ui/status/query-view'
import { StatusIcon } from '@/app/ui/status/status-icon'
import type { Column } from '@/app/ui/table/column'
import { Table } from '@/app/ui/table/table'
import { errorSentence } from '@/app/ui/text/errors'
import { Time } from '@/app/ui/text/time'
import { roles } from '@/core/accounts/roles'
import type { UserView } from '@/core/views/accounts'
import { PasswordDialog } from './password-dialog'
import { PermissionMatrix } from './permission-matrix'
import { SessionsDialog } from './sessions-dialog'
import { UserDialog } from './user-dialog'

interface UserActions {
  setRole: (user: UserView, role: string) => void
  setDisabled: (user: UserView, disabled: boolean) => void
  setPassword: (user: UserView) => void
  showSessions: (user: UserView) => void
}

const columnsOf = ({ setRole, setDisabled, setPassword, showSessions }: UserActions): Column<UserView>[] => [
  {
    id: 'name',
    header: 'User',
    cell: (user) => (
      <span className="flex min-w-0 items-baseline gap-2">
        <span className="truncate font-medium" title={user.username}>
          {user.username}
        </span>
        {user.isSelf && <span className="text-meta text-ink-3 max-sm:hidden">you</span>}
      </span>
    ),
  },
  {
    id: 'role',
    header: 'Role',
    width: 'clamp(116px, 17vw, 128px)',
    cell: (user) => (
      <Select
        aria-label={`Role of ${user.username}`}
        value={user.role}
        onChange={(event) => setRole(user, event.target.value)}
        className="max-w-28 [&>select]:h-7 pointer-coarse:[&>select]:h-10"
      >
        {roles.map((role) => (
          <option key={role}>{role}</option>
        ))}
      </Select>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: '100px',
    from: 'sm',
    cell: ({ disabled }) =>
      disabled ? (
        <span className="inline-flex items-center gap-1.5 align-top text-ink-3">
          <StatusIcon name="deleted" /> Disabled
        </span>
      ) : (
        <span className="inline-flex items-center gap-1.5 align-top text-healthy">
          <StatusIcon name="running" /> Enabled
        </span>
      ),
  },
  {
    id: 'seen',
    header: 'Last sign-in',
    width: '112px',
    from: 'lg',
    cell: ({ lastLoginAt }) =>
      lastLoginAt ? <Time at={lastLoginAt} className="text-ink-2" /> : <span className="text-ink-3">never</span>,
  },
  {
    id: 'created',
    header: 'Created',
    width: '104px',
    from: 'xl',
    cell: ({ createdAt }) => <Time at={createdAt} className="text-ink-2" />,
  },
  {
    id: 'actions',
    header: <span className="sr-only">Actions</span>,
    width: 'clamp(152px, calc(40vw - 190px), 330px)',
    align: 'right',
    whole: true,
    cell: (user) => (
      <span className="inline-flex">
        <Button
          variant="ghost"
          size="sm"
          aria-label={`Set password of ${user.username}`}
          title="Set password"
          icon={<KeyRound size={14} aria-hidden />}
          onClick={() => setPassword(user)}
        >
          <span className="max-xl:hidden">Set password</span>
        </Button>
        <Button
          variant="ghost"
          size="sm"
          aria-label={`Sessions of ${user.username}`}
          title="Sessions"
          icon={<MonitorSmartphone size={14} aria-hidden />}
          onClick={() => showSessions(user)}
        >
          <span className="max-xl:hidden">Sessions</span>
        </Button>
        <Button
          variant="ghost"
          size="sm"
          aria-label={`${user.disabled ? 'Enable' : 'Disable'} ${user.username}`}
          onClick={() => setDisabled(user, !user.disabled)}
        >
          {user.disabled ? 'Enable' : 'Disable'}
        </Button>
      </span>
    ),
  },
]

export function UsersPage() {
  const trpc = useTRPC()
  const query = useQuery(trpc.user.list.queryOptions())
  const [creating, setCreating] = useState(false)
  const [passwordOf, setPasswordOf] = useState<UserView | null>(null)
  const [sessionsOf, setSessionsOf] = useState<UserView | null>(null)
  const { setRole, setDisabled, problem } = useUserChanges()

  const columns = columnsOf({ setRole, setDisabled, setPassword: setPasswordOf, showSessions: setSessionsOf })

  return (
    <>
      <PageHeader
        title="Users"
        actions={
          <Button variant="primary" icon={<Plus size={14} aria-hidden />} onClick={() => setCreating(true)}>
            New user
          </Button>
        }
      />
      {problem && (
        <div className="border-t border-line px-4 py-3 md:px-6">
          <FieldError>{problem}</FieldError>
        </div>
      )}
      <div className="border-t border-line">
        <QueryView query={query} failed="Could not load the users" loading="Loading users">
          {(users) => <Table caption="Users" columns={columns} rows={users} rowKey={(user) => user.id} tall />}
        </QueryView>
      </div>
      <Section title="Permissions by role" className="mt-8">
        <PermissionMatrix />
      </Section>
      <UserDialog open={creating} onClose={() => setCreating(false)} />
      {sessionsOf && <SessionsDialog user={sessionsOf} onClose={() => setSessionsOf(null)} />}
      {passwordOf && <PasswordDialog user={passwordOf} onClose={() => setPasswordOf(null)} />}
    </>
  )
}

/** Both can be reverted with one press; errors are shown on the page with the username. */
function useUserChanges() {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const [problem, setProblem] = useState<string | null>(null)
  const options = (user: UserView) => ({
    onError: (error: unknown) => setProblem(`${user.username}: ${errorSentence(error)}`),
    onSettled: () => void queries.invalidateQueries({ queryKey: trpc.user.list.queryKey() }),
  })
  const role = useMutation(trpc.user.setRole.mutationOptions())
  const disabled = useMutation(trpc.user.setDisabled.mutationOptions())
  return {
    problem,
    setRole: (user: UserView, value: string): void => {
      const next = roles.find((one) => one === value)
      if (!next) return
      setProblem(null)
      role.mutate(
        { id: user.id, role: next },
        {
          ...options(user),
          onSuccess: () =>
            notice({
              text: `${user.username} is now ${next}`,
              undo: () => role.mutate({ id: user.id, role: user.role }, options(user)),
            }),
        },
      )
    },
    setDisabled: (user: UserView, value: boolean): void => {
      setProblem(null)
      disabled.mutate(
        { id: user.id, disabled: value },
        {
          ...options(user),
          onSuccess: () =>
            notice({
              text: value ? `Disabled ${user.username} and ended their sessions` : `Enabled ${user.username}`,
              undo: () => disabled.mutate({ id: user.id, disabled: !value }, options(user)),
            }),
        },
      )
    },
  }
}
