# SPDX-License-Identifier: GPL-3.0-or-later
# agreement -- predicted against measured. figure.gp sets the words and ranges, and then
# loads this.
load 'style.gp'

set lmargin at screen 84 / width
set rmargin at screen 1 - 36 / width
set bmargin at screen 96 / height
set tmargin at screen 1 - 92 / height

set logscale xy
set xrange [least:most]
set yrange [least:most]
set format x '%.0s %cs'
set format y '%.0s %cs'
set grid xtics ytics
set key top left Left reverse samplen 1 spacing 1.2 textcolor rgb ink

set label 30001 title at screen 24 / width, screen 1 - 34 / height \
    font 'Helvetica,21' textcolor rgb ink front
set label 30002 'predicted time against measured time; lines: equal, and a quarter off' \
    at screen 24 / width, screen 1 - 62 / height textcolor rgb quiet front
set label 30003 'measured' at screen 1 - 36 / width, screen 52 / height \
    right textcolor rgb quiet front
set label 30004 caption at screen 24 / width, screen 20 / height \
    font 'Helvetica,11' textcolor rgb quiet front

if (curves == 0) {
    set label 30005 nothing center font 'Helvetica,17' textcolor rgb quiet front \
        at screen 0.5, screen 0.5
    plot 1 / 0 notitle
    set output
    exit
}

plot x with lines linetype 1 linewidth 1 linecolor rgb quiet notitle, \
     x * 1.25 with lines linetype 4 linewidth 1 linecolor rgb quiet notitle, \
     x / 1.25 with lines linetype 4 linewidth 1 linecolor rgb quiet notitle, \
     for [i = 1:curves] sprintf('curve%d.dat', i) using 1:2:3:4 with yerrorbars \
         linetype 1 linewidth 1 pointtype 0 linecolor rgb colour_of(i) notitle, \
     for [i = 1:curves] sprintf('curve%d.dat', i) using 1:2 with points \
         pointtype point_of(i) pointsize 0.7 linecolor rgb colour_of(i) \
         title ''.curve_label[i]
set output
