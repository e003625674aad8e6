/* Without libFuzzer: every file of the corpus as it is, cut at each octet, and with each octet
 * changed; so a target's promises are kept at least near its seeds, in every run of the tests. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_ROOM (1 << 20)
/* At most this many cuts and changes a file: longer files are visited in steps. */
#define MAX_VISITS 400

static uint8_t input[INPUT_ROOM], changed[INPUT_ROOM];

static void visit(size_t n)
{
    size_t step = n / MAX_VISITS + 1;

    LLVMFuzzerTestOneInput(input, n);
    for (size_t i = 0; i < n; i += step) {
        LLVMFuzzerTestOneInput(input, i);
        memcpy(changed, input, n);
        changed[i] ^= (uint8_t)(1u << (i % 8));
        LLVMFuzzerTestOneInput(changed, n);
        changed[i] = 0xff;
        LLVMFuzzerTestOneInput(changed, n);
    }
}

static int replay_file(const char *folder, const char *name)
{
    char path[4096];
    FILE *f;
    size_t n;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "rb");
    if (!f)
        return 0;
    n = fread(input, 1, sizeof(input), f);
    fclose(f);
    visit(n);
    return 1;
}

int main(int argc, char **argv)
{
    struct dirent *entry;
    int files = 0;
    DIR *d = argc == 2 ? opendir(argv[1]) : NULL;

    if (!d) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    while ((entry = readdir(d)))
        if (entry->d_name[0] != '.')
            files += replay_file(argv[1], entry->d_name);
    closedir(d);
    printf("%d files\n", files);
    return files == 0;
}
