/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that differ only in how they are typed: "Ada Lovelace", "ada  lovelace", "ＡＤＡ Lovelace".
 *
 *     struct buffer folded = {0};
 *     if (name_fold(text_of("ＡＤＡ Lovelace"), &folded, err)) ...   // "adalovelace"
 */
#ifndef CREATORS_NAME_H
#define CREATORS_NAME_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include <stdbool.h>

/* Whether folding would leave the name as it is for certain: printable ASCII without blanks and
 * capitals. Other names may or may not change. */
bool name_is_plain(struct text name);

/* Sets `ret` to the name without regard to case, width and white space: Unicode's full case folding
 * with compatibility composition (NFKC: full-width letters become ordinary ones), less all white
 * space. A name of white space alone becomes empty. */
int name_fold(struct text name, struct buffer *ret, struct error *err);

#endif
