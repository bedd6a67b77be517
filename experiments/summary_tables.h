/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * summary_tables -- the tables of the summary: requests, components, blame.
 */
#ifndef EXPERIMENTS_SUMMARY_TABLES_H
#define EXPERIMENTS_SUMMARY_TABLES_H

#include "experiments/human.h"
#include "experiments/result.h"
#include "experiments/sheet.h"

/* One summary while it is written. */
struct page {
    const struct result *result;
    struct sheet sheet;
};

const char *page_estimate(struct page *p, enum human_kind kind,
                          const struct estimate *e);
const char *page_value(struct page *p, enum human_kind kind, double value);

void page_requests(struct page *p);
void page_stations(struct page *p);
void page_memory(struct page *p);
void page_caches(struct page *p);
void page_jobs(struct page *p);
void page_twin(struct page *p);
void page_engines(struct page *p);
void page_blame(struct page *p);
void page_theory(struct page *p);
void page_theory_verdict(struct page *p); /* sentences */

#endif
