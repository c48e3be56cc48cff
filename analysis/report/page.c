/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Markdown to one HTML page, by cmark-gfm. */
#include "report/report.h"
#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char style[] =
    "body{font:1rem/1.55 Georgia,'Noto Serif',serif;max-width:46rem;margin:2rem auto;"
    "padding:0 1rem;color:#1a1a1a;background:#fff}\n"
    "h1,h2,h3,th,figcaption{font-family:'Helvetica Neue',Arial,'Noto Sans',sans-serif}\n"
    "h1{font-size:1.9rem;line-height:1.2}h2{margin-top:2.4rem;border-bottom:1px solid #ccc}\n"
    "table{border-collapse:collapse;margin:1rem 0;font-size:.92rem;"
    "font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.25rem .7rem;border-bottom:1px solid #ddd;vertical-align:top}"
    "th{border-bottom:2px solid #888;text-align:left}\n"
    "th[align=right],td[align=right]{text-align:right}\n"
    "figure{margin:1.5rem 0}img{max-width:100%;height:auto}"
    "figcaption{font-size:.85rem;color:#555}\n"
    "code{font-size:.85em;background:#f4f4f4;padding:0 .2em;overflow-wrap:anywhere}"
    "pre{background:#f4f4f4;padding:.7rem;overflow-x:auto}pre code{padding:0}\n"
    "blockquote{margin:1rem 0;padding:.1rem 1rem;border-left:4px solid #0072B2;background:#f6f9fb}\n"
    "@media print{body{max-width:none;margin:0;font-size:10.5pt}"
    "figure,table,tr{break-inside:avoid}h2,h3{break-after:avoid}}\n";

static void append_html(struct buffer *out, const char *text) {
    for (; *text; text++) {
        if (*text == '&')
            buffer_text(out, "&amp;");
        else if (*text == '<')
            buffer_text(out, "&lt;");
        else if (*text == '>')
            buffer_text(out, "&gt;");
        else if (*text == '"')
            buffer_text(out, "&quot;");
        else
            buffer_byte(out, *text);
    }
}

static void append_base64(struct buffer *out, const struct buffer *from) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *bytes = (const unsigned char *)from->bytes;
    for (size_t i = 0; i < from->length; i += 3) {
        size_t n = from->length - i < 3 ? from->length - i : 3;
        uint32_t word = (uint32_t)bytes[i] << 16;
        word |= n > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        word |= n > 2 ? bytes[i + 2] : 0;
        buffer_byte(out, digits[word >> 18]);
        buffer_byte(out, digits[word >> 12 & 63]);
        buffer_byte(out, n > 1 ? digits[word >> 6 & 63] : '=');
        buffer_byte(out, n > 2 ? digits[word & 63] : '=');
    }
}

/* The text below a node, without its markup. */
static void append_plain(struct buffer *out, cmark_node *node) {
    cmark_iter *iter = cmark_iter_new(node);
    while (cmark_iter_next(iter) != CMARK_EVENT_DONE) {
        cmark_node *at = cmark_iter_get_node(iter);
        cmark_node_type type = cmark_node_get_type(at);
        if (cmark_iter_get_event_type(iter) != CMARK_EVENT_ENTER)
            continue;
        if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE)
            buffer_text(out, cmark_node_get_literal(at));
        else if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK)
            buffer_byte(out, ' ');
    }
    cmark_iter_free(iter);
}

static const char *media_type(const char *url) {
    const char *dot = strrchr(url, '.');
    if (dot && strcmp(dot, ".svg") == 0)
        return "image/svg+xml";
    if (dot && strcmp(dot, ".png") == 0)
        return "image/png";
    return NULL;
}

/* Replaces a picture's address by its content. */
static int embed_picture(cmark_node *image, const struct report_files *files, struct error *err) {
    const char *url = cmark_node_get_url(image), *type = media_type(url);
    if (strstr(url, "://") || strncmp(url, "data:", 5) == 0)
        return error_set(err, ERROR_DATA,
                         "found the picture '%s', expected a file: the page must "
                         "need nothing from elsewhere",
                         url);
    if (!type)
        return error_set(err, ERROR_DATA, "found the picture '%s', expected .svg or .png", url);
    struct buffer bytes = {0}, data = {0};
    int code = files->bytes(files->context, url, &bytes, err);
    if (!code) {
        buffer_format(&data, "data:%s;base64,", type);
        append_base64(&data, &bytes);
        code = buffer_check(&data, err);
    }
    if (!code && !cmark_node_set_url(image, data.bytes))
        code = error_memory(err);
    buffer_free(&bytes);
    buffer_free(&data);
    return code;
}

