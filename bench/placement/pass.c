/*
 * The plain pass of plain.ts in C, for comparison: one scalar pass over columns, the best three kept.
 * Reads a fleet and a stream from a file (see c-pass.ts), then answers each line "COUNT" on its input with
 * "NANOSECONDS SLOT SLOT SLOT": the processor time that the next COUNT deployments took, and what was chosen for the last one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
  double cpu, memory, storage, gpu, row;
} Request;

typedef struct {
  int slot[3];
  Request request;
} Deployment;

static int64_t nodes, requests, held, regions;
static double resources_weight, load_weight;
static double *cpu, *memory, *cpu_free, *memory_free, *storage_free, *gpu_free;
static double *cpu_usage, *memory_usage, *cpu_unseen, *memory_unseen, *idle, *region, *localities;
static Request *stream;

static void *read_all(FILE *file, size_t bytes) {
  void *memory_block = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!memory_block || fread(memory_block, 1, bytes, file) != bytes) {
    fprintf(stderr, "the file with the fleet is too short\n");
    exit(1);
  }
  return memory_block;
}

static double used(double percent, double unseen, double capacity) {
  double whole = percent + 100 * unseen / capacity;
  return whole < 100 ? whole : 100;
}

static void weigh(int slot) {
  double by_cpu = used(cpu_usage[slot], cpu_unseen[slot], cpu[slot]);
  double by_memory = used(memory_usage[slot], memory_unseen[slot], memory[slot]);
  idle[slot] = ((100 - by_cpu) / 100 + (100 - by_memory) / 100) / 2;
}

static void reserve(const Deployment *one, double sign) {
  if (one->slot[2] < 0) return;
  for (int i = 0; i < 3; i++) {
    int slot = one->slot[i];
    cpu_free[slot] -= sign * one->request.cpu;
    memory_free[slot] -= sign * one->request.memory;
    storage_free[slot] -= sign * one->request.storage;
    gpu_free[slot] -= sign * one->request.gpu;
    cpu_unseen[slot] += sign * one->request.cpu;
    memory_unseen[slot] += sign * one->request.memory;
    weigh(slot);
  }
}

static void decide(const Request *request, Deployment *deployment) {
  const double *row = localities + (int64_t)request->row * regions;
  double first = -1, second = -1, third = -1;
  int *best = deployment->slot;
  best[0] = best[1] = best[2] = -1;
  for (int slot = 0; slot < nodes; slot++) {
    if (cpu_free[slot] < request->cpu || memory_free[slot] < request->memory) continue;
    if (storage_free[slot] < request->storage || gpu_free[slot] < request->gpu) continue;
    double left =
        ((cpu_free[slot] - request->cpu) / cpu[slot] + (memory_free[slot] - request->memory) / memory[slot]) / 2;
    double score = resources_weight * left + load_weight * idle[slot] + row[(int)region[slot]];
    if (score <= third) continue;
    if (score > second) {
      third = second, best[2] = best[1];
      if (score > first) {
        second = first, best[1] = best[0];
        first = score, best[0] = slot;
      } else {
        second = score, best[1] = slot;
      }
    } else {
      third = score, best[2] = slot;
    }
  }
  deployment->request = *request;
}

int main(int argc, char **argv) {
  FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
  if (!file) return 1;
  double *head = read_all(file, 6 * sizeof(double));
  nodes = (int64_t)head[0], requests = (int64_t)head[1], held = (int64_t)head[2], regions = (int64_t)head[3];
  resources_weight = head[4], load_weight = head[5];
  double **columns[] = {&cpu,       &memory,       &cpu_free,   &memory_free,   &storage_free, &gpu_free,
                        &cpu_usage, &memory_usage, &cpu_unseen, &memory_unseen, &idle,         &region};
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) *columns[i] = read_all(file, nodes * sizeof(double));
  localities = read_all(file, (regions + 1) * regions * sizeof(double));
  stream = read_all(file, requests * sizeof(Request));
  fclose(file);

  Deployment *live = calloc(held, sizeof(Deployment));
  for (int i = 0; i < held; i++) live[i].slot[2] = -1;
  long position = 0, count;
  while (scanf("%ld", &count) == 1) {
    struct timespec start, end;
    Deployment now = {{-1, -1, -1}, {0, 0, 0, 0, 0}};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    for (long last = position + count; position < last; position++) {
      decide(&stream[position % requests], &now);
      reserve(&now, 1);
      reserve(&live[position % held], -1);
      live[position % held] = now;
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    double ns = (end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec);
    printf("%.0f %d %d %d\n", ns, now.slot[0], now.slot[1], now.slot[2]);
    fflush(stdout);
  }
  return 0;
}
