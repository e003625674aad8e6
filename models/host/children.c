#include "models/host/children.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "sim/base/xalloc.h"

#define TICK_MS 200

struct child {
    uv_process_t process;
    struct pool *pool;
    struct child *next;
    size_t tag;
};

struct pool {
    const struct children_config *config;
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t interrupt, terminate;
    struct child *first;
    unsigned running;
    int signal;
    char program[4096];
};

static void free_child(uv_handle_t *handle)
{
    free(handle->data);
}

static void unlink_child(struct pool *p, const struct child *child)
{
    struct child **slot = &p->first;
    while (*slot != child)
        slot = &(*slot)->next;
    *slot = child->next;
    p->running--;
}

static void fill(struct pool *p);

static void on_exit_of(uv_process_t *process, int64_t status, int signal)
{
    struct child *child = process->data;
    struct pool *p = child->pool;
    unlink_child(p, child);
    p->config->ended(p->config->arg, child->tag, signal ? 128 + signal : (int)status);
    uv_close((uv_handle_t *)process, free_child);
    fill(p);
}

/* libuv does not write to args, whatever its type says. */
static int spawn(struct pool *p, struct child *child, const char *const *arguments)
{
    size_t n = 0;
    while (arguments[n])
        n++;
    char **args = xcalloc(n + 2, sizeof *args);
    args[0] = p->program;
    for (size_t i = 0; i < n; i++)
        args[i + 1] = (char *)(uintptr_t)arguments[i];
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE}, {.flags = UV_IGNORE}, {.flags = UV_INHERIT_FD, .data.fd = 2}};
    uv_process_options_t options = {
        .exit_cb = on_exit_of, .file = p->program, .args = args, .stdio_count = 3, .stdio = stdio};
    int failed = uv_spawn(&p->loop, &child->process, &options);
    free(args);
    return failed;
}

/* Starts what may be started. A child that cannot be is told, and no reason to stop. */
static void fill(struct pool *p)
{
    const char *const *arguments = NULL;
    size_t tag = 0;
    while (!p->signal && p->running < p->config->most &&
           p->config->next(p->config->arg, &arguments, &tag)) {
        struct child *child = xcalloc(1, sizeof *child);
        child->pool = p;
        child->tag = tag;
        child->process.data = child;
        child->next = p->first;
        p->first = child;
        p->running++;
        if (spawn(p, child, arguments) == 0)
            continue;
        unlink_child(p, child);
        uv_close((uv_handle_t *)&child->process, free_child);
        p->config->ended(p->config->arg, tag, -1);
    }
    if (p->running == 0) {
        uv_close((uv_handle_t *)&p->timer, NULL);
        uv_close((uv_handle_t *)&p->interrupt, NULL);
        uv_close((uv_handle_t *)&p->terminate, NULL);
    }
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct pool *p = handle->data;
    p->signal = number;
    for (struct child *child = p->first; child; child = child->next)
        uv_process_kill(&child->process, SIGTERM);
}

static void on_tick(uv_timer_t *timer)
{
    struct pool *p = timer->data;
    p->config->tick(p->config->arg, p->running);
}

enum err children_run(const struct children_config *config, int *signal)
{
    struct pool *p = xcalloc(1, sizeof *p);
    size_t n = sizeof p->program;
    enum err err = ERR_IO;
    *signal = 0;
    p->config = config;
    if (uv_exepath(p->program, &n) != 0 || uv_loop_init(&p->loop) != 0)
        goto out;
    uv_timer_init(&p->loop, &p->timer);
    uv_signal_init(&p->loop, &p->interrupt);
    uv_signal_init(&p->loop, &p->terminate);
    p->timer.data = p->interrupt.data = p->terminate.data = p;
    uv_timer_start(&p->timer, on_tick, TICK_MS, TICK_MS);
    uv_signal_start(&p->interrupt, on_signal, SIGINT);
    uv_signal_start(&p->terminate, on_signal, SIGTERM);
    fill(p);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    uv_loop_close(&p->loop);
    *signal = p->signal;
    err = OK;
out:
    free(p);
    return err;
}
