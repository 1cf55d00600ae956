import { joinTokenRouter, meRouter, userRouter } from './accounts/accounts-router'
import { apiTokenRouter } from './accounts/api-token-router'
import { auditRouter } from './accounts/audit-router'
import { agentRouter } from './agents/agent-router'
import { intakeRouter } from './agents/intake-router'
import { createCallerFactory, mergeRouters, router } from './context/trpc'
import { decisionRouter } from './decisions/decision-router'
import { deploymentRouter } from './deployments/deployment-router'
import { revisionRouter } from './deployments/revision-router'
import { drillRouter } from './drill/drill-router'
import { historyRouter } from './insight/history-router'
import { eventRouter, overviewRouter } from './insight/overview-router'
import { logRouter } from './logs/log-router'
import { drainRouter } from './nodes/drain-router'
import { nodeRouter } from './nodes/node-router'
import { placementRouter } from './placement/placement-router'
import { liveRouter } from './system/live-router'
import { notificationRouter } from './system/notification-router'
import { outageProtectionRouter } from './system/outage-protection-router'
import { queueRouter } from './system/queue-router'
import { settingsRouter } from './system/settings-router'

/**
 * All procedures of the control plane. The REST API and its OpenAPI document are derived from them
 * (server/api/http/rest.ts).
 */
export const appRouter = router({
  deployment: mergeRouters(deploymentRouter, revisionRouter, logRouter),
  decision: decisionRouter,
  placement: placementRouter,
  node: mergeRouters(nodeRouter, drainRouter),
  drill: drillRouter,
  me: meRouter,
  user: userRouter,
  apiToken: apiTokenRouter,
  joinToken: joinTokenRouter,
  audit: auditRouter,
  settings: settingsRouter,
  notification: notificationRouter,
  queue: queueRouter,
  overview: overviewRouter,
  event: eventRouter,
  history: historyRouter,
  outage: outageProtectionRouter,
  intake: intakeRouter,
  live: liveRouter,
  agent: agentRouter,
})

export type AppRouter = typeof appRouter
export const createCaller = createCallerFactory(appRouter)
