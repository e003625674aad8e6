#include "sim/cpu.h"

#include <assert.h>
#include <stddef.h>

void cpu_init(struct cpu *cpu, uint32_t workers, uint32_t queue_limit)
{
    assert(workers > 0);
    *cpu = (struct cpu){.workers = workers, .queue_limit = queue_limit};
}

/* `busy` changes: book the time with the old value. */
static void set_busy(struct cpu *cpu, sim_ns now, uint32_t busy)
{
    cpu->busy_ns = cpu_busy_ns(cpu, now);
    cpu->busy_since = now;
    cpu->busy = busy;
}

static void enqueue(struct cpu *cpu, struct cpu_job *job)
{
    job->next = NULL;
    job->link = cpu->head ? cpu->tail : &cpu->head;
    *job->link = job;
    cpu->tail = &job->next;
    cpu->queued++;
}

static void dequeue(struct cpu *cpu, struct cpu_job *job)
{
    *job->link = job->next;
    if (job->next)
        job->next->link = job->link;
    else
        cpu->tail = job->link;
    job->next = NULL;
    job->link = NULL;
    cpu->queued--;
}

static void start(struct cpu *cpu, struct sim *sim, struct cpu_job *job)
{
    sim_ns now = sim_now(sim);

    set_busy(cpu, now, cpu->busy + 1);
    job->running = true;
    job->began = now;
    sim_schedule(sim, &job->done_event, sim_ns_add(now, job->cost));
    if (job->started)
        job->started(job, now);
}

bool cpu_submit(struct cpu *cpu, struct sim *sim, struct cpu_job *job, sim_ns cost)
{
    assert(!job->running && !job->link && cost >= 0);
    if (cpu->busy == cpu->workers && cpu->queued >= cpu->queue_limit)
        return false;
    job->cost = cost;
    job->submitted = sim_now(sim);
    if (cpu->busy < cpu->workers)
        start(cpu, sim, job);
    else
        enqueue(cpu, job);
    return true;
}

/* A worker became free: the longest waiting job has it. */
static void leave(struct cpu *cpu, struct sim *sim, struct cpu_job *job)
{
    struct cpu_job *next = cpu->head;

    job->running = false;
    set_busy(cpu, sim_now(sim), cpu->busy - 1);
    if (next) {
        dequeue(cpu, next);
        start(cpu, sim, next);
    }
}

void cpu_finish(struct cpu *cpu, struct sim *sim, struct cpu_job *job)
{
    assert(job->running && !sim_is_pending(&job->done_event));
    leave(cpu, sim, job);
}

void cpu_withdraw(struct cpu *cpu, struct sim *sim, struct cpu_job *job)
{
    if (job->link) {
        dequeue(cpu, job);
    } else if (job->running) {
        sim_cancel(sim, &job->done_event);
        leave(cpu, sim, job);
    }
}

sim_ns cpu_busy_ns(const struct cpu *cpu, sim_ns now)
{
    return cpu->busy_ns + (now - cpu->busy_since) * (sim_ns)cpu->busy;
}
