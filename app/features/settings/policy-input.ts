import type { inferRouterInputs } from '@trpc/server'
import type { AppRouter } from '@/server/api/root'

export type PolicyInput = inferRouterInputs<AppRouter>['settings']['setPolicy']['policy']
