# SPDX-License-Identifier: GPL-3.0-or-later
# tags -- names beside what they belong to, from figure.gp.
do for [i = 1:tags] {
    set label 20000 + i ''.tag[i] left font text_font textcolor rgb colour_of(tag_curve[i]) front \
        at screen tag_x[i] / width, screen tag_y[i] / height
    if (abs(tag_y[i] - tag_end_y[i]) > 3 || tag_x[i] - tag_end_x[i] > 20) {
        set arrow 20000 + i nohead front linetype 1 linewidth 0.5 \
            linecolor rgb colour_of(tag_curve[i]) \
            from screen (tag_end_x[i] + 6) / width, screen tag_end_y[i] / height \
            to screen (tag_x[i] - 4) / width, screen tag_y[i] / height
    }
}
