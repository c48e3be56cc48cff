/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of one shard: opening, telling its format, reading, decompressing. */
#include "table/source.h"

#include "table/ahead.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { BUFFER_SIZE = 128 * 1024, MAGIC = 8 };

typedef int decoder(struct source *source, char *bytes, size_t size, size_t *ret_n,
                    struct error *err);

struct source {
    const char *name;
    int file;
    bool standard; /* standard input: not ours to close */
    bool regular;
    uint64_t size;                  /* left to read when it was opened; 0: unknown */
    atomic_uint_least64_t consumed; /* read by others while a thread decodes */
    decoder *decode;
    size_t start, end; /* bytes read and not decoded yet: input[start .. end) */
    bool ended;        /* nothing is left in the file */
    bool inside;       /* a gzip member or zstd frame has begun and not ended */
    bool whole;        /* one has ended */
    z_stream gzip;
    ZSTD_DStream *zstd;
    struct error failure; /* once set, all there is: after the bytes before it */
    const char *from;     /* bytes decoded and not given out yet: from[given .. decoded) */
    size_t given, decoded;
    struct ahead *ahead;     /* decodes in a thread of its own; NULL: nobody does */
    const atomic_bool *stop; /* of that thread */
    char input[BUFFER_SIZE];
    char output[BUFFER_SIZE];
};

const char *source_name(const char *path) {
    return strcmp(path, "-") == 0 ? "<stdin>" : path;
}

/* ---- Reading the file ------------------------------------------------------------------------ */

static int at_end(struct source *source, struct error *err) {
    source->ended = true;
    if (source->consumed < source->size)
        return error_set(err, ERROR_SYSTEM,
                         "%s: found %llu bytes, expected %llu: the file became shorter while it "
                         "was read",
                         source->name, (unsigned long long)source->consumed,
                         (unsigned long long)source->size);
    return 0;
}

/* Whoever ends the reading waits for the thread that decodes, which must not wait for a pipe. */
enum { LOOK_UP = 50 }; /* milliseconds */

static bool wait_for_bytes(const struct source *source) {
    struct pollfd waiting = {.fd = source->file, .events = POLLIN};
    while (!*source->stop)
        if (poll(&waiting, 1, LOOK_UP) != 0)
            return true; /* bytes, the end, or something that read will tell */
    return false;
}

