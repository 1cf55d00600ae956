import { agentRouter } from './agent-router'
import { apiTokenRouter } from './api-token-router'
import { auditRouter } from './audit-router'
import { decisionRouter } from './decision-router'
import { deploymentRouter } from './deployment-router'
import { drainRouter } from './drain-router'
import { drillRouter } from './drill-router'
import { historyRouter } from './history-router'
import { intakeRouter } from './intake-router'
import { liveRouter } from './live-router'
import { logRouter } from './log-router'
import { nodeRouter } from './node-router'
import { notificationRouter } from './notification-router'
import { eventRouter, overviewRouter } from './overview-router'
import { joinTokenRouter, meRouter, userRouter } from './people-router'
import { placementRouter } from './placement-router'
import { queueRouter } from './queue-router'
import { revisionRouter } from './revision-router'
import { settingsRouter } from './settings-router'
import { stormRouter } from './storm-router'
import { createCallerFactory, mergeRouters, router } from './trpc'

/** All that can be asked of the control plane. REST and its OpenAPI document are derived from it (server/api/rest.ts). */
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
  storm: stormRouter,
  intake: intakeRouter,
  live: liveRouter,
  agent: agentRouter,
})

export type AppRouter = typeof appRouter
export const createCaller = createCallerFactory(appRouter)
