/* The packaged scenarios: the *.yaml of the folder itself. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topologies/reader.h"

static int is_scenario(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return d->d_name[0] != '.' && n > 5 && strcmp(d->d_name + n - 5, ".yaml") == 0;
}

static int by_octets(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name); /* whatever the locale */
}

/* "" when it has none, or cannot be read. */
static const char *title_of(struct pool *pool, const char *path)
{
    size_t n = 0;
    const char *why = NULL, *title = "";
    char *text = files_read(pool, path, TREE_MAX_TEXT, &n, &why);
    if (!text)
        return title;
    struct diag_list *diags = diag_list_new();
    const struct tree *t = tree_child(tree_parse(pool, path, text, n, diags), "title");
    if (t && t->kind == TREE_TEXT)
        title = t->text;
    diag_list_free(diags);
    return title;
}

void scenario_list(void (*fn)(void *arg, const char *name, const char *path, const char *title),
                   void *arg)
{
    const char *folder = scenario_folder();
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, is_scenario, by_octets);
    for (int i = 0; i < n; i++) {
        struct pool pool = {NULL};
        const char *file = entries[i]->d_name;
        char *path = pool_printf(&pool, "%s/%s", folder, file);
        char *name = pool_text(&pool, file, strlen(file) - 5);
        fn(arg, name, path, title_of(&pool, path));
        pool_release(&pool);
        free(entries[i]);
    }
    free(entries);
}
