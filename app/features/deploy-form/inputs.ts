import type { inferRouterInputs } from '@trpc/server'
import type { AppRouter } from '@/server/api/root'

export type DeployInput = inferRouterInputs<AppRouter>['deployment']['deploy']
export type PreviewInput = inferRouterInputs<AppRouter>['placement']['preview']