/* A picture alone in its paragraph becomes a figure with a caption. */
static int make_figure(cmark_node *image, struct error *err) {
    cmark_node *paragraph = cmark_node_parent(image);
    if (cmark_node_get_type(paragraph) != CMARK_NODE_PARAGRAPH || cmark_node_next(image) ||
        cmark_node_previous(image))
        return 0;
    struct buffer html = {0}, caption = {0};
    append_plain(&caption, image);
    buffer_format(&html, "<figure><img src=\"%s\" alt=\"", cmark_node_get_url(image));
    append_html(&html, caption.bytes ? caption.bytes : "");
    buffer_text(&html, "\"><figcaption>");
    append_html(&html, caption.bytes ? caption.bytes : "");
    buffer_text(&html, "</figcaption></figure>");
    cmark_node *figure = cmark_node_new(CMARK_NODE_CUSTOM_BLOCK);
    int code = buffer_check(&html, err);
    if (!code && (!figure || !cmark_node_set_on_enter(figure, html.bytes) ||
                  !cmark_node_replace(paragraph, figure)))
        code = error_memory(err);
    if (code)
        cmark_node_free(figure);
    else
        cmark_node_free(paragraph);
    buffer_free(&html);
    buffer_free(&caption);
    return code;
}

/* Every node of a type, in document order; the caller frees *ret. */
static int nodes_of(cmark_node *document, cmark_node_type type, cmark_node ***ret, size_t *ret_n,
                    struct error *err) {
    cmark_node **nodes = NULL;
    size_t n = 0, capacity = 0;
    int code = 0;
    cmark_iter *iter = cmark_iter_new(document);
    while (!code && cmark_iter_next(iter) != CMARK_EVENT_DONE) {
        cmark_node *at = cmark_iter_get_node(iter);
        if (cmark_node_get_type(at) != type || cmark_iter_get_event_type(iter) != CMARK_EVENT_ENTER)
            continue;
        code = array_reserve((void **)&nodes, &capacity, n + 1, sizeof(cmark_node *), err);
        if (!code)
            nodes[n++] = at;
    }
    cmark_iter_free(iter);
    *ret = nodes;
    *ret_n = n;
    return code;
}

static int embed_pictures(cmark_node *document, const struct report_files *files,
                          struct error *err) {
    cmark_node **images;
    size_t n;
    int code = nodes_of(document, CMARK_NODE_IMAGE, &images, &n, err);
    for (size_t i = 0; !code && i < n; i++) {
        code = embed_picture(images[i], files, err);
        if (!code)
            code = make_figure(images[i], err);
    }
    free(images);
    return code;
}

/* Raw HTML and links that run something: a looked-up text must not become either. */
static int drop_unsafe(cmark_node *document, struct error *err) {
    const cmark_node_type raw[] = {CMARK_NODE_HTML_BLOCK, CMARK_NODE_HTML_INLINE};
    cmark_node **nodes;
    size_t n;
    for (size_t k = 0; k < 2; k++) {
        int code = nodes_of(document, raw[k], &nodes, &n, err);
        for (size_t i = 0; !code && i < n; i++)
            cmark_node_free(nodes[i]);
        free(nodes);
        if (code)
            return code;
    }
    int code = nodes_of(document, CMARK_NODE_LINK, &nodes, &n, err);
    for (size_t i = 0; !code && i < n; i++) {
        const char *url = cmark_node_get_url(nodes[i]);
        bool relative = strcspn(url, "/?#") < strcspn(url, ":") || !strchr(url, ':');
        if (!relative && strncmp(url, "https:", 6) != 0 && strncmp(url, "http:", 5) != 0 &&
            strncmp(url, "mailto:", 7) != 0)
            cmark_node_set_url(nodes[i], "");
    }
    free(nodes);
    return code;
}

static void append_title(struct buffer *out, cmark_node *document) {
    cmark_node *node = cmark_node_first_child(document);
    while (node && !(cmark_node_get_type(node) == CMARK_NODE_HEADING &&
                     cmark_node_get_heading_level(node) == 1))
        node = cmark_node_next(node);
    struct buffer title = {0};
    if (node)
        append_plain(&title, node);
    append_html(out, title.bytes ? title.bytes : "Report");
    buffer_free(&title);
}

static cmark_node *parse_markdown(struct text markdown, cmark_parser *parser) {
    static const char *const extensions[] = {"table", "strikethrough", "autolink"};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
        cmark_parser_attach_syntax_extension(parser, cmark_find_syntax_extension(extensions[i]));
    cmark_parser_feed(parser, markdown.bytes, markdown.length);
    return cmark_parser_finish(parser);
}

int report_page(struct text markdown, const struct report_files *files, struct buffer *out,
                struct error *err) {
    struct error own = {0};
    cmark_gfm_core_extensions_ensure_registered();
    cmark_parser *parser = cmark_parser_new(CMARK_OPT_VALIDATE_UTF8);
    cmark_node *document = parse_markdown(markdown, parser);
    if (drop_unsafe(document, &own) || embed_pictures(document, files, &own))
        goto done;
    /* UNSAFE lets the pictures' data addresses and figures through; drop_unsafe saw to the rest. */
    char *html =
        cmark_render_html(document, CMARK_OPT_UNSAFE, cmark_parser_get_syntax_extensions(parser));
    buffer_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    append_title(out, document);
    buffer_format(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n%s</body>\n</html>\n",
                  style, html);
    free(html);
    buffer_check(out, &own);
done:
    cmark_node_free(document);
    cmark_parser_free(parser);
    return own.code ? error_set(err, (enum error_code)own.code, "%s", own.text) : 0;
}
