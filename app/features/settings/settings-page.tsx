'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '@/app/trpc'
import { PageHeader, Section } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { plural } from '@/app/ui/text/format'
import { policyText } from '@/core/placement/types'
import { HeartbeatSetting } from './heartbeat-setting'
import { NamesSetting } from './names-setting'
import { PolicySetting } from './policy-setting'
import { RetentionSetting } from './retention-setting'

export function SettingsPage() {
  const trpc = useTRPC()
  const query = useQuery(trpc.settings.get.queryOptions())
  return (
    <>
      <PageHeader title="Settings" meta="Settings of the whole installation. Changes are recorded in the audit log." />
      <QueryView query={query} failed="Could not load the settings" loading="Loading settings">
        {(settings) => (
          <>
            <Section
              title="Default policy"
              meta={`How nodes are scored for deployments without a policy. Now: ${policyText(settings.policy)}.`}
            >
              <PolicySetting key={JSON.stringify(settings.policy)} policy={settings.policy} />
            </Section>
            <Section
              title="Heartbeat"
              meta={`How often agents report in. Now: every ${settings.heartbeat.everySeconds} s; a node is offline after ${settings.heartbeat.limitSeconds} s without a heartbeat.`}
            >
              <HeartbeatSetting key={JSON.stringify(settings.heartbeat)} heartbeat={settings.heartbeat} />
            </Section>
            <Section
              title="Deployment names"
              meta={
                settings.allowRepeatedNames
                  ? 'Deployments may share a name.'
                  : 'Names are unique until their deployment is deleted.'
              }
            >
              <NamesSetting allowed={settings.allowRepeatedNames} />
            </Section>
            <Section
              title="Decisions"
              meta={`Scheduling decisions and their inputs are kept for ${plural(settings.decisionRetentionDays, 'day')}.`}
            >
              <RetentionSetting key={settings.decisionRetentionDays} days={settings.decisionRetentionDays} />
            </Section>
          </>
        )}
      </QueryView>
    </>
  )
}
