/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ledgers are of use beyond revenue and stand in base/ledger.h; this is their name in this folder. */
#ifndef REVENUE_LEDGER_H
#define REVENUE_LEDGER_H

#include "base/ledger.h" /* IWYU pragma: export */

#endif