/* Up to `size` bytes of the file as it stands; *ret_n = 0 at its end. */
static int read_some(struct source *source, char *bytes, size_t size, size_t *ret_n,
                     struct error *err) {
    *ret_n = 0;
    if (source->ended)
        return 0;
    if (source->stop && !source->regular && !wait_for_bytes(source))
        return error_set(err, ERROR_SYSTEM, "%s: nobody reads on", source->name);
    ssize_t n;
    do
        n = read(source->file, bytes, size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_system(err, "cannot read '%s'", source->name);
    if (n == 0)
        return at_end(source, err);
    source->consumed += (uint64_t)n;
    *ret_n = (size_t)n;
    return 0;
}

/* Fills the input behind what is there, or notes that the file has ended. */
static int fill(struct source *source, struct error *err) {
    if (source->start > 0) {
        memmove(source->input, source->input + source->start, source->end - source->start);
        source->end -= source->start;
        source->start = 0;
    }
    int code = 0;
    while (!code && !source->ended && source->end < BUFFER_SIZE) {
        size_t n;
        code = read_some(source, source->input + source->end, BUFFER_SIZE - source->end, &n, err);
        source->end += n;
    }
    return code;
}

static size_t take_input(struct source *source, char *bytes, size_t size) {
    size_t n = source->end - source->start;
    if (n > size)
        n = size;
    memcpy(bytes, source->input + source->start, n);
    source->start += n;
    return n;
}

/* ---- Decoding -------------------------------------------------------------------------------- */

static int decode_plain(struct source *source, char *bytes, size_t size, size_t *ret_n,
                        struct error *err) {
    *ret_n = take_input(source, bytes, size);
    return *ret_n > 0 ? 0 : read_some(source, bytes, size, ret_n, err);
}

static int truncated(const struct source *source, const char *what, struct error *err) {
    return error_set(err, ERROR_DATA,
                     "%s: found the end of the file inside the %s data, expected more: the file is "
                     "cut short",
                     source->name, what);
}

static int corrupt(const struct source *source, const char *what, const char *why,
                   struct error *err) {
    return error_set(err, ERROR_DATA, "%s: found damaged %s data (%s), expected an intact file",
                     source->name, what, why);
}

static int behind_end(const struct source *source, const char *what, struct error *err) {
    return error_set(err, ERROR_DATA, "%s: found other bytes behind the end of the %s data",
                     source->name, what);
}

/* Whether a further gzip member starts here. Its first two bytes tell; anything else is not data
 * that the writer of the file meant to be there. */
static int begin_member(struct source *source, bool *ret_any, struct error *err) {
    int code = source->end - source->start < 2 ? fill(source, err) : 0;
    if (code)
        return code;
    size_t n = source->end - source->start;
    const unsigned char *head = (const unsigned char *)source->input + source->start;
    *ret_any = n > 0;
    if (n == 0)
        return 0;
    if (n < 2 || head[0] != 0x1f || head[1] != 0x8b)
        return behind_end(source, "gzip", err);
    if (inflateReset(&source->gzip) != Z_OK)
        return error_memory(err);
    source->inside = true;
    return 0;
}

static int inflate_some(struct source *source, char *bytes, size_t size, size_t *ret_n,
                        struct error *err) {
    z_stream *gzip = &source->gzip;
    size_t room = size < UINT32_MAX ? size : UINT32_MAX;
    gzip->next_in = (unsigned char *)source->input + source->start;
    gzip->avail_in = (unsigned)(source->end - source->start);
    gzip->next_out = (unsigned char *)bytes;
    gzip->avail_out = (unsigned)room;
    int status = inflate(gzip, Z_NO_FLUSH);
    source->start = source->end - gzip->avail_in;
    *ret_n = room - gzip->avail_out;
    if (status == Z_STREAM_END)
        source->inside = false;
    else if (status == Z_MEM_ERROR)
        return error_memory(err);
    else if (status != Z_OK && status != Z_BUF_ERROR)
        return corrupt(source, "gzip", gzip->msg ? gzip->msg : "not readable", err);
    return 0;
}

static int decode_gzip(struct source *source, char *bytes, size_t size, size_t *ret_n,
                       struct error *err) {
    *ret_n = 0;
    for (;;) {
        int code = 0;
        if (!source->inside) {
            bool any;
            code = begin_member(source, &any, err);
            if (code || !any)
                return code;
        }
        code = inflate_some(source, bytes, size, ret_n, err);
        if (code || *ret_n > 0)
            return code;
        if (source->inside && source->start == source->end) {
            code = fill(source, err);
            if (code)
                return code;
            if (source->start == source->end)
                return truncated(source, "gzip", err);
        }
    }
}

static int decompress_some(struct source *source, char *bytes, size_t size, size_t *ret_n,
                           struct error *err) {
    ZSTD_inBuffer in = {source->input, source->end, source->start};
    ZSTD_outBuffer out = {bytes, size, 0};
    size_t status = ZSTD_decompressStream(source->zstd, &out, &in);
    source->start = in.pos;
    *ret_n = out.pos;
    if (!ZSTD_isError(status)) {
        source->inside = status != 0;
        source->whole |= status == 0;
        return 0;
    }
    if (!source->inside && source->whole)
        return behind_end(source, "zstd", err);
    return corrupt(source, "zstd", ZSTD_getErrorName(status), err);
}

static int decode_zstd(struct source *source, char *bytes, size_t size, size_t *ret_n,
                       struct error *err) {
    *ret_n = 0;
    for (;;) {
        int code;
        if (source->start == source->end && !source->ended) {
            code = fill(source, err);
            if (code)
                return code;
        }
        /* At the end of the file the decoder may still hold bytes that had no room. */
        bool last = source->start == source->end;
        if (last && !source->inside)
            return 0;
        code = decompress_some(source, bytes, size, ret_n, err);
        if (code || *ret_n > 0)
            return code;
        if (last && source->inside)
            return truncated(source, "zstd", err);
    }
}

/* ---- Telling the format ---------------------------------------------------------------------- */

struct magic {
    const char *bytes;
    size_t length;
    const char *what;
};

/* Files that people take for CSV by their name. */
static const struct magic strangers[] = {
    {"PK\x03\x04", 4, "a zip archive or an .xlsx workbook"},
    {"\xFD"
     "7zXZ",
     6, "xz data"},
    {"PAR1\x15", 5, "a Parquet file"},
    {"\xD0\xCF\x11\xE0", 4, "an .xls workbook"},
};

static bool starts_with(const struct source *source, const char *bytes, size_t length) {
    return source->end >= length && memcmp(source->input, bytes, length) == 0;
}

/* "BZh" alone might be the start of a header; the magic of the first block may not. */
static bool is_bzip2(const struct source *source) {
    return starts_with(source, "BZh", 3) && source->end >= 8 &&
           memcmp(source->input + 4, "1AY&", 4) == 0;
}

static int refuse_strangers(const struct source *source, struct error *err) {
    const char *what = is_bzip2(source) ? "bzip2 data" : NULL;
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
        if (starts_with(source, strangers[i].bytes, strangers[i].length))
            what = strangers[i].what;
    if (!what)
        return 0;
    return error_set(err, ERROR_DATA, "%s: found %s, expected CSV, plain or by gzip or zstd",
                     source->name, what);
}

/* A frame of data, or one to be skipped, which some writers put first. */
static bool is_zstd(const struct source *source) {
    return starts_with(source, "\x28\xB5\x2F\xFD", 4) ||
           (source->end >= 4 && (source->input[0] & 0xF0) == 0x50 &&
            memcmp(source->input + 1, "\x2A\x4D\x18", 3) == 0);
}

static int choose_decoder(struct source *source, struct error *err) {
    int code = fill(source, err);
    if (code)
        return code;
    source->decode = decode_plain;
    if (starts_with(source, "\x1f\x8b", 2)) {
        source->decode = decode_gzip;
        /* 15: the largest window; 16: gzip, with its header and checksum. */
        if (inflateInit2(&source->gzip, 15 + 16) != Z_OK)
            return error_memory(err);
    } else if (is_zstd(source)) {
        source->decode = decode_zstd;
        source->zstd = ZSTD_createDStream();
        if (!source->zstd)
            return error_memory(err);
    }
    return refuse_strangers(source, err);
}

/* ---- Opening and closing --------------------------------------------------------------------- */

static int open_file(struct source *source, const char *path, struct error *err) {
    bool standard = source->standard = strcmp(path, "-") == 0;
    source->file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (source->file < 0)
        return error_system(err, "cannot open '%s'", path);
    struct stat about;
    if (fstat(source->file, &about) != 0)
        return error_system(err, "cannot read '%s'", source->name);
    source->regular = S_ISREG(about.st_mode) && !standard;
    if (S_ISREG(about.st_mode)) {
        off_t at = standard ? lseek(source->file, 0, SEEK_CUR) : 0;
        source->size = at >= 0 && about.st_size > at ? (uint64_t)(about.st_size - at) : 0;
    }
    return 0;
}

int source_open(struct source **ret, const char *path, struct error *err) {
    struct source *source = calloc(1, sizeof *source);
    if (!source)
        return error_memory(err);
    source->file = -1;
    source->name = source_name(path);
    int code = open_file(source, path, err);
    if (!code)
        code = choose_decoder(source, err);
    if (code) {
        source_close(source);
        return code;
    }
    *ret = source;
    return 0;
}

/* In the thread that decodes. */
static int decode_ahead(void *context, const atomic_bool *stop, char *bytes, size_t size,
                        size_t *ret_n, struct error *err) {
    struct source *source = context;
    source->stop = stop;
    return source->decode(source, bytes, size, ret_n, err);
}

void source_read_ahead(struct source *source) {
    struct error none = {0};
    if (source->decode != decode_plain && !source->failure.code)
        ahead_open(&source->ahead, BUFFER_SIZE, decode_ahead, source, &none);
}

static void decode_more(struct source *source) {
    source->given = source->decoded = 0;
    if (source->ahead) {
        ahead_next(source->ahead, &source->from, &source->decoded, &source->failure);
        return;
    }
    source->from = source->output;
    source->decode(source, source->output, BUFFER_SIZE, &source->decoded, &source->failure);
}

/* A decoder always gets the same room, whatever the caller asks for: where a stream is damaged, how
 * much comes before the error would otherwise depend on it. */
static int next_bytes(struct source *source, char *bytes, size_t size, size_t *ret_n,
                      struct error *err) {
    *ret_n = 0;
    if (source->failure.code && source->given == source->decoded)
        return error_set(err, source->failure.code, "%s", source->failure.text);
    if (source->decode == decode_plain) {
        decode_plain(source, bytes, size, ret_n, &source->failure);
        return 0;
    }
    if (source->given == source->decoded)
        decode_more(source);
    size_t there = source->decoded - source->given;
    *ret_n = there < size ? there : size;
    if (*ret_n > 0)
        memcpy(bytes, source->from + source->given, *ret_n);
    source->given += *ret_n;
    return 0;
}

int source_read(struct source *source, char *bytes, size_t size, size_t *ret_n, struct error *err) {
    size_t filled = 0, n = 1;
    int code = 0;
    while (!code && filled < size && (n > 0 || source->failure.code)) {
        code = next_bytes(source, bytes + filled, size - filled, &n, err);
        filled += n;
    }
    *ret_n = filled;
    return code;
}

uint64_t source_consumed(const struct source *source) {
    return source->consumed;
}

uint64_t source_size(const struct source *source) {
    return source->size;
}

bool source_is_plain(const struct source *source) {
    return source->decode == decode_plain;
}

bool source_is_file(const struct source *source) {
    return source->regular;
}

void source_close(struct source *source) {
    if (!source)
        return;
    ahead_close(source->ahead);
    if (source->decode == decode_gzip)
        inflateEnd(&source->gzip);
    ZSTD_freeDStream(source->zstd);
    if (source->file >= 0 && !source->standard)
        close(source->file);
    free(source);
}
