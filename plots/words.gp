# SPDX-License-Identifier: GPL-3.0-or-later
# words -- margins, title, axes' names and caption of a figure, from figure.gp.
set lmargin at screen left / width
set rmargin at screen 1 - right / width
set bmargin at screen bottom / height
set tmargin at screen 1 - top / height

set label 30001 title at screen left_edge / width, screen 1 - title_line / height \
    font title_font textcolor rgb ink front
set label 30002 y_label at screen left_edge / width, screen 1 - y_line / height \
    font text_font textcolor rgb quiet front
set label 30003 x_label at screen 1 - right / width, screen (bottom - 38) / height \
    right font text_font textcolor rgb quiet front
do for [i = 1:caption_lines] {
    set label 30010 + i ''.caption[i] \
        at screen left_edge / width, screen (18 + 16 * (caption_lines - i)) / height \
        font 'Helvetica,11' textcolor rgb quiet front
}
