/* A virtual processor: `workers` servers before one first-come-first-served queue (DESIGN section
 * 5). Non-preemptive. All calls on the engine's thread. */
#ifndef SIM_CPU_H
#define SIM_CPU_H

#include "sim/engine.h"

struct cpu;

/* One piece of work, embedded in its owner. When a worker takes it, `started` is called (may be
 * NULL; it may be within cpu_submit) and done_event is scheduled for the end of the work: the
 * owner's commit there calls cpu_finish first. The owner initialises done_event with its own ops
 * and endpoint, so completion may have a prepare phase. */
struct cpu_job {
    struct sim_event done_event;
    void (*started)(struct cpu_job *job, sim_ns now);
    sim_ns cost; /* set by cpu_submit */
    sim_ns submitted, began;
    struct cpu_job *next, **link; /* the queue's; link == NULL: not queued */
    bool running;
};

/* Value in its owner (a fleet has a million of them): small, no heap of its own. */
struct cpu {
    uint32_t workers;
    uint32_t busy;
    uint32_t queue_limit; /* most jobs waiting (not in service); UINT32_MAX: no limit */
    uint32_t queued;
    struct cpu_job *head, **tail;
    sim_ns busy_ns;    /* summed over workers, up to busy_since */
    sim_ns busy_since; /* last change of `busy` */
};

void cpu_init(struct cpu *cpu, uint32_t workers, uint32_t queue_limit);
/* A job of `cost` >= 0. false: all workers busy and the queue full; nothing happened. */
bool cpu_submit(struct cpu *cpu, struct sim *sim, struct cpu_job *job, sim_ns cost);
/* First thing in the commit of done_event: frees the worker, starts the next job. */
void cpu_finish(struct cpu *cpu, struct sim *sim, struct cpu_job *job);
/* Withdraw a job that is queued or running (its session died); idle jobs are left alone. */
void cpu_withdraw(struct cpu *cpu, struct sim *sim, struct cpu_job *job);
/* Worker-nanoseconds of work done up to now. */
sim_ns cpu_busy_ns(const struct cpu *cpu, sim_ns now);

#endif
