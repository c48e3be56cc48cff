/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How well a tail's alpha and xmin are known: both fitted anew to samples drawn with replacement.
 *
 * A sample is how often each distinct value was drawn, so that it is sorted as it stands: a
 * replication takes O(n), and nearly no time but for drawing.
 */
#include "creators/tail.h"

#include "base/random.h"
#include "base/workers.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PURPOSE_TAIL_SAMPLE = 0x7a5a };

/* One worker's. */
struct sample {
    uint32_t *times; /* by distinct value: how often it was drawn */
    struct tail_data data;
};

struct bootstrap {
    const struct tail_data *data;
    uint32_t *number; /* [n]: which of the distinct values each value is */
    double *logs;     /* of the distinct values */
    size_t least;
    uint32_t seed, stream;
    struct sample *samples;
    double *alpha, *xmin; /* by replication */
};

/* The distinct values that were drawn, with the sums over them and all above. */
static void arrange(const struct bootstrap *bootstrap, struct sample *sample) {
    const struct tail_data *from = bootstrap->data;
    struct tail_data *to = &sample->data;
    size_t k = 0;
    for (size_t i = 0; i < from->distinct; i++)
        k += sample->times[i] > 0;
    to->distinct = k;
    to->above[k] = to->logs[k] = 0;
    for (size_t i = from->distinct; i-- > 0;) {
        double times = sample->times[i];
        if (sample->times[i] == 0)
            continue;
        k--;
        to->values[k] = from->values[i];
        to->above[k] = to->above[k + 1] + times;
        to->logs[k] = to->logs[k + 1] + times * bootstrap->logs[i];
    }
}

static int task(void *context, size_t index, int worker, struct error *err) {
    (void)err;
    const struct bootstrap *bootstrap = context;
    struct sample *sample = &bootstrap->samples[worker];
    const size_t n = bootstrap->data->n;
    struct random_stream stream;
    struct tail_fit fit;
    random_open(&stream, bootstrap->seed, (uint32_t)index, bootstrap->stream, 0,
                PURPOSE_TAIL_SAMPLE);
    memset(sample->times, 0, bootstrap->data->distinct * sizeof *sample->times);
    for (size_t i = 0; i < n; i++)
        sample->times[bootstrap->number[random_below(&stream, (uint32_t)n)]]++;
    arrange(bootstrap, sample);
    tail_find(&sample->data, bootstrap->least, &fit);
    bootstrap->alpha[index] = fit.alpha;
    bootstrap->xmin[index] = fit.xmin;
    return 0;
}

static bool make_sample(const struct tail_data *data, struct sample *sample) {
    sample->data = (struct tail_data){.kind = data->kind, .n = data->n};
    sample->times = malloc((data->distinct + 1) * sizeof *sample->times);
    sample->data.values = malloc((3 * data->distinct + 2) * sizeof(double));
    sample->data.above = sample->data.values + data->distinct;
    sample->data.logs = sample->data.above + data->distinct + 1;
    return sample->times && sample->data.values;
}

static void number_values(const struct tail_data *data, uint32_t *number, double *logs) {
    size_t i = 0;
    for (size_t k = 0; k < data->distinct; k++) {
        logs[k] = log(data->values[k]);
        const size_t end = data->n - (size_t)data->above[k + 1];
        while (i < end)
            number[i++] = (uint32_t)k;
    }
}

int tail_bootstrap(const struct tail_data *data, size_t least, double confidence,
                   size_t replications, uint32_t seed, uint32_t stream, int threads,
                   struct tail_spread *ret, struct error *err) {
    *ret = (struct tail_spread){{NAN, NAN, NAN}, {NAN, NAN, NAN}};
    if (replications == 0 || data->n == 0 || data->n > UINT32_MAX)
        return 0;
    const size_t workers = threads < 1 ? 1 : (size_t)threads;
    struct bootstrap bootstrap = {.data = data,
                                  .number = malloc(data->n * sizeof *bootstrap.number),
                                  .logs = malloc(data->distinct * sizeof *bootstrap.logs),
                                  .least = least,
                                  .seed = seed,
                                  .stream = stream,
                                  .samples = calloc(workers, sizeof *bootstrap.samples),
                                  .alpha = malloc(replications * sizeof *bootstrap.alpha),
                                  .xmin = malloc(replications * sizeof *bootstrap.xmin)};
    bool ready = bootstrap.number && bootstrap.logs && bootstrap.samples && bootstrap.alpha &&
                 bootstrap.xmin;
    for (size_t i = 0; i < workers && ready; i++)
        ready = make_sample(data, &bootstrap.samples[i]);
    int status = ready ? 0 : error_memory(err);
    if (!status) {
        number_values(data, bootstrap.number, bootstrap.logs);
        status = workers_run((int)workers, replications, task, &bootstrap, err);
    }
    if (!status) {
        ret->alpha = draws_summarise(bootstrap.alpha, replications, confidence);
        ret->xmin = draws_summarise(bootstrap.xmin, replications, confidence);
    }
    for (size_t i = 0; i < workers && bootstrap.samples; i++) {
        free(bootstrap.samples[i].times);
        free(bootstrap.samples[i].data.values);
    }
    free(bootstrap.number);
    free(bootstrap.logs);
    free(bootstrap.samples);
    free(bootstrap.alpha);
    free(bootstrap.xmin);
    return status;
}
