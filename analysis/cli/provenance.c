/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a result was made, as JSON. */
#include "cli/provenance.h"
#include "base/buffer.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

/* An argument or a path may be any bytes; JSON takes UTF-8 only. */
static json_t *string_of(const char *bytes) {
    if (text_is_utf8(text_of(bytes)))
        return json_string(bytes);
    struct buffer text = {0};
    for (const char *at = bytes; *at; at++)
        if ((unsigned char)*at < 0x80)
            buffer_byte(&text, *at);
        else
            buffer_format(&text, "\\x%02x", (unsigned char)*at);
    json_t *string = text.failed ? NULL : json_string(text.bytes);
    buffer_free(&text);
    return string;
}

/* XXH3-128 in its canonical form, most significant byte first, as xxhsum -H2 prints it. */
static int checksum(const char *path, char hex[33], uint64_t *ret_bytes, struct error *err) {
    enum { BLOCK = 1 << 18 };
    int code = 0;
    FILE *file = fopen(path, "rb");
    XXH3_state_t *state = XXH3_createState();
    char *block = malloc(BLOCK);
    *ret_bytes = 0;
    if (!file) {
        code = error_system(err, "cannot open '%s'", path);
        goto done;
    }
    if (!state || !block || XXH3_128bits_reset(state) != XXH_OK) {
        code = error_memory(err);
        goto done;
    }
    for (size_t n; (n = fread(block, 1, BLOCK, file)) > 0; *ret_bytes += n)
        XXH3_128bits_update(state, block, n);
    if (ferror(file)) {
        code = error_system(err, "cannot read '%s'", path);
        goto done;
    }
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
    for (size_t i = 0; i < sizeof canonical.digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", canonical.digest[i]);
done:
    if (file)
        fclose(file);
    XXH3_freeState(state);
    free(block);
    return code;
}

static json_t *describe_input(const char *path, struct error *err) {
    struct stat status;
    json_t *input = json_object();
    const bool standard = strcmp(path, "-") == 0;
    json_object_set_new(input, "path", string_of(path));
    if (!standard && stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
        char hex[33] = "";
        uint64_t bytes = 0;
        if (checksum(path, hex, &bytes, err)) {
            json_decref(input);
            return NULL;
        }
        json_object_set_new(input, "bytes", json_integer((json_int_t)bytes));
        json_object_set_new(input, "xxh3-128", json_string(hex));
        return input;
    }
    json_object_set_new(input, "bytes", json_null());
    json_object_set_new(input, "xxh3-128", json_null());
    json_object_set_new(input, "note",
                        json_string(standard ? "standard input can be read only once"
                                             : "not a regular file: it can be read only once"));
    return input;
}

static int add_inputs(json_t *root, const char *const *inputs, size_t n, struct error *err) {
    json_t *array = json_array();
    json_object_set_new(root, "inputs", array);
    for (size_t i = 0; i < n; i++) {
        json_t *input = describe_input(inputs[i], err);
        if (!input)
            return err->code ? err->code : error_memory(err);
        json_array_append_new(array, input);
    }
    return 0;
}

/* The name stands for argv[0]: from which folder the tool was run does not change the result. */
static void add_command(json_t *root, const struct cli_tool *tool, int argc, char **argv) {
    json_t *command = json_array();
    json_object_set_new(root, "command", command);
    json_array_append_new(command, json_string(tool->name));
    for (int i = 1; i < argc; i++)
        json_array_append_new(command, string_of(argv[i]));
}

int provenance_write(FILE *stream, const struct cli_tool *tool, const struct options *options,
                     int argc, char **argv, const char *const *inputs, size_t n_inputs,
                     struct error *err) {
    json_t *root = json_object();
    const struct option_value *seed = options_look_up(options, "seed");
    json_object_set_new(root, "tool", json_string(tool->name));
    json_object_set_new(root, "version", json_string(SOJOURN_VERSION));
    add_command(root, tool, argc, argv);
    if (tool->shares & CLI_RANDOM)
        json_object_set_new(root, "seed", json_integer(seed->integer));
    int code = add_inputs(root, inputs, n_inputs, err);
    if (!code && json_dumpf(root, stream, JSON_INDENT(2)) != 0)
        code = error_system(err, "cannot write the provenance");
    if (!code)
        fputc('\n', stream);
    json_decref(root);
    return code;
}
