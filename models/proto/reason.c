#include "models/proto/reason.h"

#include <assert.h>
#include <string.h>

static const char *const texts[REASON_COUNT] = {
#define X(constant, text) text,
    REASONS(X)
#undef X
};

const char *reason_text(enum reason reason)
{
    assert(reason >= REASON_NONE && reason < REASON_COUNT);
    return texts[reason];
}

enum reason reason_find(const char *text)
{
    for (int i = 0; i < REASON_COUNT; i++)
        if (strcmp(text, texts[i]) == 0)
            return (enum reason)i;
    return REASON_COUNT;
}
