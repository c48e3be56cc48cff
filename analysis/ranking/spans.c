/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spans as the tasks of workers. */
#include "ranking/spans.h"

#include "base/workers.h"

/* Enough to be worth a task, few enough that no thread waits for long for the last one. */
enum { SPAN = 1024 };

struct spans {
    size_t n;
    spans_work *work;
    void *context;
};

static int do_span(void *context, size_t index, int worker, struct error *err) {
    (void)worker, (void)err;
    const struct spans *spans = context;
    size_t begin = index * SPAN, end = begin + SPAN;
    spans->work(spans->context, begin, end < spans->n ? end : spans->n);
    return 0;
}

void spans_run(int threads, size_t n, spans_work *work, void *context) {
    struct spans spans = {n, work, context};
    struct error err = {0};
    if (threads < 2 || n <= SPAN ||
        workers_run(threads, (n + SPAN - 1) / SPAN, do_span, &spans, &err))
        work(context, 0, n); /* workers_run fails before its first task or not at all */
}
