/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log_io -- a record of the log; of a write its bytes follow. */
#ifndef FAULTS_LOG_IO_H
#define FAULTS_LOG_IO_H

#include <stdint.h>

enum log_file { LOG_DATABASE, LOG_WAL, LOG_JOURNAL, LOG_FILES };
enum log_what { LOG_WRITE, LOG_TRUNCATE, LOG_SYNC, LOG_REMOVE };

struct log_record {
    int32_t what, file;
    int64_t at, length;
    int64_t told; /* bytes on standard error by then */
};

#endif
