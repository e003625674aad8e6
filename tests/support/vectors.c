#include "tests/support/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "sim/base/xalloc.h"

/* The file's text, its line ends made NUL; vectors and pairs point into it. */
struct pair {
    const char *key, *value;
    size_t vector;
};
struct vectors {
    char *text;
    const char **names;
    size_t count;
    struct pair *pairs;
    size_t pair_count;
};

/* What a test needs and the file does not have ends the test. */
static _Noreturn void fault(const char *what, const char *where)
{
    fprintf(stderr, "vectors: %s: '%s'\n", what, where);
    abort();
}

static char *read_text(const char *file)
{
    char *path = xasprintf("%s/tests/vectors/%s", M2M_SOURCE_DIR, file);
    FILE *f = fopen(path, "r");
    if (!f)
        fault("no such file", path);
    free(path);
    fseek(f, 0, SEEK_END);
    long n = ftell(f);
    if (n <= 0)
        fault("is empty", file);
    rewind(f);
    char *text = xcalloc((size_t)n + 1, 1);
    if (fread(text, 1, (size_t)n, f) != (size_t)n)
        fault("cannot be read", file);
    fclose(f);
    return text;
}

/* One line, writable, without its end. */
static void take_line(struct vectors *v, char *line)
{
    if (*line == '[') {
        char *end = strchr(line, ']');
        if (!end)
            fault("no ] behind a name", line);
        *end = '\0';
        v->names = xrealloc(v->names, (v->count + 1) * sizeof *v->names);
        v->names[v->count++] = line + 1;
        return;
    }
    char *equals = strstr(line, " =");
    if (*line == '#' || !*line || !equals)
        return;
    if (!v->count)
        fault("a value before any vector", line);
    *equals = '\0';
    char *value = equals + 2;
    value += *value == ' ';
    v->pairs = xrealloc(v->pairs, (v->pair_count + 1) * sizeof *v->pairs);
    v->pairs[v->pair_count++] = (struct pair){line, value, v->count - 1};
}

struct vectors *vectors_read(const char *file)
{
    struct vectors *v = xcalloc(1, sizeof *v);
    v->text = read_text(file);
    for (char *line = v->text; *line;) {
        char *end = line + strcspn(line, "\n");
        char *next = *end ? end + 1 : end;
        *end = '\0';
        take_line(v, line);
        line = next;
    }
    if (!v->count)
        fault("no vector in it", file);
    return v;
}

void vectors_free(struct vectors *v)
{
    if (!v)
        return;
    free(v->text);
    free(v->names);
    free(v->pairs);
    free(v);
}

size_t vectors_count(const struct vectors *v)
{
    return v->count;
}

const char *vectors_name(const struct vectors *v, size_t i)
{
    return v->names[i];
}

size_t vectors_find(const struct vectors *v, const char *name)
{
    size_t i = 0;
    while (i < v->count && strcmp(v->names[i], name) != 0)
        i++;
    if (i == v->count)
        fault("no such vector", name);
    return i;
}

const char *vectors_text(const struct vectors *v, size_t i, const char *key)
{
    for (size_t p = 0; p < v->pair_count; p++)
        if (v->pairs[p].vector == i && !strcmp(v->pairs[p].key, key))
            return v->pairs[p].value;
    return NULL;
}

size_t vectors_hex(const struct vectors *v, size_t i, const char *key, uint8_t *out, size_t max)
{
    const char *text = vectors_text(v, i, key);
    if (!text)
        fault(v->names[i], key);
    size_t n = strlen(text) / 2;
    if (n > max || !hex_decode(text, strlen(text), out, n))
        fault("not hex, or too long", key);
    return n;
}
