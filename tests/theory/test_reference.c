/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "theory/reference.h"

int main(int argc, char **argv)
{
    return run_trials(true, argc, argv);
}
