#include "results/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "results/report_impl.h"
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

static const char *const pages[] = {
    [REPORT_TEXT] = "report.txt", [REPORT_MARKDOWN] = "report.md", [REPORT_HTML] = "report.html"};

/* What is written, in any of its forms. */
struct source {
    struct reader *r;
    const struct stats *s;
    const struct report_options *o;
    struct figure_list *figures;
    const char *folder; /* of the figures */
};

static enum err put_page(const struct source *x, enum report_format format, bool colour, FILE *to,
                         char why[160])
{
    if (format == REPORT_TEXT) {
        report_text(x->r, x->s, colour, to);
        return OK;
    }
    struct doc d = {.to = to, .html = format == REPORT_HTML, .folder = x->folder};
    struct page p = {.d = &d,
                     .r = x->r,
                     .s = x->s,
                     .figures = x->figures,
                     .database = x->o->database ? x->o->database : "DB"};
    enum err err = page_write(&p, why);
    if (!err && d.broken) {
        snprintf(why, 160, "%s", d.why);
        err = ERR_UNSUPPORTED;
    }
    return err;
}

static enum err write_error(const char *path, char why[160])
{
    int code = errno;
    snprintf(why, 160, "cannot write %.100s: %s", path, strerror(code));
    return code == EACCES || code == EROFS ? ERR_READ_ONLY
           : code == ENOSPC                ? ERR_DISK_FULL
                                           : ERR_IO;
}

static enum err write_page(const struct source *x, enum report_format format, char why[160])
{
    char *path = xasprintf("%s/%s", x->o->out_dir, pages[format]);
    FILE *to = fopen(path, x->o->force ? "we" : "wxe");
    enum err err = OK;
    if (!to) {
        err = write_error(path, why);
    } else {
        err = put_page(x, format, false, to, why);
        bool failed = ferror(to) != 0;
        if (fclose(to) != 0 || failed) {
            err = write_error(path, why);
            unlink(path);
        }
    }
    free(path);
    return err;
}

static enum err check_free(const char *folder, char why[160])
{
    enum err err = OK;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0] && !err; i++) {
        char *path = xasprintf("%s/%s", folder, pages[i]);
        if (access(path, F_OK) == 0) {
            snprintf(why, 160, "%.120s is there already", path);
            err = ERR_EXISTS;
        }
        free(path);
    }
    return err;
}

/* Without gnuplot the pages are written all the same; the error comes at the end. */
static enum err write_folder(struct source *x, char why[160])
{
    char later[160] = "";
    enum err err = make_folder(x->o->out_dir, why), drawn = OK;
    x->folder = x->o->out_dir;
    if (!err && !x->o->force)
        err = check_free(x->folder, why);
    if (!err) {
        drawn = figures_write(x->r, x->s, x->folder, x->o->force, x->figures, later);
        if (drawn == ERR_EXISTS || drawn == ERR_DISK_FULL || drawn == ERR_READ_ONLY) {
            snprintf(why, 160, "%s", later);
            err = drawn;
        }
    }
    for (enum report_format i = REPORT_TEXT; i <= REPORT_HTML && !err; i++)
        err = write_page(x, i, why);
    if (!err && drawn) {
        snprintf(why, 160, "%s", later);
        err = drawn;
    }
    return err;
}

static void remove_folder(const char *folder, const struct figure_list *figures)
{
    static const char *const suffixes[] = {"csv", "gp", "svg"};
    for (size_t i = 0; i < 3 * figures->n; i++) {
        char *path = xasprintf("%s/%s.%s", folder, figures->at[i / 3].name, suffixes[i % 3]);
        unlink(path);
        free(path);
    }
    char *queues = xasprintf("%s/load-queues.csv", folder);
    unlink(queues);
    free(queues);
    rmdir(folder);
}

/* A page on its own: its figures are made in a folder that goes again. */
static enum err put_html(struct source *x, FILE *to, char why[160])
{
    const char *tmp = getenv("TMPDIR");
    char *folder = xasprintf("%s/m2msim-report-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    enum err err = OK;
    if (!mkdtemp(folder)) {
        err = write_error(folder, why);
    } else {
        x->folder = folder;
        err = figures_write(x->r, x->s, folder, true, x->figures, why);
        if (!err)
            err = put_page(x, REPORT_HTML, false, to, why);
        remove_folder(folder, x->figures);
    }
    free(folder);
    return err;
}

enum err report_write(struct reader *r, const struct report_options *o, FILE *to, char why[160])
{
    struct stats s;
    why[0] = '\0';
    enum err err = stats_read(r, &s, why);
    if (err)
        return err;
    struct figure_list *figures = xcalloc(1, sizeof *figures);
    struct source x = {.r = r, .s = &s, .o = o, .figures = figures};
    if (o->json)
        report_json(r, &s, to);
    else if (o->format == REPORT_HTML && !o->out_dir)
        err = put_html(&x, to, why);
    else if (o->format != REPORT_HTML)
        err = put_page(&x, o->format, o->colour, to, why);
    if (!err && o->out_dir)
        err = write_folder(&x, why);
    figures_release(figures);
    free(figures);
    stats_release(&s);
    return err;
}
