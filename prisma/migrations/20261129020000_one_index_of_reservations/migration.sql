-- Of two partial indexes of what is reserved the planner takes either one, and goes through all of it, while the statistics
-- are of a time when next to nothing was: with a burst of placements that is each time the whole fleet. By deployment,
-- replicas are found by the unique index.
DROP INDEX "deployment_replicas_reserved_deployment_idx";
