#include "results/page.h"

enum err page_replications(const struct page *p, char why[160])
{
    (void)p;
    (void)why;
    return OK;
}
