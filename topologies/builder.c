#include "topologies/builder.h"

#include "sim/base/xalloc.h"

#include <stdlib.h>

struct built {
    struct deployment *deployment;
    struct deployment_population *populations;
    struct deployment_link *links;
    struct deployment_event *events;
};

static void fill_populations(struct built *b, const struct scenario *s)
{
    b->populations = xcalloc(s->population_count, sizeof *b->populations);
    for (uint32_t i = 0; i < s->population_count; i++) {
        const struct scn_population *p = &s->populations[i];
        b->populations[i] = (struct deployment_population){.name = p->name,
                                                           .kind = p->kind,
                                                           .count = p->count,
                                                           .class_name = p->class_name,
                                                           .device = &p->device,
                                                           .server = &p->server,
                                                           .line = p->line,
                                                           .column = p->column};
    }
}

static void fill_links(struct built *b, const struct scenario *s)
{
    b->links = xcalloc(s->link_count ? s->link_count : 1, sizeof *b->links);
    for (uint32_t i = 0; i < s->link_count; i++) {
        const struct scn_link *l = &s->links[i];
        b->links[i] = (struct deployment_link){
            .from = l->from, .to = l->to, .up = &l->up, .down = &l->down, .shared = l->shared};
    }
    b->events = xcalloc(s->event_count ? s->event_count : 1, sizeof *b->events);
    for (uint32_t i = 0; i < s->event_count; i++) {
        const struct scn_event *e = &s->events[i];
        b->events[i] = (struct deployment_event){.at = e->at,
                                                 .duration = e->duration,
                                                 .over = e->over,
                                                 .population = e->population,
                                                 .share_ppm = e->share_ppm,
                                                 .what = e->what};
    }
}

struct built *scenario_build(const struct scenario *s, const struct profile *profile,
                             const struct build_options *options, struct diag_list *diags)
{
    struct built *b = xcalloc(1, sizeof *b);

    fill_populations(b, s);
    fill_links(b, s);
    b->deployment =
        deployment_new(&(struct deployment_input){.file = s->path,
                                                  .seed = s->seed,
                                                  .until = s->until,
                                                  .epoch_unix_ns = s->epoch_unix_ns,
                                                  .threads = options->threads,
                                                  .profile = profile,
                                                  .tcp = &s->tcp,
                                                  .eap = &s->eap,
                                                  .populations = b->populations,
                                                  .population_count = s->population_count,
                                                  .links = b->links,
                                                  .link_count = s->link_count,
                                                  .events = b->events,
                                                  .event_count = s->event_count,
                                                  .record = &s->record,
                                                  .key_pool = s->key_pool,
                                                  .key_cache = options->key_cache,
                                                  .key_progress = options->key_progress},
                       diags);
    if (b->deployment)
        return b;
    built_free(b);
    return NULL;
}

struct deployment *built_deployment(struct built *b)
{
    return b->deployment;
}

void built_free(struct built *b)
{
    if (!b)
        return;
    deployment_free(b->deployment);
    free(b->populations);
    free(b->links);
    free(b->events);
    free(b);
}
