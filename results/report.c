#include "results/report_impl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/xalloc.h"

/* The folder and its parents. */
static enum err make_folder(const char *folder, char why[160])
{
    char *path = xstrdup(folder);
    for (char *at = path + 1;; at++) {
        if (*at && *at != '/')
            continue;
        char was = *at;
        *at = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST) {
            int code = errno;
            snprintf(why, 160, "cannot make folder %.100s: %s", path, strerror(code));
            free(path);
            return code == ENOSPC                    ? ERR_DISK_FULL
                   : code == EACCES || code == EROFS ? ERR_READ_ONLY
                                                     : ERR_IO;
        }
        *at = was;
        if (!was)
            break;
    }
    free(path);
    return OK;
}

static enum err write_text(struct reader *r, const struct stats *s, const char *folder, bool force,
                           char why[160])
{
    char *path = xasprintf("%s/report.txt", folder);
    enum err err = OK;
    FILE *to = fopen(path, force ? "we" : "wxe");
    if (!to) {
        err = errno == EEXIST                     ? ERR_EXISTS
              : errno == EACCES || errno == EROFS ? ERR_READ_ONLY
              : errno == ENOSPC                   ? ERR_DISK_FULL
                                                  : ERR_IO;
        if (err == ERR_EXISTS)
            snprintf(why, 160, "%.120s is there already", path);
        else
            snprintf(why, 160, "cannot write %.100s: %s", path, strerror(errno));
    } else {
        report_text(r, s, false, to);
        bool failed = ferror(to) != 0;
        if (fclose(to) != 0 || failed) {
            snprintf(why, 160, "cannot write %.100s: %s", path, strerror(errno));
            err = errno == ENOSPC ? ERR_DISK_FULL : ERR_IO;
            unlink(path);
        }
    }
    free(path);
    return err;
}

enum err report_write(struct reader *r, const struct report_options *o, FILE *to, char why[160])
{
    struct stats s;
    why[0] = '\0';
    enum err err = stats_read(r, &s, why);
    if (err)
        return err;
    if (o->json)
        report_json(r, &s, to);
    else
        report_text(r, &s, o->colour, to);
    if (o->out_dir) {
        err = make_folder(o->out_dir, why);
        if (!err)
            err = write_text(r, &s, o->out_dir, o->force, why);
        if (!err)
            err = figures_write(r, &s, o->out_dir, o->force, why);
    }
    stats_release(&s);
    return err;
}
