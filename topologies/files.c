/* Finding and reading the files that a scenario names, and the packaged ones. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "topologies/reader.h"

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

char *files_find(struct pool *pool, const char *scenario_path, const char *name, const char *folder,
                 const char *extension)
{
    const char *slash = strrchr(scenario_path, '/');
    int here = slash ? (int)(slash - scenario_path) : 1;
    size_t n = strlen(name), m = strlen(extension);
    const char *tail = n > m && strcmp(name + n - m, extension) == 0 ? "" : extension;
    char *candidates[] = {
        name[0] == '/' ? pool_printf(pool, "%s%s", name, tail) : NULL,
        pool_printf(pool, "%.*s/%s%s", here, slash ? scenario_path : ".", name, tail),
        pool_printf(pool, "./%s%s", name, tail),
        pool_printf(pool, "%s/%s%s%s%s", scenario_folder(), folder ? folder : "", folder ? "/" : "",
                    name, tail)};
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        if (candidates[i] && is_file(candidates[i]))
            return candidates[i];
    return NULL;
}

char *files_read(struct pool *pool, const char *path, size_t max, size_t *n, const char **why)
{
    char *text = NULL;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (errno != ENOENT) /* the caller says that better */
            *why = strerror(errno);
    } else if (!S_ISREG(st.st_mode)) {
        *why = "not a file";
    } else if ((uint64_t)st.st_size > max) {
        *why = "too large";
    } else {
        text = pool_alloc(pool, (size_t)st.st_size + 1);
        *n = 0;
        ssize_t got = 0;
        while (*n < (size_t)st.st_size && (got = read(fd, text + *n, (size_t)st.st_size - *n)) > 0)
            *n += (size_t)got;
        if (got < 0) {
            *why = strerror(errno);
            text = NULL;
        }
    }
    if (fd >= 0)
        close(fd);
    return text;
}

/* ---- the packaged folder ---- */

static bool is_folder_of_ours(const char *path)
{
    char probe[4200];
    int n = snprintf(probe, sizeof probe, "%s/hello.yaml", path);
    return n > 0 && (size_t)n < sizeof probe && is_file(probe);
}

/* `topologies` beside the program, or beside a folder that it is in (build/release/m2msim). */
static bool find_beside_program(char *out, size_t n)
{
    char path[4096];
    ssize_t got = readlink("/proc/self/exe", path, sizeof path - 1);
    if (got <= 0)
        return false;
    path[got] = '\0';
    for (int up = 0; up < 6; up++) {
        char *slash = strrchr(path, '/');
        if (!slash)
            return false;
        *slash = '\0';
        snprintf(out, n, "%s/topologies", path);
        if (is_folder_of_ours(out))
            return true;
    }
    return false;
}

const char *scenario_folder(void)
{
    static char folder[4200];
    const char *given = getenv("M2MSIM_TOPOLOGIES");
    if (given && *given) {
        snprintf(folder, sizeof folder, "%s", given);
        return folder;
    }
    if (folder[0] && is_folder_of_ours(folder))
        return folder;
    if (find_beside_program(folder, sizeof folder))
        return folder;
    /* The source tree, as the compiler saw it. */
    snprintf(folder, sizeof folder, "%.*s", (int)(sizeof __FILE__ - sizeof "/files.c"), __FILE__);
    return folder;
}
