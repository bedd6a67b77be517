# SPDX-License-Identifier: GPL-3.0-or-later
# dots -- numbers of named things, in columns. figure.gp sets the words, names, tics and
# places, and then loads this. One unit of either axis is a pixel.
load 'style.gp'
load 'words.gp'

set xrange [0:area_width]
set yrange [0:area_height]
unset border
set xtics scale 0 font text_font
unset ytics
set grid xtics

if (names == 0 || columns_shown == 0) {
    set xtics ('' -1)
    set label 30005 nothing center font 'Helvetica,17' textcolor rgb quiet front \
        at screen 0.5, screen 0.5
    plot 1 / 0 notitle
    set output
    exit
}

name_at(i) = bottom + name_y[i]
do for [i = 1:names] {
    set label 1000 + i ''.name[i] left font text_font textcolor rgb colour_of(i) front \
        at screen left_edge / width, \
           screen (name_at(i) + (name_lines[i] == 2 ? 7 : 0)) / height
    set label 2000 + i ''.more[i] left font text_font textcolor rgb colour_of(i) front \
        at screen left_edge / width, screen (name_at(i) - 8) / height
    if (i > 1) {
        set arrow 1000 + i nohead back linetype 1 linewidth 1 linecolor rgb faint \
            from screen left_edge / width, first name_y[i] + row / 2 \
            to graph 1, first name_y[i] + row / 2
    }
}
do for [i = 1:columns_shown] {
    set label 3000 + i ''.column_name[i] left font text_font textcolor rgb ink front \
        at first column_x[i], screen 1 - (top - 9) / height
    set arrow i nohead back linetype 1 linewidth 1 linecolor rgb quiet \
        from first column_x[i], graph 0 to first column_end[i], graph 0
    if (first[i] >= 0) {
        set arrow 100 + i nohead back linetype 4 linewidth 1 linecolor rgb quiet \
            from first first[i], graph 0 to first first[i], graph 1
    }
}
set style textbox opaque noborder fillcolor rgb '#ffffff' margins 0.4, 0.2
do for [i = 1:labels] {
    x = label_x[i]; y = label_y[i]; paint = colour_of(label_row[i])
    if (label[i] eq '') { continue }
    if (label_side[i] == 0) {
        set label 4000 + i ''.label[i] center boxed font text_font \
            textcolor rgb paint front at first x, first y
    } else { if (label_side[i] == 1) {
        set label 4000 + i ''.label[i] left boxed font text_font \
            textcolor rgb paint front at first x, first y
    } else {
        set label 4000 + i ''.label[i] right boxed font text_font \
            textcolor rgb paint front at first x, first y
    } }
    if (note[i] ne '') {
        set label 10000 + i ''.note[i] center boxed font 'Helvetica,11' \
            textcolor rgb quiet front at first note_x[i], first note_y[i]
    }
}

plot for [i = 1:names] 'dots.dat' using ($5 == i ? $1 : NaN):2:3:4 with xerrorbars \
         linetype 1 linewidth 2 pointtype 0 linecolor rgb colour_of(i) notitle, \
     for [i = 1:names] 'dots.dat' using ($5 == i ? $1 : NaN):2 with points \
         pointtype point_of(i) pointsize point_size linecolor rgb colour_of(i) notitle
set output
