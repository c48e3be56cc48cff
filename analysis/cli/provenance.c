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

/* A tree that is being built; `failed` once memory was out. */
struct tree {
    json_t *root;
    bool failed;
};

/* Sets a key of an object, or appends to an array (key NULL), and gives the value back. */
static json_t *put(struct tree *tree, json_t *into, const char *key, json_t *value) {
    const int code =
        key ? json_object_set_new(into, key, value) : json_array_append_new(into, value);
    if (code != 0)
        tree->failed = true;
    return value;
}

static bool can_be_read_again(const char *path) {
    struct stat status;
    return strcmp(path, "-") != 0 && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static int add_input(struct tree *tree, json_t *inputs, const char *path, struct error *err) {
    json_t *input = put(tree, inputs, NULL, json_object());
    put(tree, input, "path", string_of(path));
    if (can_be_read_again(path)) {
        char hex[33] = "";
        uint64_t bytes = 0;
        if (checksum(path, hex, &bytes, err))
            return err->code;
        put(tree, input, "bytes", json_integer((json_int_t)bytes));
        put(tree, input, "xxh3-128", json_string(hex));
        return 0;
    }
    put(tree, input, "bytes", json_null());
    put(tree, input, "xxh3-128", json_null());
    put(tree, input, "note",
        json_string(strcmp(path, "-") == 0 ? "standard input can be read only once"
                                           : "not a regular file: it can be read only once"));
    return 0;
}

/* The name stands for argv[0]: from which folder the tool was run does not change the result. */
static void add_command(struct tree *tree, const struct cli_tool *tool, int argc, char **argv) {
    json_t *command = put(tree, tree->root, "command", json_array());
    put(tree, command, NULL, json_string(tool->name));
    for (int i = 1; i < argc; i++)
        put(tree, command, NULL, string_of(argv[i]));
}

int provenance_write(FILE *stream, const struct cli_tool *tool, const struct options *options,
                     int argc, char **argv, const char *const *inputs, size_t n_inputs,
                     struct error *err) {
    struct tree tree = {.root = json_object()};
    int code = 0;
    put(&tree, tree.root, "tool", json_string(tool->name));
    put(&tree, tree.root, "version", json_string(SOJOURN_VERSION));
    add_command(&tree, tool, argc, argv);
    if (tool->shares & CLI_RANDOM)
        put(&tree, tree.root, "seed", json_integer(options_find(options, "seed")->integer));
    json_t *array = put(&tree, tree.root, "inputs", json_array());
    for (size_t i = 0; i < n_inputs && !code; i++)
        code = add_input(&tree, array, inputs[i], err);
    if (!code && tree.failed)
        code = error_memory(err);
    if (!code && json_dumpf(tree.root, stream, JSON_INDENT(2)) != 0)
        code = error_system(err, "cannot write the provenance");
    if (!code)
        fputc('\n', stream);
    json_decref(tree.root);
    return code;
}
